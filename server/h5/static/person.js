// Who one is: signing in, what one agrees to, one's data; and 我的: what is asked of me on top, cases,
// messages, my data to see, correct, take along and delete, how the page looks.
import { action, call, cell, day, empty, expected, field, go, h, kept, known, lasting, newKey, pairs, Problem, put, refill, root, sheet, show, signedIn, signedInBy, signOut, sure, surely, tell, unnote, view } from "./base.js";

// The way to sign in: WeChat's, or a name where the service runs on a developer's machine.
export function signIn(then = show) {
  const way = root.dataset.signIn;
  const inside = [known.over && h("p.note", null, known.over), h("h2", { tabIndex: -1 }, "先登录"), h("p", null, "登录以后，才能申请、看进度、传材料。问政策、做自测，不用登录。")];
  if (way === "dev") {
    const [label, name] = field("name", "名字", { maxLength: 32, autocomplete: "off", required: true });
    inside.push(
      h("p.hint", null, "开发时用，随便填。"),
      label, name,
      action("登录", async () => {
        const chosen = name.value.replace(/\s/g, "");
        if (empty(name)) return undefined;
        await enter(await call("POST", "/session", { code: `dev:${chosen}` }, { patience: 20000 }), then);
        return undefined;
      }));
  } else if (way === "wechat") {
    inside.push(h("button.primary", { onclick: toWechat }, "用微信登录"));
  } else {
    inside.push(h("p", null, "请在微信里打开暖岗小程序来办。也可以带上材料，到负责的单位窗口去办。"));
  }
  return h("div.page", null, inside);
}

// To WeChat, which sends back here with a code; the state shows that it is an answer to this.
function toWechat() {
  const state = newKey();
  sessionStorage.setItem("state", JSON.stringify([state, location.hash]));
  location.href = `/h5/sign-in?state=${state}`;
}

// For who has signed in; for everybody else the way to do so.
export const own = (build) => async (arg, secret) => {
  if (!signedIn()) return signIn();
  try {
    return await build(arg, secret);
  } catch (problem) {
    if (problem instanceof Problem && !signedIn()) return signIn();
    throw problem;
  }
};

export async function enter(token, then) {
  // What was asked before signing in goes on.
  signedInBy(token);
  known.over = "";
  await then();
}

// What has to be said or agreed to before something can be sent; whether it is that.
export function first(problem) {
  const part = { profile_missing: "profile", consent_missing: "consents" }[problem.code];
  if (part) sheet("先办一步", h("p", null, problem.message), h("button.primary", { onclick: () => go("data", part) }, "去办"));
  return part;
}

const paragraphs = (text) => text.trim().split("\n").map((each) => h("p", null, each));

// One text that is asked to be agreed to; `answer` gets whether it was.
export function consent(text, answer) {
  return h("div", null,
    h("h2", { tabIndex: -1 }, text.title),
    h("div.text", null, paragraphs(text.text)),
    h("div.stack", null,
      action("我同意", async () => {
        const given = await surely(`consent.${text.purpose}`, "PUT", `/consents/${text.purpose}`, { version: text.version });
        Object.assign(text, given);
        answer(true);
      }),
      h("button", { onclick: () => answer(false) }, "不同意")));
}

const FIELDS = [
  ["name", "姓名", "照身份证上的写", { autocomplete: "off", maxLength: 50 }],
  ["identity_number", "身份证号", "18位，最后一位可能是X", { autocomplete: "off", maxLength: 23 }],
  ["phone", "手机号", "11位，经办人会打这个电话", { inputMode: "tel", autocomplete: "off", maxLength: 23 }],
  ["bank_card", "银行卡号（可以以后再填）", "钱批下来打到这张卡上，要是你本人的卡", { inputMode: "numeric", autocomplete: "off", maxLength: 23 }],
  ["native_place", "老家（可以不填）", "比如：四川达州", { autocomplete: "off", maxLength: 60 }],
];

