// 一起反映欠薪: start, join by a code that somebody passed on, see how it goes.
import { action, call, cell, day, empty, expected, field, go, h, known, lasting, moment, note, noted, pairs, show, sure, surely, tell, today, unnote, view, yuan } from "./base.js";
import { first, own } from "./person.js";
import { picker, shrink, upload } from "./upload.js";

const month = (text) => `${text.replace(/-0?/, "年")}月`;

// One's own part: the sum, the proofs, and `send` with both, once what stands `before` it is filled in.
// All of it is noted under `name`: who has to go and agree to something first finds it again.
function part(name, given, label, send, before = []) {
  const proofs = [...new Set([...(given.materials || []), ...(noted(name).proofs || [])])];
  // What was chosen and has not come, by name and size.
  const missing = new Set();
  const said = h("p.hint", { role: "status" });
  const told = () => (said.textContent = `证据${proofs.length}份${missing.size ? `，${missing.size}份没传上` : ""}`);
  told();
  const [asked, sum] = field("sum", "欠你多少工钱（元），只填你自己的", { inputMode: "decimal", value: given.amount_fen ? given.amount_fen / 100 : "" });
  const fields = [...before, sum];
  for (const each of fields) lasting(name, each);
  async function prove(files) {
    for (const each of files) missing.add(each.name + each.size);
    try {
      for (const each of files) {
        const { id } = await upload(await shrink(each), "wage_arrears_proof", undefined, (done) => (said.textContent = `正在传　${Math.round(done * 100)}%`));
        if (!proofs.includes(id)) proofs.push(id);
        note(name, "proofs", proofs);
        missing.delete(each.name + each.size);
      }
      told();
    } catch (problem) {
      expected(problem);
      first(problem);
      said.textContent = problem.message;
    }
  }
  let sending = Promise.resolve();
  return [asked, sum,
    h("div.pick", null, said, picker("proof", "加证据：欠条、考勤、聊天记录", (files) => (sending = sending.then(() => prove(files))))),
    h("p.hint", null, "交上去以后，你的姓名、身份证号、金额和证据，只给经办人和劳动监察看。工友只看到人数，交上去以后还看到合计。"),
    action(label, async () => {
      const amount_fen = Math.round(sum.value * 100);
      if (empty(...fields)) return undefined;
      if (!(amount_fen > 0)) return sum.focus(), tell("金额请填数字，比如8650.5。");
      await sending;
      if (missing.size) {
        missing.clear();
        return tell("有证据没传上。可以再传，也可以再点一次，先不带它。");
      }
      try {
        const made = await send({ amount_fen, materials: [...proofs] });
        unnote(name);
        return go("joint", made.id);
      } catch (problem) {
        if (first(problem)) return undefined;
        throw problem;
      }
    })];
}

async function list() {
  const found = (await call("GET", "/joint-reports")).joint_reports;
  const [name, code] = field("code", "工友发来的口令");
  return h("div.page", null,
    h("p", null, "被同一个老板欠工钱的，各填各的，一次交给劳动监察。"),
    h("div.cells", null, found.map((each) => cell(each.employer, () => go("joint", each.id), `${each.standing}　${each.people}人`))),
    h("button.primary", { onclick: () => go("joint", "new") }, "我来发起"),
    name, code, h("button", { onclick: () => empty(code) || go("join", code.value.trim()) }, "加入"));
}

function start() {
  if (!known.region) return known.where(() => go("joint", "new"));
  const now = today().slice(0, 7);
  const rows = [field("employer", "哪个单位、哪个老板", { maxLength: 64 }), field("place", "在哪里干活", { maxLength: 128 }),
    field("first_month", "从哪个月欠起", { type: "month", max: now }), field("last_month", "欠到哪个月", { type: "month", max: now, value: now })];
  return h("div.page", null, h("p", null, `地方：${known.region}`), rows, part("joint", {}, "发起", async (mine) => {
    const told = { ...mine, region: known.region, agreed: true };
    for (const [, each] of rows) told[each.id] = each.value;
    return surely("joint", "POST", "/joint-reports", told);
  }, rows.map(([, each]) => each)));
}

const invited = ({ link, image, code, until }) => h("section.card", null,
  h("h3", null, "叫工友加入"), h("img", { alt: "给工友扫的码", src: image, width: 200 }),
  h("p.code", null, code), h("p.words", null, link), h("p.hint", null, `${moment(until)}前有效。只发给一起干活的人。`),
  navigator.clipboard && action("复制链接", () => navigator.clipboard.writeText(link).then(() => tell("复制了。"), () => tell("请长按链接复制。"))));

async function joint(arg, secret) {
  const id = arg || secret;
  if (!id) return list();
  if (id === "new") return start();
  const found = await call("GET", `/joint-reports/${id}`);
  const path = `/joint-reports/${found.id}`;
  const move = (what, body) => surely(`${what}.${found.id}`, "POST", `${path}/${what}`, body).then(show);
  const { changeable, starter, invite } = found;
  const mine = `part.${found.id}`;
  return h("div.page", null,
    h("section.card", null, h("p.hint", null, `编号${found.id}`), h("h2", { tabIndex: -1 }, found.employer), h("p", null, found.standing),
      pairs([["欠薪月份", `${month(found.first_month)}到${month(found.last_month)}`], ["人数", `${found.people}人`], ["合计", found.total_fen && yuan(found.total_fen)],
        ["欠你的", yuan(found.amount_fen)], ["追回给你", yuan(found.recovered_fen)], ["最晚答复", !changeable && found.due_on && day(found.due_on)]])),
    invite && invited(invite),
    changeable && h("details.cell", { open: mine in known.words }, h("summary", null, "改我这一份"), part(mine, found, "存好", (told) => surely(`${mine}.${found.version}`, "PUT", `${path}/part`, { ...told, version: found.version }))),
    h("ol.times", null, found.steps.map((each) => h("li", null, h("b", null, each.said), each.words && h("p", null, `“${each.words}”`), h("p.hint", null, moment(each.at))))),
    changeable && h("div.stack", null,
      starter && action("交上去", async () => (await sure("交上去？", "交上去就不能再改。", "交上去")) && move("hand-in")),
      starter && action(invite ? "停用口令" : "换新口令", () => move("code", { open: !invite }), ""),
      action("退出", async () => {
        if (await sure("退出？", "你的金额和证据会拿掉。", "退出")) await surely(`leave.${found.id}`, "DELETE", `${path}/part`).then(() => go("joint"));
      }, "")));
}

async function join(code) {
  if (!code) return list();
  const found = await call("POST", "/joint-reports/lookup", { code });
  if (found.joined) return joint(found.joined);
  const shown = h("section.card", null, h("h2", { tabIndex: -1 }, found.employer), pairs([["地点", found.place], ["已经加入", `${found.people}人`]]));
  return h("div.page", null, shown, !found.open ? h("p.note", null, "已经交上去了。") : part(`join.${code}`, {}, "加入", (mine) => surely(`join.${code}`, "POST", "/joint-reports/join", { ...mine, code, agreed: true })));
}

view("joint", "一起反映欠薪", own(joint));
view("join", "一起反映欠薪", own(join));
