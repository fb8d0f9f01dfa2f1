// 办: from a measure to a case, step by step; every step is kept as a draft.
import { action, call, cell, failed, go, h, kept, known, newKey, pairs, put, refill, show, signedIn, state, sure, surely, tell, view, waiting } from "./base.js";
import { aloud, clause } from "./chat.js";
import { consent, masked, person, signIn, write } from "./person.js";
import { applicable, attended, checked, question, saidIn, spoken, vocabulary } from "./question.js";
import { look, picker, shrink, upload } from "./upload.js";

const HALF = "上次填到一半";
const STEPS = ["同意", "资料", "条件", "照片", "提交"];

// Each application has a page of its own: what comes late for one that was left is shown to nobody.
const fill = (flow, ...made) => refill(flow.page, ...made);

// -- what can be applied for --------------------------------------------------------------------

async function list() {
  const [drafts, open] = await Promise.all([
    signedIn() ? call("GET", "/drafts").then((got) => got.drafts) : [],
    known.region ? applicable(known.region) : [],
  ]);
  const row = (id, title, under) => cell(title, () => go("apply", id, under === HALF), under);
  const section = (title, rows) => rows.length > 0 && [h("h2", null, title), h("div.cells", null, rows)];
  const people = open.filter((each) => each.audience !== "employer");
  const firms = open.filter((each) => each.audience === "employer");
  return h("div.page", null,
    section("接着办", drafts.map((each) => [row(each.measure, each.title, HALF), discard(each)])),
    !known.region && [h("h2", null, "你在哪里打工？"), known.cities(() => go("apply"))],
    known.region && h("div.cells", null, cell("招聘、课程、出行、活动", () => go("offers"), "看看有什么，报名")),
    section(`${known.region}现在能申请的`, people.map((each) => row(each.id, each.title, each.summary))),
    section("单位来办的", firms.map((each) => row(each.id, each.title, each.summary))),
    known.region && !open.length && state(`${known.region}的政策现在都不能在这里申请，有的已经到期，有的不用申请。`, h("button.primary", { onclick: () => go("ask") }, "去问一问")));
}

const discard = ({ measure, title, version }) => action("不办了，删掉草稿", async () => {
  if (!(await sure(`删掉“${title}”的草稿？`, "填的内容和传的照片都会删掉。", "删掉"))) return;
  await surely(`discard.${measure}`, "DELETE", `/drafts/${measure}?version=${version}`);
  kept.drop(`my.draft.${measure}`);
  show();
}, ".plain");

// -- one application ----------------------------------------------------------------------------

// `half`: something of it is filled in, and goes on where it was left.
async function intro(id, half) {
  const page = h("div.page");
  const [measure, { materials }] = await Promise.all([call("GET", `/measures/${id}`), call("GET", `/measures/${id}/materials`)]);
  const flow = { id, page, measure, needs: materials, region: known.region || measure.region, facts: {}, files: [], lanes: 0, refused: {}, half };
  if (half) await start(flow);
  else fill(flow,
    h("h2", { tabIndex: -1 }, measure.title),
    h("p", null, measure.summary),
    known.care && aloud(`${measure.title}。${measure.summary}`),
    measure.standing && h("p.note", null, measure.standing),
    h("h3", null, "要符合的条件"),
    measure.conditions.length ? h("ul", null, measure.conditions.map((each) => h("li", null, each.say))) : h("p", null, "文件没有写条件。"),
    h("h3", null, "要准备的材料"),
    materials.length ? h("ul", null, materials.map((each) => h("li", null, each.title, h("span.hint", null, each.note)))) : h("p", null, "不用交材料。"),
    h("button", { onclick: () => clause(id) }, "看原文"),
    h("div.stack", null,
      measure.can_apply
        ? h("button.primary", { onclick: () => start(flow) }, "开始办")
        : state("这一项现在不能在这里申请。", h("button.primary", { onclick: () => go("ask") }, "去问一问")),
      h("button", { onclick: () => go("check", id) }, "先查查我够不够")));
  return page;
}