// The form of a person; what stands there already may be left empty. `done` gets what is held then.
export function person(me, card, done, label = "存好，下一步") {
  const profile = me.profile;
  const rows = FIELDS.filter(([name]) => name !== "bank_card" || card).map(([name, title, hint, more]) => {
    const [named, input] = field(name, title, { "aria-describedby": `${name}-hint`, ...more });
    lasting("me", input);
    const wrong = h("p.wrong", { role: "alert", hidden: true });
    const held = profile && profile[name];
    const told = held ? `现在是${held}，不改就空着。` : hint;
    const box = h("div.field", null, named, input, h("p.hint", { id: `${name}-hint` }, told), wrong);
    return { name, input, wrong, box, needed: !held && ["name", "identity_number", "phone"].includes(name) };
  });
  let at = 0;
  const made = h("div.form");
  const save = action(label, async () => {
    if (!rows.every(filled)) return;
    const body = { version: profile ? profile.version : null };
    for (const { name, input } of rows) if (input.value.trim()) body[name] = input.value.trim();
    if (profile && Object.keys(body).length === 1) return done(me);
    try {
      Object.assign(me, await surely(`me.${body.version}`, "PUT", "/me", body));
      unnote("me");
    } catch (problem) {
      const errors = problem.body ? problem.body.errors || [] : [];
      for (const { name, wrong } of rows) {
        const found = errors.find((each) => each.field === name);
        wrong.hidden = !found;
        wrong.textContent = found ? found.detail : "";
      }
      const first = rows.findIndex(({ wrong }) => !wrong.hidden);
      if (first < 0) throw problem;
      at = first;
      layout();
      rows[first].input.focus();
      return undefined;
    }
    return done(me);
  });
  function filled({ input, wrong, needed }) {
    wrong.hidden = !needed || Boolean(input.value.trim());
    wrong.textContent = "这一项要填。";
    if (!wrong.hidden) input.focus();
    return wrong.hidden;
  }
  // In large letters one thing stands on the screen at a time.
  function layout() {
    made.textContent = "";
    if (!known.care) return put(made, [rows.map(({ box }) => box), save]);
    const last = at === rows.length - 1;
    return put(made, [
      rows[at].box,
      last ? save : h("button.primary", { onclick: () => filled(rows[at]) && ((at += 1), layout()) }, "下一项"),
      at > 0 && h("button", { onclick: () => ((at -= 1), layout()) }, "‹ 上一项"),
    ]);
  }
  layout();
  return made;
}

export const masked = (profile) => pairs(FIELDS.map(([name, label]) => [label.split("（")[0], profile[name] || "没填"]));

export const leave = async () => {
  // Signed out on this phone at once, whatever the line does.
  call("DELETE", "/session").catch(() => 0);
  signOut();
  tell("已经退出登录。");
};

// -- 我的 ------------------------------------------------------------------------------------------

function looks() {
  const hant = Boolean(kept.get("hant"));
  return h("section", null, h("h2", null, "看得清、听得见"), h("div.cells", null,
    h("button.cell", { "aria-pressed": String(Boolean(known.care)), onclick: () => (known.setCare(!known.care)) }, "关怀模式（大字、能读出来）", h("b", null, known.care ? "开" : "关")),
    h("button.cell", { "aria-pressed": String(hant), onclick: () => (known.setScript(!hant), hant || setTimeout(show, 50)) }, "繁體字", h("b", null, hant ? "开" : "关"))));
}

const lines = () => h("section", null, h("h2", null, "要紧的电话"), h("div.cells", null,
  [["12333", "人社热线：社保、失业、就业"], ["12351", "工会热线：维权、困难帮扶"], ["110", "有危险，马上打"]].map(([number, about]) =>
    h("a.cell", { href: `tel:${number}` }, h("span", null, h("b", null, number), h("span.hint", null, about))))));

async function build() {
  if (!signedIn()) return h("div", null, signIn(), h("div.page", null, looks(), lines()));
  let applications = [];
  let messages = [];
  let drafts = [];
  let trouble = null;
  try {
    [{ applications }, { messages }, { drafts }] = await Promise.all([call("GET", "/applications"), call("GET", "/messages"), call("GET", "/drafts")]);
  } catch (problem) {
    expected(problem);
    if (!signedIn()) return build();
    trouble = h("p.note", { role: "status" }, `${problem.message}办件和消息暂时看不到。`);
  }
  const due = applications.filter((each) => each.your_turn);
  const seen = kept.get("my.seen") || "";
  const fresh = messages.filter((each) => each.at > seen).length;
  return h("div.page", null,
    trouble,
    due.length > 0 && h("section", null, h("h2", null, "等你来办"), h("div.cells", null, due.map((each) => cell(each.title, () => go("case", null, each.id), each.next)))),
    h("section", null, h("h2", null, "办事"), h("div.cells", null,
      drafts.length > 0 && cell(`有${drafts.length}件没填完`, () => go("apply"), "接着填"),
      cell("我的办件", () => go("cases"), applications.length ? `${applications.length}件` : "还没有交上去的"),
      cell("我的卡券", () => go("card"), "给商户看的码，还剩多少"),
      cell("一起反映欠薪", () => go("joint")),
      cell("我报了名的", () => go("places"), "招聘、课程、出行、活动"),
      cell("消息", () => go("messages"), fresh ? `${fresh}条新的` : "没有新的"),
      cell("我的求助", () => go("helps"), "找过的人工帮助"))),
    h("section", null, h("h2", null, "我的资料"), h("div.cells", null,
      cell("看看、改资料", () => go("data", "profile")),
      cell("孩子的资料", () => go("data", "children")),
      cell("撤回同意：我同意过的事", () => go("data", "consents")),
      cell("不要自动比对、不收群发", () => go("data", "optouts")),
      cell("困难职工台账", () => go("data", "register")),
      cell("我的帮扶人", () => go("data", "pairings"), "同意、换人、走访记录"),
      cell("下载我的全部资料", () => go("data", "export")),
      cell("删除我的全部资料", () => go("data", "erase")))),
    looks(), lines(),
    h("button", { onclick: () => leave().then(show) }, "退出登录"));
}

