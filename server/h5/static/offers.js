// 招聘、课程、出行、活动: what there is in a place, taking part, and where I do; what I look for, with
// what fits it; and what I offer as an employer.
import { action, call, cell, day, empty, field, go, h, known, moment, pairs, sheet, show, signedIn, state, sure, surely, tell, view } from "./base.js";
import { aloud, clause } from "./chat.js";
import { first, own, signIn, write } from "./person.js";

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
  const sum = least && most && least !== most ? `${least}到${most}` : least || most;
  return sum ? `每月${sum}元${most ? (least ? "" : "以内") : "起"}` : "";
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
  return pairs([
    ["工种", kind === "vacancy" && details.trade], ["工钱", pay(details)], ["学什么", kind === "session" && details.trade],
    ["课时", details.hours && `${details.hours}小时`], ["证书", kind === "session" && (details.certificate ? "学完有证书" : "没有证书")],
    ["从哪里到哪里", details.origin && `${details.origin}到${details.destination}`], ["给谁", details.for_whom],
    ["上岗", details.starts_on && day(details.starts_on)], ["借用到", details.shared_until && day(details.shared_until)],
    ["时间", begins && moment(begins)], ["地点", place], ["谁办的", organiser], ["最晚报名", day(last)],
    ["名额", left !== null && `还剩${left}个${waiting ? `，有${waiting}人在等` : ""}`],
  ]);
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
      if (first(problem)) return undefined;
      throw problem;
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
  const [label, given] = field("code", "带队的人会给你看六位数字", { inputMode: "numeric", maxLength: 6, autocomplete: "off" });
  return h("section.card", null, h("h3", null, "到了现场，签个到"), label, given, action("签到", async () => {
    if (!/^\d{6}$/.test(given.value)) {
      tell("请填六位数字。");
      return given.focus();
    }
    const { state: now, tries_left: tries } = await surely(`attend.${id}.${given.value}`, "POST", `/offers/${id}/attendance`, { code: given.value });
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

// -- said once and kept: what I look for, whom I want to hire ------------------------------------

const WHY = {
  same_place: "就在你要的地方", near_place: "离得不远", same_trade: "工种对得上", other_trade: "工种不一样", pay_fits: "工钱够",
  pay_less: "工钱少一些", pay_not_told: "没写工钱", start_fits: "时间对得上", start_earlier: "要早些上岗",
};
const PROPOSED = { proposed: "等工作人员核实", open: "登出来了", refused: "没有通过", cancelled: "取消了" };

const blank = (id, label, given) => field(id, label, { maxLength: 40, autocomplete: "off", ...given });
const said = (id) => document.getElementById(id).value.trim();
const fen = (id) => (said(id) ? Math.round(said(id) * 100) : undefined);

const filled = (...ids) => !empty(...ids.map((id) => document.getElementById(id)));

const keep = (label, kind, ids, details) => action(label, async () => {
  if (!filled(...ids)) return;
  await write("PUT", `/wishes/${kind}`, { region: known.region, details: details() });
  tell("记下了。有合适的会告诉你。");
  show();
});

const forget = (kind) => action("不找了", async () => {
  if (!(await sure("不再找了？", "记下的会删掉，也不再告诉你。", "不找了"))) return;
  await write("DELETE", `/wishes/${kind}`);
  show();
}, ".plain");

const told = (wish, words) => h("section.card", null, h("h2", null, words.filter(Boolean).join("，")), h("p.hint", null, `${wish.region}　记到${day(wish.until_on)}`), forget(wish.kind));

async function work(wish) {
  if (!wish) {
    return h("section.card.form", null, h("h2", null, "我想找活"),
      blank("trade", "什么活（可以不填）"), blank("pay", "一个月最少多少元（可以不填）", { type: "number", min: 0 }), blank("from", "哪天起能上班（可以不填）", { type: "date" }),
      keep("记下我要找的活", "work", [], () => ({ trade: said("trade") || undefined, pay_from: fen("pay"), from_on: said("from") || undefined })));
  }
  const { trade, pay_from: pay, from_on: from } = wish.details;
  const { fits } = await call("GET", "/wishes/work/fits");
  return [told(wish, [`想找${trade || "活干"}`, pay && `一个月${pay / 100}元起`, from && `${day(from)}起`]),
    fits.length ? h("div.cells", null, fits.map((fit) => cell(fit.offer.title, () => go("offer", fit.offer.id), fit.reasons.map((why) => WHY[why]).join("，")))) : h("p.note", null, "现在没有合适的招聘。")];
}

function trip(wish) {
  if (wish) return told(wish, [`想从${wish.details.origin}到${wish.details.destination}`, day(wish.details.day)]);
  return h("section.card.form", null, h("h2", null, "我想坐专车"),
    blank("origin", "从哪里走"), blank("destination", "到哪里"), blank("on", "哪天走", { type: "date" }),
    keep("记下我要坐的车", "trip", ["origin", "destination", "on"], () => ({ origin: said("origin"), destination: said("destination"), day: said("on") })));
}

async function wishes() {
  if (!known.region) return known.where(() => go("wishes"));
  const found = (await call("GET", "/wishes")).wishes;
  const of = (kind) => found.find((each) => each.kind === kind);
  return h("div.page", null, h("p", null, "说一次就行。有对得上的，会告诉你。"), await work(of("work")), trip(of("trip")));
}

async function hiring() {
  if (!known.region) return known.where(() => go("hiring"));
  const { proposals } = await call("GET", "/proposals");
  const send = action("交给工作人员核实", async () => {
    if (!filled("title", "trade", "organiser", "contact", "last")) return;
    await write("POST", "/offers", {
      region: known.region, title: said("title"), organiser: said("organiser"), contact: said("contact"), place: said("place"),
      last_on: said("last"), seats: Number(said("seats")) || undefined, words: said("words"),
      details: { trade: said("trade"), pay_from: fen("least"), pay_to: fen("most") },
    });
    tell("交上去了。核实以后会告诉你。");
    show();
  });
  return h("div.page", null,
    proposals.length ? proposals.map((each) => h("section.card", null, h("h2", null, each.title), h("p", null, [PROPOSED[each.state], each.reason].filter(Boolean).join("：")), h("p.hint", null, `${each.region}　报名到${day(each.last_on)}　已有${each.taken}人报名`)))
      : state("你还没有发过招聘。"),
    h("section.card.form", null, h("h2", null, `在${known.region}招人`),
      blank("title", "招什么人"), blank("trade", "工种"), blank("organiser", "单位名称", { maxLength: 64 }), blank("contact", "联系电话", { type: "tel", maxLength: 32 }),
      blank("place", "上班地点（可以不填）", { maxLength: 128 }), blank("least", "每月工资最少多少元（可以不填）", { type: "number", min: 0 }), blank("most", "最多多少元（可以不填）", { type: "number", min: 0 }),
      blank("seats", "招几个人（可以不填）", { type: "number", min: 1 }), blank("last", "最晚哪天报名", { type: "date" }), blank("words", "还要说明什么（可以不填）", { maxLength: 500 }),
      h("p.hint", null, "不能向找工作的人收押金、培训费、服装费。"), send));
}

view("offers", "招聘和活动", list);
view("offer", "招聘和活动", one);
view("places", "我报了名的", own(places));
view("wishes", "我想找的", own(wishes));
view("hiring", "我发的招聘", own(hiring));
