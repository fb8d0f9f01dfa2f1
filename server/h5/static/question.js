// One question of the self-check on a screen: big buttons, and 不清楚 always there.
import { call, day, h, known, put, signedIn } from "./base.js";

const vocabularies = {};
const UNITS = { months: "个月", square_metre: "平方米", month_of_year: "月", hours: "学时" };
const unitOf = (fact) => UNITS[fact.unit] || fact.unit || "";

// What can be asked in a place, by its key.
export async function vocabulary(region) {
  if (!vocabularies[region]) {
    const { facts } = await call("GET", `/facts?region=${encodeURIComponent(region)}`);
    vocabularies[region] = new Map(facts.map((fact) => [fact.key, fact]));
  }
  return vocabularies[region];
}

// What follows from what was said; nothing of it is stored.
export const checked = (region, facts) => call("POST", "/self-check", { region, facts }, { patience: 30000 });

// What can be applied for in a place.
export async function applicable(region) {
  const { measures } = await call("GET", `/measures?limit=100&region=${encodeURIComponent(region)}`);
  return measures.filter((each) => each.can_apply);
}

// What was said in a place counts there alone: who is from there is from elsewhere in the next.
export const saidIn = (region) => known.facts[region] || (known.facts[region] = {});

// What courses that one went to say, by fact: offered as an answer, with the words for where it is from.
export async function attended(region, only) {
  if (!signedIn()) return {};
  const found = await call("GET", `/attended?region=${encodeURIComponent(region)}${only ? `&measure=${only}` : ""}`).catch(() => ({ facts: [] }));
  return Object.fromEntries(found.facts.map((each) => [each.key, each]));
}

// The fact to ask next: of one measure, or of all; what was said to be unclear is not asked again.
export function nextFact(result, facts, only) {
  if (!only) return result.next;
  const found = result.results.find((each) => each.measure === only);
  if (!found || found.outcome !== "undetermined") return null;
  return found.missing.find((key) => !(key in facts)) || null;
}

// How many questions there may still be, at most.
export function left(result, facts, only) {
  const open = new Set();
  for (const each of result.results) {
    if (only ? each.measure !== only : !each.open || each.outcome !== "undetermined") continue;
    for (const key of each.missing) if (!(key in facts)) open.add(key);
  }
  return open.size;
}

// How an answer is said.
export function spoken(fact, value) {
  if (value === null || value === undefined) return "不清楚";
  if (typeof value === "boolean") return value ? "是" : "否";
  const labelOf = (one) => (fact.options.find((each) => each.value === one) || { label: one }).label;
  if (Array.isArray(value)) return value.map(labelOf).join("、") || "都不是";
  if (fact.type === "date") return day(value);
  return fact.options.length ? labelOf(value) : `${value}${unitOf(fact)}`;
}

// `answer` is called with the value, null for 不清楚; `from`: an answer to offer, and where it is from.
export function question(fact, from, answer) {
  const before = from && from.value;
  const made = h("div.question", null, h("h2", { tabIndex: -1 }, fact.question), from && h("p.note", null, from.said));
  const big = (label, value, on) => h("button.big", { onclick: () => answer(value), "aria-pressed": on === undefined ? undefined : String(on) }, label);
  if (fact.type === "boolean") put(made, [big("是的", true, before === true), big("不，没有", false, before === false)]);
  if (fact.type === "choice") put(made, fact.options.map(({ value, label }) => big(label, value, before === value)));
  if (fact.type === "multi_choice") put(made, several(fact, before || [], answer));
  if (fact.type === "integer" || fact.type === "date") put(made, [fill(fact, before, answer)]);
  made.append(big("不清楚", null, before === null));
  return made;
}

function several(fact, before, answer) {
  const boxes = fact.options.map(({ value }) => h("input", { type: "checkbox", value, checked: before.includes(value), onchange: tell }));
  const wrong = h("p.wrong", { role: "alert", hidden: true }, "请选一个，不知道就点“不清楚”。");
  const picked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  const done = h("button.primary", {
    onclick() {
      if (picked().length || fact.may_be_none) return answer(picked());
      wrong.hidden = false;
      return boxes[0].focus();
    },
  });
  // What a press says stands on the button: nothing ticked is a no only where it says so.
  function tell() {
    wrong.hidden = true;
    done.textContent = picked().length || !fact.may_be_none ? "选好了" : "都不是";
  }
  tell();
  return [boxes.map((box, at) => h("label.tick", null, box, fact.options[at].label)), wrong, done];
}

function fill(fact, before, answer) {
  const number = fact.type === "integer";
  const wrong = h("p.wrong", { role: "alert", hidden: true });
  const field = h("input", {
    type: number ? "number" : "date",
    inputMode: number ? "numeric" : "text",
    min: number ? fact.least : "1950-01-01",
    max: number ? fact.most : known.today,
    value: before === undefined || before === null ? "" : before,
    "aria-label": fact.label,
  });
  return h("form.fill", {
    noValidate: true,
    onsubmit(event) {
      event.preventDefault();
      const bad = !field.value || !field.validity.valid;
      wrong.hidden = !bad;
      wrong.textContent = number ? `请填整数${fact.most ? `，${fact.least || 0}到${fact.most}` : ""}。` : "请选一个日期，今天以前的。";
      if (!bad) answer(number ? Number(field.value) : field.value);
    },
  }, h("div.row", null, field, fact.unit && h("span", null, unitOf(fact))), wrong, h("button.primary", { type: "submit" }, "填好了"));
}