view("me", "我的", build);

// -- my data --------------------------------------------------------------------------------------

// What is added counts once, however often it is pressed; the rest leads to the same as often as it is sent.
export const write = (method, path, body) => (method === "POST" ? surely(path, method, path, body) : call(method, path, body, { key: newKey() }));

async function profile() {
  const [me, { consents }] = await Promise.all([call("GET", "/me"), call("GET", "/consents")]);
  const given = (purpose) => consents.find((each) => each.purpose === purpose && each.given_at);
  const made = h("div.page");
  const fill = (...inside) => refill(made, ...inside);
  const form = () => fill(h("h2", null, "改资料"), person(me, given("payment"), () => (tell("存好了。"), show()), "存好"));
  if (!given("identity")) return asked(consents, "identity");
  if (me.profile) fill(h("h2", null, "你的资料"), masked(me.profile), h("p.hint", null, "号码打了星号，只有办事的人能看到全部。"), h("button.primary", { onclick: form }, "改一改"));
  else form();
  return made;
}

const asked = (consents, purpose) => h("div.page", null, consent(consents.find((each) => each.purpose === purpose), (yes) => (yes ? show() : history.back())));

async function consents() {
  const found = (await call("GET", "/consents")).consents;
  return h("div.page", null, h("h2", null, "我同意过的事"), h("p", null, "每一件都可以单独同意、随时撤回。"), found.map((each) => h("details.cell", null,
    h("summary", null, h("b", null, each.title), h("span.hint", null, each.given_at ? "已经同意" : "没有同意")),
    paragraphs(each.text),
    each.given_at
      ? action("撤回同意", async () => {
        if (!(await sure("撤回这一项？", "只为这件事存的资料会删掉。已经提交的申请不受影响。", "撤回"))) return;
        await write("DELETE", `/consents/${each.purpose}`);
        tell("已经撤回。");
        show();
      }, ".warn")
      : action("我同意", async () => {
        await write("PUT", `/consents/${each.purpose}`, { version: each.version });
        tell("记下了。");
        show();
      }))));
}

async function children() {
  const all = (await call("GET", "/consents")).consents;
  if (!all.find((each) => each.purpose === "children").given_at) return asked(all, "children");
  const found = (await call("GET", "/me/children")).children;
  const rows = [field("child-name", "孩子姓名", { maxLength: 50, autocomplete: "off" }), field("child-born", "出生日期", { type: "date" }), field("child-number", "身份证号（可以不填）", { maxLength: 23, autocomplete: "off" })];
  const [name, born, number] = rows.map(([, each]) => each);
  const body = () => ({ name: name.value.trim(), born_on: born.value, identity_number: number.value.trim() || null });
  const save = action("加上", async () => {
    if (empty(name, born)) return undefined;
    await write("POST", "/me/children", body());
    tell("加好了。");
    return show();
  });
  return h("div.page", null,
    found.length ? found.map((each) => h("div.cell", null, h("span", null, h("b", null, each.name), h("span.hint", null, `${day(each.born_on)}出生`)), action("删掉", async () => {
      if (!(await sure("删掉孩子的资料？", "删掉以后可以再填。", "删掉"))) return;
      await write("DELETE", `/me/children/${each.id}`);
      show();
    }, ".plain"))) : h("p", null, "还没有填孩子的资料。"),
    h("h2", null, "加一个孩子"), h("p.hint", null, "只填不满十四周岁的。填错了，删掉再加。"), h("div.form", null, rows), save);
}