async function start(flow) {
  fill(flow, waiting());
  if (!signedIn()) {
    fill(flow, signIn(() => start(flow)));
    return;
  }
  try {
    const [{ consents }, me, draft] = await Promise.all([call("GET", "/consents"), call("GET", "/me"), draftOf(flow.id)]);
    const local = kept.get(`my.draft.${flow.id}`);
    Object.assign(flow, { consents, me, draft });
    flow.facts = { ...flow.facts, ...(draft ? draft.facts : {}), ...(local || {}) };
    if (draft) {
      flow.region = draft.region;
      // What was agreed to, or not, and who one is was settled before there was a draft.
      if (flow.half) Object.assign(flow, { met: true, refused: { payment: true, materials: true } });
    }
    const begin = () => forward(flow, 0);
    if (draft && draft.changes.length) changed(flow, draft.changes, begin);
    else begin();
  } catch (problem) {
    again(flow, problem, () => start(flow));
  }
}

// What went wrong in a step, and the way on from there.
function again(flow, problem, retry) {
  if (problem.code === "session_over" || problem.code === "sign_in_needed") fill(flow, signIn(() => start(flow)));
  else if (problem.code === "already_applied" && problem.body.state !== "draft") already(flow, problem);
  else fill(flow, failed(problem, retry));
}

// What the rules say now, before anything goes on that was filled in under others.
function changed(flow, changes, then) {
  fill(flow, h("h2", { tabIndex: -1 }, "政策有变化"), h("p", null, "这几处变了："), h("ul", null, changes.map((each) => h("li", null, `${each.before || "（没有）"} → ${each.after || "（没有了）"}`))), h("button.primary", { onclick: then }, "知道了，接着办"));
}

function already(flow, problem) {
  fill(flow, state(problem.message, h("button.primary", { onclick: () => go("case", null, problem.body.application) }, "看这个办件")));
}

async function draftOf(id) {
  const { drafts } = await call("GET", "/drafts");
  return drafts.find((each) => each.measure === id) || null;
}

const MAKERS = [agree, introduce, conditions, photos, finish];

// Goes on to the next step that has something to do; `back`: to the one before that has, whatever is done there.
// A second press while it does counts for nothing.
async function forward(flow, at, back) {
  if (flow.moving) return;
  flow.moving = true;
  const slow = setTimeout(() => fill(flow, waiting()), 300);
  try {
    let made = null;
    for (let next = at; !made; next += back ? -1 : 1) {
      flow.at = next;
      made = await MAKERS[next](flow, back);
    }
    frame(flow, made);
  } catch (problem) {
    again(flow, problem, () => forward(flow, flow.at));
  } finally {
    clearTimeout(slow);
    flow.moving = false;
  }
}

function frame(flow, made) {
  const { at } = flow;
  fill(flow,
    h("progress", { max: 5, value: at, "aria-label": "办到哪一步" }),
    h("p.hint", null, `${flow.measure.title}　第${at + 1}步，共5步：${STEPS[at]}`),
    made,
    at > 0 && h("button.quiet", { onclick: () => forward(flow, at === 3 && flow.shown > 0 ? 3 : at - 1, true) }, "‹ 上一步"));
}

// 1 同意 ------------------------------------------------------------------------------------------

function wanted(flow) {
  const purposes = ["identity", "payment", ...(flow.needs.length ? ["materials"] : [])];
  return flow.consents.filter((each) => purposes.includes(each.purpose));
}

function agree(flow, back) {
  const open = wanted(flow).find((each) => !each.given_at && (back || !flow.refused[each.purpose]));
  if (!open) return back ? h("div", null, h("h2", { tabIndex: -1 }, "你都同意过了"), h("p", null, "想撤回，在“我的”里点“撤回同意”。"), h("button.primary", { onclick: () => forward(flow, 1) }, "下一步")) : null;
  return consent(open, (given) => {
    flow.refused[open.purpose] = !given;
    if (given || open.purpose !== "identity") return forward(flow, 0);
    return fill(flow, state("不同意也可以：照样能问政策、做自测，只是不能在这里申请。", h("button.primary", { onclick: () => forward(flow, 0, true) }, "再看一遍"), h("button", { onclick: () => go("ask") }, "回去问政策")));
  });
}

