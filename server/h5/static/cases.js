// My cases and requests for help: what is asked of me on top, then how it went, in plain words; and my card.
import { action, call, cell, day, empty, expected, go, h, kept, known, lasting, moment, newKey, put, sheet, show, state, sure, surely, tell, unnote, view, yuan } from "./base.js";
import { aloud } from "./chat.js";
import { consent, first, masked, own } from "./person.js";
import { look, picker, shrink, upload } from "./upload.js";

async function cases() {
  const { applications } = await call("GET", "/applications");
  if (!applications.length) return state("你还没有办件。", h("button.primary", { onclick: () => go("apply") }, "看看能申请什么"));
  const order = (each) => (each.your_turn ? 0 : 1);
  applications.sort((a, b) => order(a) - order(b));
  return h("div.page", null, h("div.cells", null, applications.map((each) => cell(each.title, () => go("case", null, each.id), `${each.standing}　${each.id}`))));
}

async function messages() {
  const found = (await call("GET", "/messages")).messages;
  if (!found.length) return state("还没有消息。办件有了进展，会在这里告诉你。");
  kept.set("my.seen", found[0].at);
  return h("div.page", null, h("div.cells", null, found.map((each) => h("button.cell", { onclick: () => go({ request: "help", letter: "letter", joint_report: "joint" }[each.about] || "case", null, each.id) },
    h("span", null, h("b", null, each.said), h("span", null, each.title), each.words && h("span", null, `“${each.words}”`), h("span.hint", null, moment(each.at))),
    h("i", { "aria-hidden": "true" }, "›")))));
}

// What a campaign says, by its link or out of the messages.
async function letter(token, id) {
  const it = await call("GET", `/letters/${token || id}`);
  return h("div.page", null,
    h("section.card", null, h("p.hint", null, `${it.sender}　${moment(it.at)}`), h("h2", { tabIndex: -1 }, it.title), h("p.words", null, it.words), known.care && aloud(`${it.title}。${it.words}`)),
    h("div.stack", null,
      it.measure && h("button.primary", { onclick: () => {
        call("POST", `/letters/${it.id}/check`).catch(() => 0);
        go("check", it.measure);
      } }, "查查我够不够"),
      h("button", { onclick: () => go("data", "optouts") }, "不想再收")));
}

async function one(_, id) {
  if (!id) return location.replace("#cases") || "";
  const [found, { materials }] = await Promise.all([call("GET", `/applications/${id}`), call("GET", `/applications/${id}/materials`)]);
  const open = found.requested.filter((each) => !each.answered_at);
  const can = (move) => found.moves.includes(move);
  const takes = ["submitted", "in_review", "material_requested"].includes(found.state);
  return h("div.page", null,
    h("section.card", null,
      h("p.hint", null, `${found.title}　编号${found.id}`),
      h("h2", { tabIndex: -1 }, found.standing),
      h("p", null, found.next),
      found.amount_fen !== null && h("p", null, `金额：${yuan(found.amount_fen)}`),
      known.care && aloud(`${found.title}。${found.standing}。${found.next}`)),
    can("answer") && h("section.card.due", null, h("h2", null, "要你补的材料"),
      open.map((each) => h("div", null, h("h3", null, each.title), each.reason && h("p", null, each.reason), adding(id, each.item, materials))),
      action("补好了", () => answer(found, materials))),
    found.waits_for && h("button.primary", { onclick: () => go("data", found.waits_for === "no_consent" && "consents") }, "去办"),
    h("section", null, h("h2", null, "经过"), h("ol.times", null, found.history.slice().reverse().map((each) => h("li", null, h("b", null, each.said), each.reason && h("p", null, `“${each.reason}”`), h("p.hint", null, moment(each.at)))))),
    takes && h("details.cell", null, h("summary", null, "材料"), materials.map((each) => h("div", null, h("p", null, `${each.title}：${each.there.length}张`), each.there.map(look), !can("answer") && adding(id, each.kind, materials)))),
    h("details.cell", null, h("summary", null, "当时填的"), masked(found.person),
      (found.verdict.conditions || []).map((each) => h("p", null, `${{ met: "✓", failed: "✗" }[each.verdict] || "？"} ${each.say}`))),
    h("div.stack", null,
      can("object") && action("我不同意，要申诉", () => words(found, "申诉", "说说哪里不对、为什么。", "appeal")),
      h("button", { onclick: () => go("help", null, { measure: found.measure, region: found.region }) }, "有疑问，找人工"),
      can("withdraw") && action(found.state === "objection" ? "撤回申诉" : "撤回申请", async () => {
        const [what, then] = {
          objection: ["撤回申诉？", "撤回以后，没有通过的结果不变，这一期不能再申请。"],
          approved: ["不要批给你的钱了？", "撤回以后，这笔钱就不发了。重新申请，不一定还能批。"],
        }[found.state] || ["撤回这个申请？", "撤回以后就不办了。还想办，可以重新申请。"];
        if (await sure(what, then, "撤回")) await move(found, "withdraw", "");
      }, ""),
      can("give_up") && action("余下的几期不要了", async () => {
        if (await sure("余下的几期不要了？", "已经发的不用退，余下的以后不发了。", "不要了")) await move(found, "give-up", "");
      }, "")));
}

