// 问: a running conversation with the bot.
import { call, expected, failed, go, h, icon, kept, keepView, known, newKey, put, root, sheet, start, tell, view } from "./base.js";

const talk = h("div.talk", { role: "log", "aria-label": "对话" });
const field = h("input", { id: "text", maxLength: 2000, autocomplete: "off", enterKeyHint: "send", placeholder: "比如：被辞退了有钱领吗", "aria-label": "你的问题" });
const send = h("button.primary", { type: "submit" }, "发送");
const form = h("form.ask", { onsubmit }, field, send);
let asking = false;

const numbers = root.dataset.phones.split(" ").sort((a, b) => b.length - a.length).join("|");
const called = new RegExp(`(^|[^\\d.])(${numbers})(?![\\d.元名人个%])`, "g");

// Text with its telephone numbers as links.
export function withCalls(text) {
  const pieces = [];
  let from = 0;
  text.replace(called, (whole, before, number, at) => {
    const start = at + before.length;
    pieces.push(text.slice(from, start), h("a", { href: `tel:${number}` }, number));
    from = start + number.length;
    return whole;
  });
  return [...pieces, text.slice(from)];
}

function onsubmit(event) {
  event.preventDefault();
  const text = field.value.trim();
  if (!text || asking) return;
  field.value = "";
  ask(text);
}

function bubble(who, ...inside) {
  const made = h(`div.said.${who}`, null, h("div.bubble", null, inside));
  talk.append(made);
  return made;
}

// Whatever was just said is seen, its beginning at the top.
function reveal(made) {
  requestAnimationFrame(() => made.offsetParent && scrollTo({ top: made.offsetTop - 70, behavior: "smooth" }));
}

// The question that waits for its place, as long as nothing else is said.
let waiting = "";

// `key` names the message: sent again under it, it counts once.
export async function ask(text, label, key = newKey()) {
  waiting = "";
  for (const old of talk.querySelectorAll(".ways")) old.remove();
  const said = bubble("worker", label || text);
  const reply = bubble("bot", h("p", { role: "status" }, "正在查…"));
  reveal(reply);
  asking = true;
  send.setAttribute("aria-busy", "true");
  const body = { text, message: key };
  if (known.region) body.region = known.region;
  if (kept.get("my.talk")) body.conversation = kept.get("my.talk");
  const slow = setTimeout(() => (reply.querySelector("p").textContent = "网有点慢，还在查…"), 4000);
  try {
    const answer = await call("POST", "/chat", body, { patience: navigator.onLine === false ? 0 : 12000 });
    kept.set("my.talk", answer.conversation);
    answered(reply, answer);
    if (!known.region && answer.region) known.takeCity(answer.region);
    if (answer.kind === "clarify" && (answer.choices || []).length) waiting = text;
  } catch (problem) {
    expected(problem);
    const what = problem.passing ? "没有发出去，请再发一次。" : "";
    const again = () => asking || (said.remove(), reply.remove(), ask(text, label, key));
    put(fresh(reply), [h("p", null, problem.message + what), h("div.ways", null, h("button", { onclick: again }, "再发一次"))]);
    reply.classList.add("failed");
  } finally {
    clearTimeout(slow);
    asking = false;
    send.removeAttribute("aria-busy");
    reveal(reply);
  }
}

function fresh(made) {
  const inside = made.firstChild;
  inside.textContent = "";
  return inside;
}

const way = (label, text, shown) => h("button", { onclick: () => asking || ask(text, shown || label) }, label);

// A button that sends its text, a box to tick, or a field to fill in: as the question wants it.
function ways(answer) {
  const { choices = [], suggestions = [], input } = answer;
  const made = h("form.ways", { onsubmit: fill });
  function fill(event) {
    event.preventDefault();
    const filled = [...made.querySelectorAll("input")].filter((each) => (each.type === "checkbox" ? each.checked : each.value));
    const shown = filled.map((each) => (each.type === "checkbox" ? each.parentElement.textContent : each.value));
    if (!filled.length) return tell(input === "several" ? "请选一个。" : "请先填上。");
    return asking || ask(filled.map((each) => each.value).join(" "), shown.join("，"));
  }
  const offer = ({ number, label }) =>
    input === "several"
      ? h("label.tick", null, h("input", { type: "checkbox", value: String(number) }), `${number}. ${label}`)
      : way(`${number}. ${label}`, String(number), label);
  put(made, choices.map(offer));
  const type = { number: "number", day: "date" }[input];
  if (type) made.append(h("input", { type, "aria-label": "你的回答" }));
  if (type || input === "several") made.append(h("button.primary", { type: "submit" }, type ? "回复" : "选好了"));
  put(made, suggestions.map((each) => way(each, each)));
  return made;
}

function answered(reply, answer) {
  const inside = put(fresh(reply), [h("p", null, withCalls(answer.reply))]);
  const sources = (answer.sources || []).filter((source) => source.measure);
  // A long list is to choose from first: each has its words behind it.
  if (sources.length < 7) put(inside, sources.map((source) => h("button.source", { onclick: () => clause(source.measure, source.quote && [source.quote]) }, `看原文：${source.title} ${source.locator}`)));
  const [check] = answer.can_check || [];
  const [apply] = answer.can_apply || [];
  if (check || apply) {
    inside.append(h("div.next", null,
      check && h("button.primary", { onclick: () => go("check", check) }, "查查我够不够"),
      apply && h("button", { onclick: () => go("apply", apply) }, "去办理")));
  }
  if (answer.kind === "handoff" || answer.kind === "decline") {
    inside.append(h("button", { onclick: () => go("help") }, "找人工帮忙"));
  }
  if (answer.can_report) inside.append(h("button", { onclick: () => go("joint") }, "和工友一起反映"));
  inside.append(opinions(answer));
  const more = ways(answer);
  if (more.childElementCount) reply.append(more);
}