const agreed = (flow, purpose) => flow.consents.some((each) => each.purpose === purpose && each.given_at);

// 2 资料 ------------------------------------------------------------------------------------------

function introduce(flow, back) {
  const { me } = flow;
  const next = () => ((flow.met = true), forward(flow, 2));
  if (flow.met && me.profile && !back) return null;
  const form = () => [h("h2", { tabIndex: -1 }, "你的资料"), h("p.hint", null, "加密保存，只有办这件事的人看得到。"), person(me, agreed(flow, "payment"), next)];
  if (!me.profile) return form();
  return h("div", null, h("h2", { tabIndex: -1 }, "这是你吗？"), masked(me.profile), h("div.stack", null, h("button.primary", { onclick: next }, "对，下一步"), h("button", { onclick: () => frame(flow, form()) }, "要改")));
}

// 3 条件 ------------------------------------------------------------------------------------------

async function conditions(flow, back) {
  if (!flow.asking) {
    const { id, measure, region } = flow;
    const [words, { results, as_of: today }, from] = await Promise.all([vocabulary(region), checked(region, {}), attended(region, id)]);
    const found = results.find((each) => each.measure === id);
    if (!found && region !== measure.region) {
      // The chosen place has no such measure: it is meant where it holds.
      flow.region = measure.region;
      return conditions(flow, back);
    }
    Object.assign(flow, { words, from, asking: found ? found.missing : [], facts: { ...saidIn(region), ...flow.facts } });
    known.today = today;
  }
  if (back && flow.asking.length) delete flow.facts[flow.asking[flow.asking.length - 1]];
  return ask(flow);
}

function ask(flow) {
  const key = flow.asking.find((each) => !(each in flow.facts));
  if (!key) {
    if (!flow.draft) return save(flow).then(() => null);
    return null;
  }
  const fact = flow.words.get(key);
  const at = flow.asking.indexOf(key);
  return h("div", null,
    h("p.hint", null, `第${at + 1}题，共${flow.asking.length}题`),
    question(fact, flow.from[key], (value) => {
      flow.facts[key] = value;
      keep(flow);
      forward(flow, 2);
    }),
    known.care && aloud([fact.question, ...fact.options.map((each) => each.label)].join("，")),
    at > 0 && h("button", { onclick: () => (delete flow.facts[flow.asking[at - 1]], forward(flow, 2)) }, "‹ 上一题"));
}

// Only what the measure asks for goes into its draft.
const given = (flow) => Object.entries(flow.facts).reduce((all, [key, value]) => (flow.asking.includes(key) ? { ...all, [key]: value } : all), {});

// Kept on the phone at once, and on the server as soon as it can be reached.
function keep(flow) {
  kept.set(`my.draft.${flow.id}`, given(flow));
  save(flow).catch((problem) => {
    if (problem.passing) tell("草稿先存在手机上，连上网再存到服务器。");
    else if (problem.code !== "session_over") tell(problem.message);
  });
}

// One after the other; what changed meanwhile is sent once more.
function save(flow) {
  flow.unsaved = true;
  if (!flow.saving) flow.saving = saveAll(flow).finally(() => (flow.saving = null));
  return flow.saving;
}

async function saveAll(flow) {
  while (flow.unsaved) {
    flow.unsaved = false;
    try {
      const body = { region: flow.region, facts: given(flow), version: flow.draft ? flow.draft.version : null, edition: flow.draft ? flow.draft.edition : null };
      flow.draft = await call("PUT", `/drafts/${flow.id}`, body, { key: newKey() });
      if (!flow.unsaved) kept.drop(`my.draft.${flow.id}`);
    } catch (problem) {
      flow.unsaved = true;
      if (problem.code === "case_changed" || problem.code === "unknown_draft" || (problem.code === "already_applied" && problem.body.state === "draft")) flow.draft = await draftOf(flow.id);
      else throw problem;
    }
  }
}

// 4 照片 ------------------------------------------------------------------------------------------