async function optouts() {
  const found = (await call("GET", "/me/opt-outs")).opt_outs;
  const part = (what, title, about) => {
    const out = found.includes(what);
    return [h("h2", null, title), h("p", null, about), h("p", null, `现在：${out ? "关着" : "开着"}。`),
      action(`${out ? "打开" : "关掉"}${title}`, async () => {
        await write(out ? "DELETE" : "PUT", `/me/opt-outs/${what}`);
        tell("记下了。");
        show();
      })];
  };
  return h("div.page", null,
    part("all", "自动比对", "有的政策不用申请，单位拿名册一比对，够条件就直接办。你不想要，可以关掉。"),
    part("outreach", "群发的通知", "政策有变化、有活动时告诉你，一天最多一条，晚上不发。办件的进度照常告诉你。"));
}

const exported = () => h("div.page", null,
  h("h2", null, "下载我的全部资料"),
  h("p", null, "里面有完整的身份证号、银行卡号。请在自己的手机上下载，收好，不要发给别人。"),
  action("下载", async () => {
    const found = await call("GET", "/me/export", undefined, { patience: 30000 });
    const address = URL.createObjectURL(new Blob([JSON.stringify(found, null, 1)], { type: "application/json" }));
    h("a", { href: address, download: "nuangang.json" }).click();
    tell("下载好了。");
  }));

const erase = () => h("div.page", null,
  h("h2", null, "删除我的全部资料"),
  h("p", null, "删了就找不回来，备份里的也打不开了。正在办的申请，要先撤回。"),
  action("全部删除", async () => {
    if (!(await sure("真的全部删除？", "这一步不能反悔。", "全部删除"))) return;
    const { stays } = await surely("erase", "DELETE", "/me").catch((problem) => {
      // The reply was lost: who is deleted is not known any more.
      if (problem.code !== "session_over" || !problem.tries) throw problem;
      return {};
    });
    signOut();
    const page = document.querySelector("main");
    page.textContent = "";
    page.append(h("div.page", null, h("h2", { tabIndex: -1 }, stays ? "已经删除" : "应该已经删除"), !stays && h("p", null, "想确认的话，再登录看看还有没有。"), stays && stays.length > 0 && [h("p", null, "按法律要留的只有这些："), stays.map((each) => h("div.cell", null, h("span", null, h("b", null, each.what), h("span.hint", null, each.why))))], h("button.primary", { onclick: () => go("ask") }, "好")));
  }, ".primary.warn"));

// Only the mini-app gets a number from WeChat.
const UNVERIFIED = "请到暖岗小程序的“我的资料”里点“用微信核对手机号”，再回来看。";

async function register() {
  const { entry, phone_verified: proven } = await call("GET", "/me/register");
  const title = h("h2", null, "困难职工台账");
  if (!entry) return h("div.page", null, title, h("p", null, proven ? "台账里没有查到你。" : UNVERIFIED));
  const words = h("textarea", { id: "fix", rows: 3, maxLength: 500 });
  return h("div.page", null, title,
    entry.lines.map((line) => h("p", null, line)),
    h("label", { htmlFor: "fix" }, "哪里不对"), words,
    action("请他们更正", async () => {
      if (empty(words)) return undefined;
      const { due_on: due } = await write("POST", "/me/register/corrections", { words: words.value.trim() });
      tell(`收到了，${day(due)}前答复。在“我的求助”里看。`);
      return go("me");
    }));
}

async function pairings() {
  const { pairings: found, phone_verified: proven } = await call("GET", "/me/pairings");
  return h("div.page", null, h("h2", null, "我的帮扶人"),
    found.length ? found.map((each) => h("section", null,
      each.lines.map((line) => h("p", null, line)),
      each.visits.map((visit) => h("p.hint", null, visit.told)),
      h("div.stack", null, each.phone && !each.phone.includes("*") && h("a.button", { href: `tel:${each.phone}` }, "打电话给帮扶人"), each.ways.map(({ answer, label }) => action(label, async () => {
        if (answer !== "yes" && !(await sure(`${label}？`, "负责的单位会看到。", label))) return;
        await write("POST", `/me/pairings/${each.id}/answers`, { version: each.version, answer });
        tell("记下了。");
        show();
      }, answer === "yes" ? ".primary" : ".plain"))))) : h("p", null, proven ? "现在没有结对。" : UNVERIFIED));
}

const PARTS = { profile, register, pairings, consents, children, optouts, export: exported, erase };

view("data", "我的资料", own((part) => (PARTS[part] || profile)()));