async function move(found, what, text) {
  await surely(`${what}.${found.id}.${found.version}`, "POST", `/applications/${found.id}/${what}`, { version: found.version, words: text });
  tell({ withdraw: "已经撤回。", "give-up": "好，余下的不发了。", appeal: "申诉交上去了。", answer: "好，告诉经办人了。" }[what]);
  show();
}

async function answer(found, materials) {
  const missing = found.requested.filter((each) => !each.answered_at && !materials.some((need) => need.kind === each.item && need.fresh));
  if (missing.length) return words(found, "有的还没有传", `还没有传：${missing.map((each) => each.title).join("、")}。实在没有，写明为什么。`, "answer");
  return move(found, "answer", "");
}

function words(found, title, hint, what) {
  const name = `${what}.${found.id}`;
  const text = lasting(name, h("textarea", { id: "words", rows: 4, maxLength: 2000 }));
  const close = sheet(title, h("label", { htmlFor: "words" }, hint), text, action("交上去", async () => {
    if (!text.value.trim()) return text.focus(), tell("请先写几句。");
    await move(found, what, text.value.trim());
    unnote(name);
    return close();
  }));
}

function adding(id, kind, materials) {
  const said = h("p.hint", { role: "status" });
  const bar = h("progress", { max: 1, value: 0, hidden: true, "aria-label": "正在传照片" });
  const take = async (files) => {
    bar.hidden = false;
    try {
      for (const [at, file] of files.entries()) {
        const material = await upload(await shrink(file), kind, id, (part) => {
          bar.value = part;
          said.textContent = `正在传第${at + 1}张　${Math.round(part * 100)}%`;
        });
        const need = materials.find((each) => each.kind === kind);
        if (need) Object.assign(need, { fresh: true, there: [...need.there, material] });
      }
      said.textContent = `传好了${files.length}张。`;
    } catch (problem) {
      expected(problem);
      first(problem);
      said.textContent = problem.message;
    }
    bar.hidden = true;
  };
  return h("div.pick", null, said, bar, picker(`file-${kind}`, "拍照或选照片", take));
}

// -- 找人工 --------------------------------------------------------------------------------------

const ABOUT = [["advice", "问政策"], ["living", "生活有困难"], ["rights", "权益受侵害"], ["mediation", "和单位有纠纷，要调解"], ["wages", "被拖欠工资"]];
const STANDS = { open: "等着回复", answered: "回复了你", closed: "办结了" };

async function helps() {
  const { requests } = await call("GET", "/requests");
  const more = h("button.primary", { onclick: () => go("help", null, {}) }, "提一个新的求助");
  if (!requests.length) return state("你还没有找过人工帮助。", more);
  return h("div.page", null, h("div.cells", null, requests.map((each) => cell(new Map(ABOUT).get(each.category), () => go("help", null, each.id), `${STANDS[each.state]}　${moment(each.opened_at)}`))), more);
}

async function help(_, about) {
  if (typeof about === "string") return dialogue(about);
  const given = about || {};
  const region = given.region || known.region;
  if (!region) return known.where(() => go("help", null, about));
  const { consents } = await call("GET", "/consents");
  const handoff = consents.find((each) => each.purpose === "handoff");
  const talk = kept.get("my.talk");
  if (talk && !handoff.given_at && !known.askedHandoff) return h("div.page", null, consent(handoff, () => ((known.askedHandoff = true), show())));
  let category;
  const text = lasting("help", h("textarea", { id: "words", rows: 4, maxLength: 2000 }));
  const kinds = ABOUT.map(([id, label]) => h("button.big", { "aria-pressed": "false", onclick: () => {
    category = id;
    kinds.forEach((each, at) => each.setAttribute("aria-pressed", String(ABOUT[at][0] === id)));
  } }, label));
  return h("div.page", null,
    h("h2", { tabIndex: -1 }, "找人工帮忙"),
    h("p", null, `会转给${region}负责的单位，有人回复会在“消息”里告诉你。`),
    h("h3", null, "是哪一类事？"), kinds,
    h("label", { htmlFor: "words" }, "出了什么事？"), text,
    h("p.hint", null, "急事请直接打电话：工会12351，有危险打110。"),
    action("交给人工", async () => {
      if (!category) return tell("请先点一类事。");
      if (empty(text)) return undefined;
      const body = { category, region, words: text.value.trim(), measure: given.measure || null, conversation: talk && handoff.given_at ? talk : null };
      const made = await surely("help", "POST", "/requests", body);
      known.askedHandoff = false;
      unnote("help");
      go("help", null, made.id);
      return undefined;
    }));
}

