// 我的: what is asked of me on top, then cases, messages, my data, and how the page looks.
import { call, go, h, kept, known, Problem, show, signedIn, view } from "./base.js";
import { leave, signIn } from "./person.js";

const cell = (label, act, under) => h("button.cell", { onclick: act }, h("span", null, h("b", null, label), under && h("span.hint", null, under)), h("i", { "aria-hidden": "true" }, "›"));

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
    if (!signedIn()) return h("div", null, h("p.note", null, problem.message), signIn());
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
      cell("消息", () => go("messages"), fresh ? `${fresh}条新的` : "没有新的"),
      cell("我的求助", () => go("helps"), "找过的人工帮助"))),
    h("section", null, h("h2", null, "我的资料"), h("div.cells", null,
      cell("看看、改资料", () => go("data", "profile")),
      cell("孩子的资料", () => go("data", "children")),
      cell("我同意过的事", () => go("data", "consents")),
      cell("不要自动比对", () => go("data", "optouts")),
      cell("下载我的全部资料", () => go("data", "export")),
      cell("删除我的全部资料", () => go("data", "erase")))),
    looks(), lines(),
    h("button", { onclick: () => leave().then(show) }, "退出登录"));
}

view("me", "我的", build);
