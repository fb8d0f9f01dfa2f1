// Messages of WeChat: it asks for them only in answer to a press, so their ids are fetched before.
const api = require("./api.js");

const ids = {};

function prepare() {
  api.client().then(
    ({ templates }) => {
      for (const { kind, id } of templates) ids[kind] = id;
    },
    () => {},
  );
}

// Asks for messages of these kinds and goes on, whatever is said to it.
function subscribe(kinds, then) {
  const tmplIds = kinds.map((kind) => ids[kind]).filter(Boolean);
  if (tmplIds.length) wx.requestSubscribeMessage({ tmplIds, complete: () => then() });
  else then();
}

module.exports = { prepare, subscribe };