async function dialogue(id) {
  const found = await call("GET", `/requests/${id}`);
  const who = { worker: "你", officer: "工作人员", bot: "暖岗" };
  const name = `more.${id}`;
  const text = lasting(name, h("textarea", { id: "more", rows: 3, maxLength: 2000 }));
  return h("div.page", null,
    h("section.card", null, h("p.hint", null, `编号${found.id}${found.unit ? `　${found.unit}` : ""}`), h("h2", { tabIndex: -1 }, STANDS[found.state]), found.state === "open" && h("p", null, `${day(found.due_on)}前回复。`), found.outcome && h("p", null, found.outcome)),
    h("ol.times", null, found.dialogue.map((each) => h("li", null, h("b", null, `${who[each.voice]}：`), h("p", null, each.text), h("p.hint", null, moment(each.at))))),
    found.state !== "closed"
      ? h("div.stack", null, h("label", { htmlFor: "more" }, "还想说"), text, action("发出去", async () => {
        if (empty(text)) return undefined;
        await surely(`${name}.${found.version}`, "POST", `/requests/${id}/messages`, { version: found.version, words: text.value.trim() });
        unnote(name);
        return show();
      }))
      : !found.satisfied && h("div.stack", null, h("h3", null, "办得怎么样？"), [[5, "满意"], [3, "一般"], [1, "不满意"]].map(([mark, label]) => action(label, async () => {
        await surely(`rate.${id}`, "POST", `/requests/${id}/rating`, { version: found.version, satisfied: mark });
        tell("谢谢你的评价。");
        show();
      }, ""))));
}

// -- 我的卡券: a code that changes by itself, also without a network for a while, and the vouchers ----

async function card() {
  const page = h("div.page");
  const image = h("img", { alt: "给商户扫的码", width: 240, height: 240 });
  const text = h("p.code");
  const word = h("p.hint", { role: "status" });
  let held;
  let told;
  let since;
  let asking;
  async function fetched(asked) {
    asking = true;
    try {
      held = await asked;
      since = Date.now();
    } finally {
      asking = false;
    }
    const shown = held.codes.length > 0;
    // Where nothing has changed nothing is read out anew.
    const made = JSON.stringify([shown, held.vouchers, held.uses]);
    if (made === told) return;
    told = made;
    page.textContent = "";
    put(page, [
      shown ? h("section.cell.card", null, image, text, word) : h("p", null, "你还没有卡。领到券以后，卡会出现在这里。"),
      held.vouchers.length > 0 && h("div.cells", null, held.vouchers.map((each) => h("div.cell", null, h("span", null, h("b", null, each.title), h("span.hint", null, each.told, each.words))))),
      held.uses.length > 0 && [h("h2", null, "用过的"), h("div.cells", null, held.uses.map((each) => h("div.cell", null, h("span", null, each.told))))],
      shown && action("码被人拍了？换新码", async () => (await sure("换新码？", "以前的码马上作废，券不会少。", "换")) && fetched(call("POST", "/card/renewal", undefined, { key: newKey() })), ".plain"),
    ]);
  }
  const get = () => fetched(call("GET", "/card", undefined, { patience: 0 }));
  function tick() {
    const gone = (Date.now() - since) / 1000;
    const now = held.codes.filter((each) => each.in_seconds <= gone).pop();
    if (image.src !== now.image) {
      image.src = now.image;
      text.textContent = now.text.replace(/(\d{4})(?=\d)/g, "$1 ");
    }
    const over = gone - now.in_seconds > held.good_for_seconds;
    image.hidden = text.hidden = over;
    const said = over ? "手机没有网，码过期了。连上网会自动换。" : "给商户看。码半分钟一换，一个码只能用一次。";
    if (word.textContent !== said) word.textContent = said;
    if (!asking && gone > held.step_seconds / 2) get().catch((problem) => problem.passing || show());
  }
  await get();
  if (held.codes.length) {
    tick();
    let turns = 0;
    const timer = setInterval(() => (page.isConnected || (turns += 1) < 3 ? tick() : clearInterval(timer)), 1000);
  }
  return page;
}

view("cases", "我的办件", own(cases));
view("case", "办件", own(one));
view("messages", "消息", own(messages));
view("letter", "通知", letter);
view("helps", "我的求助", own(helps));
view("help", "人工帮忙", own(help));
view("card", "我的卡券", own(card));