const THUMB = "M8 11v9H4v-9zM8 11l3.500-8c2 0 3 1.200 2.500 3L13 10h5.500c1 0 1.700 1 1.500 2l-1.500 6.500c-.3 1-1 1.500-2 1.500H8";

// Thumbs up and down, and the reply read aloud.
function opinions(answer) {
  let given = answer.thumb || null;
  const conversation = answer.conversation || kept.get("my.talk");
  const thumb = (direction, label) => h(`button.plain.${direction}`, { "aria-pressed": String(given === direction), onclick: () => press(direction) }, icon(THUMB), label);
  const both = { up: thumb("up", "有用"), down: thumb("down", "没用") };
  async function press(direction) {
    const wanted = given === direction ? null : direction;
    try {
      await call("POST", "/chat/thumb", { conversation, turn: answer.turn, thumb: wanted }, { patience: 8000 });
    } catch (problem) {
      return tell(problem.message);
    }
    given = wanted;
    for (const each of ["up", "down"]) both[each].setAttribute("aria-pressed", String(given === each));
    tell(given === "down" ? "记下了。说得不对，可以找人工帮忙。" : given ? "谢谢，记下了。" : "取消了。");
  }
  return h("div.opinions", null, aloud(answer.reply), both.up, both.down);
}

// A button that reads a text aloud, where the browser can.
export function aloud(text) {
  if (!("speechSynthesis" in window)) return null;
  return h("button.plain.aloud", {
    onclick() {
      const busy = speechSynthesis.speaking;
      speechSynthesis.cancel();
      if (busy) return;
      const spoken = new SpeechSynthesisUtterance(text);
      spoken.lang = "zh-CN";
      spoken.rate = 0.9;
      speechSynthesis.speak(spoken);
    },
  }, "读给我听");
}

// A clause word for word, with the words that count marked.
export async function clause(measure, quotes) {
  const body = h("div", null, h("p", { role: "status" }, "正在打开原文…"));
  sheet("原文", body);
  try {
    const found = await call("GET", `/measures/${measure}`);
    const { document: from, clause: source } = found;
    body.textContent = "";
    put(body, [
      h("p.clause", null, marked(source.text, quotes || found.quotes)),
      h("p.hint", null, `《${from.title}》${from.number ? `（${from.number}）` : ""}，${from.issuer}，${from.dated}（${from.about_date}）。条款：${source.locator}。`),
      found.standing && h("p", null, found.standing),
      found.validity.note && h("p.hint", null, found.validity.note),
      aloud(source.text),
    ]);
    const first = body.querySelector("mark");
    if (first) first.scrollIntoView({ block: "center" });
  } catch (problem) {
    body.textContent = "";
    body.append(failed(problem));
  }
}

function marked(text, quotes) {
  const on = new Array(text.length).fill(false);
  for (const quote of quotes) {
    const at = text.indexOf(quote);
    if (at >= 0) on.fill(true, at, at + quote.length);
  }
  const pieces = [];
  for (let from = 0; from < text.length; ) {
    let to = from;
    while (to < text.length && on[to] === on[from]) to += 1;
    const piece = text.slice(from, to);
    pieces.push(on[from] ? h("mark", null, piece) : piece);
    from = to;
  }
  return pieces;
}

const HELLO = "你好，我是暖岗。补贴、社保、找工作、孩子上学、被欠工资，都可以问我，直接打字就行。";
const begun = h("div.ways");
const past = h("div");

async function suggest() {
  const asked = known.region;
  begun.textContent = "";
  try {
    const { questions } = await call("GET", `/suggestions${asked ? `?region=${encodeURIComponent(asked)}` : ""}`);
    if (asked === known.region) put(begun, [h("p.hint", null, "大家常问："), questions.map((each) => way(each, each))]);
  } catch (problem) {
    expected(problem);
  }
}

async function readAgain() {
  const conversation = known.given || kept.get("my.talk");
  if (!conversation) return;
  try {
    const { turns } = await call("POST", "/chat/history", { conversation }, { patience: 8000 });
    kept.set("my.talk", conversation);
    for (const turn of turns) {
      if (!turn.reply) continue;
      past.append(bubble("worker", turn.text));
      const reply = bubble("bot");
      past.append(reply);
      answered(reply, { ...turn, conversation });
    }
    if (turns.length) put(past, [h("p.hint.line", null, "上面是之前的对话")]);
    // Where a question was asked meanwhile, that one is to be seen and answered.
    if (past.nextSibling) for (const old of past.querySelectorAll(".ways")) old.remove();
    else scrollTo(0, document.body.scrollHeight);
  } catch (problem) {
    if (problem.code === "unknown_conversation") kept.drop("my.talk");
  }
}

addEventListener("city", () => {
  suggest();
  const here = known.regions.find((each) => each.id === known.region);
  if (waiting && here && !asking && talk.offsetParent) ask(waiting, here.label);
});

view("ask", "暖岗", () => {
  talk.textContent = "";
  bubble("bot", h("p", null, HELLO)).append(begun);
  past.textContent = "";
  talk.append(past);
  suggest();
  readAgain();
  return h("div.chat", null, talk, form);
});
keepView("ask");
// What somebody typed before the scripts were there.
field.value = document.querySelector("#text").value;
start();
