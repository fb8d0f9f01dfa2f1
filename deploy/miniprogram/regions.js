// Places: the tree of the server, and what the scene of a scanned code says of it.
const { sha256 } = require("./sha256.js");

const PLACE = "place:";

// All regions of the tree in its order, each with the label of the one at the top.
function flat(tree, top) {
  return tree.flatMap((region) => [
    { id: region.id, label: region.label, names: [region.label, ...region.aliases], covered: region.covered, top: top || region.label },
    ...flat(region.children, top || region.label),
  ]);
}

// A scene of a mini-program code has 32 ASCII characters: the place stands there as `place:` and the
// first eight digits of its id's SHA-256. Links and the official account's codes name it plainly.
function placeIn(query) {
  let scene = query.scene || "";
  const link = query.q ? /[?&]scene=([^&]*)/.exec(decodeURIComponent(query.q)) : null;
  if (link) scene = link[1];
  try {
    scene = decodeURIComponent(scene);
  } catch (error) {
    return "";
  }
  return scene.startsWith(PLACE) ? scene.slice(PLACE.length) : "";
}

function find(regions, place) {
  const named = regions.filter((region) => region.id === place || region.names.includes(place));
  if (named.length === 1 || !/^[0-9a-f]{8}$/.test(place)) return named[0] || null;
  return regions.find((region) => sha256(bytesOf(region.id)).slice(0, 8) === place) || null;
}

function bytesOf(text) {
  const escaped = encodeURIComponent(text).replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));
  return Uint8Array.from(escaped, (letter) => letter.charCodeAt(0));
}

module.exports = { flat, placeIn, find };