async function photos(flow, back) {
  if (!flow.needs.length || !agreed(flow, "materials")) return null;
  if (!flow.draft) await save(flow);
  const [{ materials }, { materials: earlier }] = await Promise.all([call("GET", `/applications/${flow.draft.id}/materials`), call("GET", "/materials")]);
  flow.list = materials;
  flow.earlier = earlier;
  if (back) flow.shown = Math.max(0, (flow.shown || 0) - 1);
  if (flow.half && !back && flow.shown === undefined) flow.shown = [...materials, { there: [] }].findIndex((each) => !each.there.length);
  const at = flow.shown || 0;
  return at < materials.length ? pick(flow, materials[at]) : null;
}

// How many photos of a kind there are, with those on their way.
const held = (flow, need) => need.there.length + flow.files.filter((each) => each.kind === need.kind && !each.done && !each.problem).length;

function pick(flow, need) {
  const rows = h("div.cells");
  const show = () => {
    rows.textContent = "";
    put(rows, need.there.map((each, number) => h("div.cell", null, h("span", null, `第${number + 1}张　已经传好`), look(each), h("button.plain", { onclick: () => drop(each) }, "删掉"))));
    put(rows, flow.files.filter((each) => each.kind === need.kind && !each.done).map((each) => each.row));
  };
  async function drop(material) {
    if (!(await sure("删掉这一张？", "删掉以后可以再传。", "删掉"))) return;
    try {
      await write("DELETE", `/applications/${flow.draft.id}/materials/${material.id}`);
    } catch (problem) {
      return tell(problem.message);
    }
    need.there = need.there.filter((each) => each.id !== material.id);
    show();
  }
  const take = (files) => {
    for (const file of files) queue(flow, need, file, show);
    show();
  };
  const before = flow.earlier.filter((each) => each.kind === need.kind && !need.there.some((other) => other.id === each.id)).slice(0, need.at_most - need.there.length);
  const reuse = before.length > 0 && action(`用以前传过的（${before.length}张）`, async () => {
    for (const { id } of before) await call("POST", `/applications/${flow.draft.id}/materials`, { material: id }, { key: newKey() });
    need.there.push(...before);
    before.length = 0;
    reuse.hidden = true;
    show();
  }, "");
  const next = () => ((flow.shown = (flow.shown || 0) + 1), forward(flow, 3));
  show();
  return h("div", null,
    h("h2", { tabIndex: -1 }, need.title),
    h("p", null, need.hint),
    h("p.hint", null, need.quote ? `${need.note}原文：“${need.quote}”` : need.note),
    rows,
    h("div.stack", null,
      h("div.pick", null, picker("file", "拍照或选照片", take, ".primary", need.at_most > 1)),
      reuse,
      action("下一步", async () => {
        if (held(flow, need) >= need.at_least || (await sure("照片还不够", `这里要${need.at_least}张。没有的话可以先不传，经办人会再问你要。`, "先不传", "接着拍"))) next();
      }, "")));
}

// Photos are sent two at a time, one fills the pauses of the other; also while the next step is filled in.
function queue(flow, need, file, show) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": `正在传${file.name}` });
  const said = h("span", { role: "status" }, "等着传…");
  const retry = h("span", { hidden: true },
    h("button.plain", { onclick: () => ((entry.problem = null), (retry.hidden = true), send(flow)) }, "再传"),
    h("button.plain", { onclick: () => (flow.files.splice(flow.files.indexOf(entry), 1), show()) }, "删掉"));
  const entry = { kind: need.kind, need, file, show, bar, said, retry, row: h("div.cell", null, h("span", null, said, bar), retry) };
  flow.files.push(entry);
  send(flow);
}

function send(flow) {
  if (flow.lanes < 2) {
    flow.lanes += 1;
    const lane = sendAll(flow).finally(() => (flow.lanes -= 1));
    flow.sending = Promise.all([flow.sending, lane]).finally(() => flow.lanes || (flow.sending = null));
  }
  return flow.sending;
}

