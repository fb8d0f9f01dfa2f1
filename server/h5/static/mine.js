// 我的: what is asked of me on top, then cases, messages, how the page looks; and my data, to see,
// correct, take along and delete, with consents, children, no automatic matching.
import { action, call, cell, go, h, kept, known, newKey, Problem, put, show, signedIn, signOut, sure, tell, view } from "./base.js";
import { consent, leave, masked, own, person, signIn } from "./person.js";

function looks() {
  const hant = Boolean(kept.get("hant"));
  return h("section", null, h("h2", null, "看得清、听得见"), h("div.cells", null,
    h("button.cell", { "aria-pressed": String(Boolean(known.care)), onclick: () => (known.setCare(!known.care)) }, "关怀模式（大字、能读出来）", h("b", null, known.care ? "开" : "关")),
    h("button.cell", { "aria-pressed": String(hant), onclick: () => (known.setScript(!hant), hant || setTimeout(show, 50)) }, "繁體字", h("b", null, hant ? "开" : "关"))));
}

const lines = () => h("section", null, h("h2", null, "要紧的电话"), h("div.cells", null,
  h("a.cell", { href: "tel:12333" }, h("span", null, h("b", null, "12333"), h("span.hint", null, "人社热线：社保、失业、就业"))),
  h("a.cell", { href: "tel:12351" }, h("span", null, h("b", null, "12351"), h("span.hint", null, "工会热线：维权、困难帮扶"))),
  h("a.cell", { href: "tel:110" }, h("span", null, h("b", null, "110"), h("span.hint", null, "有危险，马上打")))));

async function build() {
  if (!signedIn()) return h("div", null, signIn(), h("div.page", null, looks(), lines()));
  let applications = [];
  let messages = [];
  let trouble = null;
  try {
    [{ applications }, { messages }] = await Promise.all([call("GET", "/applications"), call("GET", "/messages")]);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (!signedIn()) return build();
    trouble = h("p.note", { role: "status" }, `${problem.message}办件和消息暂时看不到。`);
  }
  const due = applications.filter((each) => each.state === "material_requested");
  const seen = kept.get("my.seen") || "";
  const fresh = messages.filter((each) => each.at > seen).length;
  return h("div.page", null,
    trouble,
    due.length > 0 && h("section", null, h("h2", null, "等你来办"), h("div.cells", null, due.map((each) => cell(each.title, () => go("case", null, each.id), each.next)))),
    h("section", null, h("h2", null, "办事"), h("div.cells", null,
      cell("我的办件", () => go("cases"), applications.length ? `${applications.length}件` : "还没有"),
      cell("我的卡券", () => go("card"), "给商户看的码，还剩多少"),
      cell("我报了名的", () => go("places"), "招聘、课程、出行、活动"),
      cell("消息", () => go("messages"), fresh ? `${fresh}条新的` : "没有新的"),
      cell("我的求助", () => go("helps"), "找过的人工帮助"))),
    h("section", null, h("h2", null, "我的资料"), h("div.cells", null,
      cell("看看、改资料", () => go("data", "profile")),
      cell("孩子的资料", () => go("data", "children")),
      cell("撤回同意", () => go("data", "consents"), "看看我同意过的事"),
      cell("不要自动比对", () => go("data", "optouts")),
      cell("下载我的全部资料", () => go("data", "export")),
      cell("删除我的全部资料", () => go("data", "erase")))),
    looks(), lines(),
    h("button", { onclick: () => leave().then(show) }, "退出登录"));
}

view("me", "我的", build);

// -- my data --------------------------------------------------------------------------------------

const write = (method, path, body) => call(method, path, body, { key: newKey() });

async function profile() {
  const [me, { consents }] = await Promise.all([call("GET", "/me"), call("GET", "/consents")]);
  const given = (purpose) => consents.find((each) => each.purpose === purpose && each.given_at);
  const made = h("div.page");
  const fill = (...inside) => ((made.textContent = ""), put(made, inside));
  const form = () => fill(h("h2", null, "改资料"), person(me, { card: given("payment"), care: known.care }, () => (tell("存好了。"), show())));
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
    each.text.trim().split("\n").map((line) => h("p", null, line)),
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
  const name = h("input", { id: "child-name", maxLength: 50, autocomplete: "off" });
  const born = h("input", { id: "child-born", type: "date" });
  const number = h("input", { id: "child-number", maxLength: 18, autocomplete: "off" });
  const body = () => ({ name: name.value.trim(), born_on: born.value, identity_number: number.value.trim() || null });
  const form = h("div.form", null,
    h("label", { htmlFor: "child-name" }, "孩子姓名"), name,
    h("label", { htmlFor: "child-born" }, "出生日期"), born,
    h("label", { htmlFor: "child-number" }, "身份证号（可以不填）"), number);
  const save = action("加上", async () => {
    if (!name.value.trim()) return name.focus();
    if (!born.value) return born.focus();
    await write("POST", "/me/children", body());
    tell("加好了。");
    return show();
  });
  return h("div.page", null,
    found.length ? found.map((each) => h("div.cell", null, h("span", null, h("b", null, each.name), h("span.hint", null, `${each.born_on}出生`)), action("删掉", async () => {
      if (!(await sure("删掉孩子的资料？", "删掉以后可以再填。", "删掉"))) return;
      await write("DELETE", `/me/children/${each.id}`);
      show();
    }, ".plain"))) : h("p", null, "还没有填孩子的资料。"),
    h("h2", null, "加一个孩子"), h("p.hint", null, "只填不满十四周岁的。填错了，删掉再加。"), form, save);
}

async function optouts() {
  const found = (await call("GET", "/me/opt-outs")).opt_outs;
  const all = found.includes("all");
  return h("div.page", null,
    h("h2", null, "不要自动比对"),
    h("p", null, "有的政策不用申请，单位拿名册一比对，够条件就直接办。你不想要，可以关掉。"),
    h("p", null, all ? "现在：不比对你。" : "现在：会比对你。"),
    action(all ? "以后可以比对我" : "以后不要比对我", async () => {
      await write(all ? "DELETE" : "PUT", "/me/opt-outs/all");
      tell("记下了。");
      show();
    }));
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
    const { stays } = await write("DELETE", "/me");
    signOut();
    const page = document.querySelector("main");
    page.textContent = "";
    page.append(h("div.page", null, h("h2", { tabIndex: -1 }, "已经删除"), stays.length > 0 && [h("p", null, "按法律要留的只有这些："), stays.map((each) => h("div.cell", null, h("span", null, h("b", null, each.what), h("span.hint", null, each.why))))], h("button.primary", { onclick: () => go("ask") }, "好")));
  }, ".primary.warn"));

const PARTS = { profile, consents, children, optouts, export: exported, erase };

view("data", "我的资料", own((part) => (PARTS[part] || profile)()));
