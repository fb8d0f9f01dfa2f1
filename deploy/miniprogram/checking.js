// The self-check as the pages show it: what to ask next, and the results in groups.
const { day } = require("./times.js");

const GROUPS = [
  ["eligible", "符合", "这些条件你都符合。给不给、给多少，由经办人审核后定。文件没写到哪天为止的，先问一声还办不办。"],
  ["near", "还差一点", "只差一样，补上就行。"],
  ["undetermined", "还不清楚", "还差几样没说。"],
  ["ineligible", "不符合", "按文件写的，现在不符合。"],
  ["over", "已结束", "时间已经过了，不能再办。"],
];
const UNITS = { months: "个月", square_metre: "平方米", month_of_year: "月", hours: "学时" };
const NAMED = 3;

const unitOf = (fact) => UNITS[fact.unit] || fact.unit || "";

function groupOf(result) {
  if (!result.open) return "over";
  if (result.outcome !== "ineligible") return result.outcome;
  const [change, more] = result.changes;
  return change && !more && !change.lasting && change.fact !== ROLE ? "near" : "ineligible";
}

// The fact to ask now, null when no answer can change anything; `only`: for one measure alone.
function nextOf(checked, facts, only) {
  if (!only) return checked.next;
  const result = checked.results.find((each) => each.measure === only);
  if (!result || result.outcome !== "undetermined") return null;
  return result.missing.find((fact) => !(fact in facts)) || null;
}

// How many questions there may still be, at most.
function leftOf(checked, facts, only) {
  const counted = checked.results.filter((result) => (only ? result.measure === only : result.open) && result.outcome === "undetermined");
  return new Set(counted.flatMap((result) => result.missing).filter((fact) => !(fact in facts))).size;
}

const ROLE = "applicant_role";
const FOR = { worker: "打工的人", child: "孩子", employer: "单位" };

// Results for those who are asked for, and what there is for others; `facts`: what was said.
function partsOf(checked, only, facts) {
  const roles = facts[ROLE] || [];
  const fits = ({ measure, audience }) => (only ? measure === only : !roles.length || roles.includes(audience));
  const others = only ? [] : checked.results.filter((result) => !fits(result));
  const names = Object.keys(FOR).filter((role) => others.some(({ audience }) => audience === role));
  return { mine: checked.results.filter(fits), others: others.map(({ measure, title }) => ({ measure, title })), names: names.map((role) => FOR[role]).join("、") };
}

// `applicable`: the ids of measures that one can apply for now; `known`: the facts of the place.
function groupsOf(results, applicable, known) {
  return GROUPS.map(([id, title, hint]) => ({
    id,
    title,
    hint,
    results: results.filter((result) => groupOf(result) === id).map((result) => resultOf(result, id, applicable, known)),
  })).filter((group) => group.results.length);
}

function resultOf(result, group, applicable, known) {
  return {
    measure: result.measure,
    title: result.title,
    short: shortOf(result, group, known),
    advice: result.advice,
    amounts: result.amounts.map(({ what, cap, value, unit }) => `${what}：${cap ? "最多" : ""}${value}${unit}`),
    conditions: conditionsOf(result),
    canApply: applicable.includes(result.measure),
  };
}

// What is the matter, in one line.
function shortOf(result, group, known) {
  if (group === "near") {
    // How much is missing of a number stands in the sentence itself.
    const [{ say }] = result.changes;
    return `差：${say.replace(/。$/, "")}`;
  }
  if (group === "undetermined") {
    const missing = result.missing.map((key) => known.find((fact) => fact.key === key)).filter(Boolean);
    return missing.length ? `还要知道：${missing.slice(0, NAMED).map((fact) => fact.question.replace(/（.*?）/g, "")).join("")}` : "";
  }
  const { from, to } = result.validity;
  if (group !== "over") return "";
  return to ? `到${day(to)}为止` : from ? `从${day(from)}开始` : "";
}

const MARKS = { met: ["✓", "符合"], failed: ["✗", "不符合"], unknown: ["？", "还不清楚"] };

function conditionsOf(result) {
  if (result.everyone && !result.conditions.length) {
    return [{ key: "everyone", mark: "✓", word: "符合", verdict: "met", say: result.everyone.say, quote: result.everyone.quote, where: "" }];
  }
  return result.conditions.map((condition, place) => ({
    key: String(place),
    verdict: condition.verdict,
    mark: MARKS[condition.verdict][0],
    word: MARKS[condition.verdict][1],
    say: condition.say,
    quote: condition.quote,
    where: condition.locator,
    note: [condition.any_of ? "几条里满足一条就行。" : "", condition.to_verify ? "要由经办人核实。" : ""].join(""),
  }));
}

// An answer in words, for the list of what was said.
function saidOf(fact, value) {
  if (value === null || value === undefined) return "不清楚";
  if (fact.type === "boolean") return value ? "是" : "否";
  if (fact.type === "integer") return `${value}${unitOf(fact)}`;
  if (fact.type === "date") return day(value);
  const chosen = fact.type === "choice" ? [value] : value;
  const labels = fact.options.filter((option) => chosen.includes(option.value)).map((option) => option.label);
  return labels.join("、") || "都不是";
}

module.exports = { nextOf, leftOf, partsOf, groupsOf, conditionsOf, saidOf, unitOf };
