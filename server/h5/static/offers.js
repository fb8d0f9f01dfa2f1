// 招聘、课程、出行、活动: what there is in a place, taking part, and where I do.
import { action, call, cell, day, go, h, known, moment, sheet, show, signedIn, state, surely, tell, view } from "./base.js";
import { aloud, clause } from "./chat.js";
import { own, signIn } from "./person.js";

const KINDS = { vacancy: "招聘", session: "课程", trip: "出行", activity: "活动" };
const STANDS = {
  joined: "你已经报名了。",
  waiting: "名额满了，你在排队。有了名额会告诉你。",
  attended: "你参加过了。",
  absent: "你报了名，没有到。",
  left: "你退出了。",
};
const row = (offer, under) => cell(offer.title, () => go("offer", offer.id), under);

function pay({ pay_from: from, pay_to: to }) {
  const [least, most] = [from, to].map((fen) => fen && fen / 100);
  if (least && most && least !== most) return `每月${least}到${most}元`;
  return least || most ? `每月${least || most}元` : "";
}

function short({ kind, details, region, begins_at: begins, last_on: last, left }) {
  const told = { vacancy: pay(details), trip: `${details.origin}到${details.destination}` }[kind];
  return [KINDS[kind], region, told, begins ? moment(begins) : `${day(last)}前报名`, left === 0 && "满了，可以排队"].filter(Boolean).join("　");
}

// One page of the list after the other goes into `rows`.
async function more(rows, query, after) {
  const { offers, after: next } = await call("GET", `/offers?${query}${after ? `&after=${after}` : ""}`);
  for (const each of offers) rows.append(row(each, short(each)));
  if (next) rows.append(action("再看一些", (button) => (button.remove(), more(rows, query, next)), ".cell"));
  return offers.length;
}

async function list(kind) {
  if (!known.region) return known.where(() => go("offers", kind));
  const rows = h("div.cells");
  const found = await more(rows, `region=${encodeURIComponent(known.region)}${KINDS[kind] ? `&kind=${kind}` : ""}`);
  const pick = (id, label) => h("button", { "aria-pressed": String(id === (kind || "")), onclick: () => go("offers", id) }, label);
  return h("div.page", null,
    h("div.cells", null, h("button.cell", { onclick: known.chooseCity }, h("span", null, `地方：${known.region}`), h("b", null, "换"))),
    h("div.ways", null, pick("", "全部"), Object.keys(KINDS).map((each) => pick(each, KINDS[each]))),
    found ? rows : state(`${known.region}现在没有${KINDS[kind] ? KINDS[kind] : "招聘、课程、出行、活动"}。可以换一类，或者换个地方看看。`),
    h("div.stack", null, h("button", { onclick: () => go("places") }, "我报了名的"), h("button", { onclick: () => go("wishes") }, "说说我想找什么"), h("button", { onclick: () => go("hiring") }, "我要招人")));
}

function facts({ kind, details, organiser, place, begins_at: begins, last_on: last, left, waiting }) {
  return [
    ["工种", kind === "vacancy" && details.trade], ["工钱", pay(details)], ["学什么", kind === "session" && details.trade],
    ["课时", details.hours && `${details.hours}小时`], ["证书", kind === "session" && (details.certificate ? "学完有证书" : "没有证书")],
    ["从哪里到哪里", details.origin && `${details.origin}到${details.destination}`], ["给谁", details.for_whom],
    ["上岗", details.starts_on && day(details.starts_on)], ["借用到", details.shared_until && day(details.shared_until)],
    ["时间", begins && moment(begins)], ["地点", place], ["谁办的", organiser], ["最晚报名", day(last)],
    ["名额", left !== null && `还剩${left}个${waiting ? `，有${waiting}人在等` : ""}`],
  ].filter(([, value]) => value).map(([label, value]) => h("div.pairs", null, h("span", null, label), h("b", null, value)));
}

async function one(id) {
  const offer = await call("GET", `/offers/${id}`);
  const standing = STANDS[offer.state];
  const isIn = offer.state === "joined" || offer.state === "waiting";
  const move = (way, label, kind) => action(label, async () => {
    if (!signedIn()) return ask();
    try {
      await surely(`${way}.${id}`, "POST", `/offers/${id}/${way}`);
    } catch (problem) {
      if (problem.code !== "profile_missing") throw problem;
      sheet("先填资料", h("p", null, problem.message), h("button.primary", { onclick: () => go("data", "profile") }, "去填"));
      return undefined;
    }
    tell({ join: "记下了。", leave: "退出了，名额让给别人。" }[way]);
    return show();
  }, kind);
  const ask = () => {
    const close = sheet("报名", signIn(() => (close(), show())));
  };
  return h("div.page", null,
    h("section.card", null,
      h("p.hint", null, `${KINDS[offer.kind]}　${offer.region}`),
      h("h2", { tabIndex: -1 }, offer.title),
      offer.words && h("p.words", null, offer.words),
      facts(offer),
      known.care && aloud(`${offer.title}。${offer.words}`)),
    standing && h("p.note", { role: "status" }, standing),
    !isIn && !offer.open && h("p.note", null, "已经不能报名了。"),
    offer.state === "joined" && code(id),
    h("div.stack", null,
      isIn ? move("leave", offer.state === "joined" ? "不去了，让出名额" : "不等了", "") : offer.open && offer.state !== "attended" && move("join", offer.left === 0 ? "排队等名额" : "报名"),
      h("a.button", { href: `tel:${offer.contact}` }, `打电话：${offer.contact}`),
      offer.measure && h("button", { onclick: () => clause(offer.measure) }, "看政策原文")));
}

// The day's code, which the leader shows on the spot.
function code(id) {
  const field = h("input", { id: "code", inputMode: "numeric", maxLength: 6, autocomplete: "off" });
  return h("section.card", null, h("h3", null, "到了现场，签个到"), h("label", { htmlFor: "code" }, "带队的人会给你看六位数字"), field, action("签到", async () => {
    if (!/^\d{6}$/.test(field.value)) {
      tell("请填六位数字。");
      return field.focus();
    }
    const { state: now, tries_left: tries } = await surely(`attend.${id}.${field.value}`, "POST", `/offers/${id}/attendance`, { code: field.value });
    if (now === "attended") {
      tell("签到好了。");
      return show();
    }
    return tell(`数字不对，还能再试${tries}次。`);
  }));
}

async function places() {
  const found = (await call("GET", "/places")).places;
  if (!found.length) return state("你还没有报过名。", h("button.primary", { onclick: () => go("offers") }, "看看有什么"));
  return h("div.page", null, h("div.cells", null, found.map(({ offer, state: now, hours, certificate }) =>
    row(offer, [KINDS[offer.kind], STANDS[now], offer.begins_at && moment(offer.begins_at), hours && `${hours}小时`, certificate && `证书${certificate}`].filter(Boolean).join("　")))));
}

view("offers", "招聘和活动", list);
view("offer", "招聘和活动", one);
view("places", "我报了名的", own(places));
