// 繁體: whatever is shown is sent to the server to be put into Traditional characters.
import { call, root } from "./base.js";

const known = new Map();
const waiting = new Map();
let timer;

function note(node, name) {
  const text = name ? node.getAttribute(name) : node.data;
  if (!text || !/[\u3400-\u9fff]/.test(text)) return;
  const place = [node, name];
  if (known.has(text)) write(place, known.get(text));
  else {
    waiting.set(text, [...(waiting.get(text) || []), place]);
    clearTimeout(timer);
    timer = setTimeout(ask, 50);
  }
}

function write([node, name], text) {
  known.set(text, text);
  if (name) {
    if (node.getAttribute(name) !== text) node.setAttribute(name, text);
  } else if (node.data !== text) node.data = text;
}

async function ask() {
  const asked = [...waiting.entries()].slice(0, 200);
  for (const [text] of asked) waiting.delete(text);
  try {
    const { texts } = await call("POST", "/script", { texts: asked.map(([text]) => text) }, { patience: 15000 });
    asked.forEach(([text, places], at) => {
      known.set(text, texts[at]);
      for (const place of places) write(place, texts[at]);
    });
  } catch (problem) {
    // It stays as it is, and can be read all the same.
  }
  if (waiting.size) ask();
}

function walk(from) {
  if (from.nodeType === 3) note(from);
  if (from.nodeType !== 1) return;
  for (const name of ["placeholder", "aria-label"]) if (from.hasAttribute(name)) note(from, name);
  for (const each of from.childNodes) walk(each);
}

root.lang = "zh-Hant";
walk(document.body);
new MutationObserver((changes) => {
  for (const change of changes) {
    if (change.type === "characterData") note(change.target);
    for (const each of change.addedNodes) walk(each);
  }
}).observe(document.body, { childList: true, characterData: true, subtree: true });
