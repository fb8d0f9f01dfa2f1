// 繁體: what the server tells is put into Traditional characters before it is shown. Only what is
// read is changed, by the names of its fields: ids, choices' values and places stay as they are.
const READ = ["advice", "detail", "hint", "label", "next", "note", "question", "questions", "quote", "reason", "reply", "said", "say", "standing", "suggestions", "summary", "text", "title", "what", "why", "words"];
const CHINESE = /[\u3400-\u9fff]/;
const AT_ONCE = 200;

const known = new Map();

// Calls `seen(holder, key)` for every text that is read, wherever it stands.
function walk(value, seen) {
  if (!value || typeof value !== "object") return;
  for (const key of Object.keys(value)) {
    const inner = value[key];
    const texts = READ.includes(key) && Array.isArray(inner) ? inner : READ.includes(key) ? [inner] : [];
    texts.forEach((text, place) => {
      if (typeof text === "string" && CHINESE.test(text)) seen(Array.isArray(inner) ? inner : value, Array.isArray(inner) ? place : key);
    });
    walk(inner, seen);
  }
}

// `told` in Traditional characters; `convert` asks the server for a list of texts. Where it can't be
// asked, everything stays as it is and can be read all the same.
async function traditional(told, convert) {
  const places = [];
  walk(told, (holder, key) => places.push([holder, key]));
  const unknown = [...new Set(places.map(([holder, key]) => holder[key]))].filter((text) => !known.has(text));
  try {
    for (let from = 0; from < unknown.length; from += AT_ONCE) {
      const asked = unknown.slice(from, from + AT_ONCE);
      const { texts } = await convert(asked);
      asked.forEach((text, place) => known.set(text, texts[place]));
    }
  } catch (fault) {
    return told;
  }
  for (const [holder, key] of places) holder[key] = known.get(holder[key]);
  return told;
}

module.exports = { traditional };