async function sendAll(flow) {
  for (let entry; (entry = flow.files.find((each) => !each.done && !each.problem && !each.goes)); ) {
    entry.goes = true;
    try {
      entry.said.textContent = "正在缩小照片…";
      entry.small = entry.small || (await shrink(entry.file));
      const material = await upload(entry.small, entry.kind, flow.draft.id, (part) => {
        entry.bar.value = part;
        entry.said.textContent = `正在传　${Math.round(part * 100)}%`;
      });
      entry.done = true;
      if (!entry.need.there.some((each) => each.id === material.id)) entry.need.there.push(material);
    } catch (problem) {
      entry.problem = problem;
      entry.said.textContent = problem.message;
      entry.retry.hidden = false;
    }
    entry.goes = false;
    entry.show();
  }
}

// 5 提交 ------------------------------------------------------------------------------------------

async function finish(flow) {
  const { results } = await checked(flow.region, given(flow));
  const found = results.find((each) => each.measure === flow.id);
  const against = found && found.outcome === "ineligible" ? found.changes.map((each) => each.say) : [];
  const waits = h("p.hint", { role: "status" });
  const aware = h("input", { type: "checkbox", id: "aware" });
  const button = action("提交申请", async () => {
    if (against.length && !aware.checked) {
      tell("请先看上面的提醒，再打勾。");
      aware.focus();
      return;
    }
    waits.textContent = flow.sending ? "照片还在传，传完就提交…" : "";
    if (flow.sending) await flow.sending;
    const bad = flow.files.find((each) => each.problem);
    if (bad && !(await sure("有照片没传上", `“${bad.need.title}”没有传上。可以回上一步再传，也可以先提交，以后再补。`, "先提交", "回去再传"))) return;
    waits.textContent = "正在提交…";
    await submit(flow, aware.checked, waits);
  });
  return h("div", null,
    h("h2", { tabIndex: -1 }, "看一遍，再提交"),
    h("h3", null, flow.measure.title),
    masked(flow.me.profile),
    pairs(flow.asking.map((key) => [flow.words.get(key).label, [spoken(flow.words.get(key), flow.facts[key]), h("span.hint", null, came(flow, key))]])),
    flow.list && pairs(flow.list.map((each) => [each.title, `${held(flow, each)}张`])),
    against.length > 0 && h("div.note", null,
      h("p", null, "按文件写的条件，你可能不符合："), h("ul", null, against.map((each) => h("li", null, each))),
      h("label.tick", null, aware, "我知道了，还是要申请，由经办人来定")),
    waits,
    h("div.stack", null, button));
}

// Where an answer is from, as long as nobody has changed it.
const came = ({ from, facts }, key) => from[key] && from[key].value === facts[key] && from[key].said;

async function submit(flow, aware, waits) {
  try {
    await flow.saving;
    const made = await surely(`submit.${flow.id}`, "POST", "/applications", {
      measure: flow.id, region: flow.region, facts: given(flow), despite_warning: aware, edition: flow.draft ? flow.draft.edition : null,
    });
    kept.drop(`my.draft.${flow.id}`);
    done(flow, made);
  } catch (problem) {
    waits.textContent = "";
    if (problem.code === "already_applied") already(flow, problem);
    else if (problem.code === "profile_missing") forward(flow, 1);
    else if (problem.code === "consent_missing") start(flow);
    else if (problem.code === "rules_changed") {
      flow.draft.edition = problem.body.edition;
      changed(flow, problem.body.changes, () => forward(flow, 4));
    } else throw problem;
  }
}

function done(flow, made) {
  known.facts = {};
  fill(flow, h("div.done", null,
    h("p.sign", { "aria-hidden": "true" }, "✓"),
    h("h2", { tabIndex: -1 }, "提交好了"),
    h("p", null, made.title),
    h("p", null, "办件编号"),
    h("p.number", null, made.id),
    h("p", null, made.next),
    h("div.stack", null,
      h("button.primary", { onclick: () => go("case", null, made.id) }, "看进度"),
      h("button", { onclick: () => go("ask") }, "回去问政策"))));
}

view("apply", "办事", async (id, half) => {
  if (!id) return list();
  return intro(id, half);
});
