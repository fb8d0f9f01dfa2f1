// What I look for, with what fits it; and what I offer as an employer. Both are said once and kept.
import { action, call, cell, day, empty, go, h, known, newKey, show, state, sure, tell, view } from "./base.js";
import { own } from "./person.js";

const WHY = {
  same_place: "就在你要的地方", near_place: "离得不远", same_trade: "工种对得上", other_trade: "工种不一样", pay_fits: "工钱够",
  pay_less: "工钱少一些", pay_not_told: "没写工钱", start_fits: "时间对得上", start_earlier: "要早些上岗",
};
const STANDS = { proposed: "等工作人员核实", open: "登出来了", refused: "没有通过", cancelled: "取消了" };

const field = (id, label, given) => [h("label", { htmlFor: id }, label), h("input", Object.assign({ id, maxLength: 40, autocomplete: "off" }, given))];
const said = (id) => document.getElementById(id).value.trim();
const fen = (id) => (said(id) ? Math.round(said(id) * 100) : undefined);
const write = (method, path, body) => call(method, path, body, { key: newKey() });

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
      field("trade", "什么活（可以不填）"), field("pay", "一个月最少多少元（可以不填）", { type: "number", min: 0 }), field("from", "哪天起能上班（可以不填）", { type: "date" }),
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
    field("origin", "从哪里走"), field("destination", "到哪里"), field("on", "哪天走", { type: "date" }),
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
    proposals.length ? proposals.map((each) => h("section.card", null, h("h2", null, each.title), h("p", null, [STANDS[each.state], each.reason].filter(Boolean).join("：")), h("p.hint", null, `${each.region}　报名到${day(each.last_on)}　已有${each.taken}人报名`)))
      : state("你还没有发过招聘。"),
    h("section.card.form", null, h("h2", null, `在${known.region}招人`),
      field("title", "招什么人"), field("trade", "工种"), field("organiser", "单位名称", { maxLength: 64 }), field("contact", "联系电话", { type: "tel", maxLength: 32 }),
      field("place", "上班地点（可以不填）", { maxLength: 128 }), field("least", "每月工资最少多少元（可以不填）", { type: "number", min: 0 }), field("most", "最多多少元（可以不填）", { type: "number", min: 0 }),
      field("seats", "招几个人（可以不填）", { type: "number", min: 1 }), field("last", "最晚哪天报名", { type: "date" }), field("words", "还要说明什么（可以不填）", { maxLength: 500 }),
      h("p.hint", null, "不能向找工作的人收押金、培训费、服装费。"), send));
}

view("wishes", "我想找的", own(wishes));
view("hiring", "我发的招聘", own(hiring));
