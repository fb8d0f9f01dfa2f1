// 查: the self-check, one question a screen, and what follows from the answers.
import { call, day, failed, go, h, known, refill, sheet, state, tell, view, waiting } from "./base.js";
import { aloud, clause } from "./chat.js";
import { applicable, attended, checked, left, nextFact, question, saidIn, spoken, vocabulary } from "./question.js";

const GROUPS = [
  ["fits", "符合", "这些条件你都符合。给不给、给多少，由经办人审核后定。文件没写到哪天为止的，先问一声还办不办。"],
  ["near", "还差一点", "只差一样，补上就行。"],
  ["unknown", "还不清楚", "还差几样没说。"],
  ["not", "不符合", "按文件写的，现在不符合。"],
  ["over", "已结束", "时间已经过了，不能再办。"],
];

function groupOf(result) {
  if (!result.open) return "over";
  if (result.outcome === "eligible") return "fits";
  if (result.outcome === "undetermined") return "unknown";
  const [change, more] = result.changes;
  return change && !more && !change.lasting && change.fact !== "applicant_role" ? "near" : "not";
}

const page = h("div.page");
let run = 0;
// Where it is checked: the chosen place, or where the one measure holds; what was said there; what to offer.
let here;
let facts;
let offered;

function at(region) {
  here = region;
  facts = saidIn(region);
  offered = null;
  run += 1;
}

// `only`: one measure, or all that the place has.
async function step(only) {
  const mine = (run += 1);
  const slow = setTimeout(() => mine === run && fill(waiting()), 300);
  try {
    const [words, result, from] = await Promise.all([vocabulary(here), checked(here, facts), offered || attended(here, only)]);
    if (mine !== run) return;
    if (only && !result.results.some((each) => each.measure === only)) {
      const { region } = await call("GET", `/measures/${only}`);
      if (mine !== run) return;
      if (region !== here) {
        at(region);
        return step(only);
      }
    }
    offered = from;
    known.today = result.as_of;
    const key = known.stopped ? null : nextFact(result, facts, only);
    if (key) fill(asked(words.get(key), result, only, from[key]));
    else await results(result, words, only);
  } catch (problem) {
    if (mine === run) fill(failed(problem, () => step(only)));
  } finally {
    clearTimeout(slow);
  }
}

const fill = (...made) => refill(page, ...made);

function asked(fact, result, only, from) {
  const done = Object.keys(facts).length;
  const more = Math.max(1, left(result, facts, only));
  const answer = (value) => {
    facts[fact.key] = value;
    step(only);
  };
  return h("div", null,
    h("progress", { max: done + more, value: done, "aria-label": "进度" }),
    h("p.hint", null, `第${done + 1}题${more < 10 ? `，最多还有${more}题` : ""}`),
    question(fact, from, answer),
    known.care && aloud([fact.question, ...fact.options.map((each) => each.label)].join("，")),
    h("div.pair", null,
      done > 0 && h("button", { onclick: () => back(only) }, "‹ 上一题"),
      h("button", { onclick: () => ((known.stopped = true), step(only)) }, "先看结果")));
}

function back(only) {
  delete facts[Object.keys(facts).pop()];
  step(only);
}

function anew(only) {
  known.facts = {};
  at(here);
  known.stopped = false;
  step(only);
}

const FOR = { worker: "打工的人", child: "孩子", employer: "单位" };

async function results(result, words, only) {
  // Who is asked for decides what is a result, and what is only there as well.
  const roles = facts.applicant_role || [];
  const fits = (each) => (only ? each.measure === only : !roles.length || roles.includes(each.audience));
  const shown = result.results.filter(fits);
  const others = only ? [] : result.results.filter((each) => !fits(each));
  const names = Object.keys(FOR).filter((each) => others.some(({ audience }) => audience === each)).map((each) => FOR[each]);
  const can = new Set((await applicable(here)).map((each) => each.id));
  const groups = GROUPS.map(([id, title, told]) => ({ id, title, told, rows: shown.filter((each) => groupOf(each) === id) })).filter(({ rows }) => rows.length);
  const said = Object.keys(facts);
  fill(
    h("h2", { tabIndex: -1 }, "查的结果"),
    h("p.hint", null, `${here}，按${day(result.as_of)}算。你答的没有存下来。`),
    groups.map(({ id, title, told, rows }) => h(`section.group.${id}`, null,
      h("h3", null, `${title}（${rows.length}项）`),
      h("p.hint", null, told),
      rows.map((each) => row(each, words, can, only)))),
    others.length > 0 && h("details.cell.others", null,
      h("summary", null, h("b", null, `给${names.join("、")}的（${others.length}项）`), h("span.hint", null, "你不是替他们问的，所以没有算。")),
      others.map((each) => h("div.pairs", null, h("b", null, each.title), h("button", { onclick: () => clause(each.measure) }, "看原文")))),
    !groups.length && state("这里还没有能查的政策。"),
    h("details.cell", null, h("summary", null, "我答了什么"), said.length ? said.map((key) => words.get(key) && h("p", null, `${words.get(key).label}：${spoken(words.get(key), facts[key])}`)) : h("p", null, "还没有答。")),
    h("div.stack.away", null,
      known.stopped && h("button.primary", { onclick: () => ((known.stopped = false), step(only)) }, "接着答"),
      said.length > 0 && h("button", { onclick: () => ((known.stopped = false), back(only)) }, "改上一题"),
      h("button", { onclick: () => picture(groups, result) }, "存成图片、发给别人"),
      h("button", { onclick: () => print() }, "打印"),
      only && h("button", { onclick: () => go("check") }, "查全部政策"),
      h("button", { onclick: () => anew(only) }, "重新查")));
}

const SIGNS = { met: ["✓", "符合"], failed: ["✗", "不符合"], unknown: ["？", "还不清楚"] };

function row(result, words, can, only) {
  const missing = result.missing.map((key) => words.get(key)).filter(Boolean).map((fact) => fact.question.replace(/（.*?）/g, ""));
  const [change] = result.changes;
  const group = groupOf(result);
  // How much is missing of a number stands in the sentence itself.
  const short = group === "near" ? `差：${change.say.replace(/。$/, "")}`
    : group === "unknown" && missing.length ? `还要知道：${missing.slice(0, 3).join("")}`
    : group === "over" && result.validity.to ? `到${day(result.validity.to)}为止` : "";
  return h("details.cell", { open: Boolean(only) },
    h("summary", null, h("b", null, result.title), short && h("span.hint", null, short)),
    result.everyone && h("div.condition", null, h("p", null, `✓ ${result.everyone.say}`), h("blockquote", null, result.everyone.quote)),
    result.conditions.map((each) => h(`div.condition.${each.verdict}`, null,
      h("p", null, h("b", { role: "img", "aria-label": SIGNS[each.verdict][1] }, SIGNS[each.verdict][0]), ` ${each.say}`, each.to_verify && h("span.hint", null, "（要由经办人核实）")),
      h("blockquote", null, each.quote))),
    result.amounts.map((each) => h("p", null, `${each.what}：${each.cap ? "最多" : ""}${each.value}${each.unit}`)),
    result.advice.map((each) => h("p", null, each)),
    h("div.next", null,
      can.has(result.measure) && h("button.primary", { onclick: () => go("apply", result.measure) }, "去办理"),
      h("button", { onclick: () => clause(result.measure) }, "看原文")));
}

// The results as a picture, drawn here: it is not sent anywhere.
function picture(groups, result) {
  const size = 34;
  const width = 720;
  const lines = [["暖岗自测结果", 1.4], [`${here}，按${day(result.as_of)}算`, 1], ["", 0.5]];
  for (const { title, rows } of groups) {
    lines.push([`【${title}】`, 1.15]);
    for (const each of rows) lines.push([`· ${each.title}`, 1]);
    lines.push(["", 0.5]);
  }
  lines.push(["以经办单位审核为准。", 1]);
  const canvas = h("canvas");
  const pen = canvas.getContext("2d");
  const font = (scale) => `${size * scale}px system-ui, "Noto Sans CJK SC", sans-serif`;
  const wrapped = [];
  for (const [text, scale] of lines) {
    pen.font = font(scale);
    let piece = "";
    for (const letter of text) {
      if (pen.measureText(piece + letter).width > width - 80) {
        wrapped.push([piece, scale]);
        piece = "　";
      }
      piece += letter;
    }
    wrapped.push([piece, scale]);
  }
  canvas.width = width;
  canvas.height = wrapped.reduce((sum, [, scale]) => sum + size * scale * 1.6, 80);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, canvas.height);
  pen.fillStyle = "#1a1a1a";
  let y = 40;
  for (const [text, scale] of wrapped) {
    y += size * scale * 1.6;
    pen.font = font(scale);
    pen.fillText(text, 40, y - size * 0.5);
  }
  canvas.toBlob((blob) => {
    const file = new File([blob], "暖岗自测.png", { type: "image/png" });
    const address = URL.createObjectURL(blob);
    const share = navigator.canShare && navigator.canShare({ files: [file] });
    sheet("存成图片",
      h("p", null, "按住图片，可以保存、发给别人。"),
      h("img.picture", { src: address, alt: "自测结果的图片" }),
      share && h("button.primary", { onclick: () => navigator.share({ files: [file] }).catch(() => tell("没有发出去。")) }, "发给别人"),
      h("a.button", { href: address, download: "暖岗自测.png" }, "存到手机"));
  });
}

function begin(only) {
  known.stopped = false;
  if (!known.region) return known.where(() => go("check", only), "各地办法不一样，先选地方。");
  at(known.region);
  if (!only && !Object.keys(facts).length) {
    return h("div.page", null,
      h("h2", null, `查查${known.region}的政策，你够不够条件`),
      h("p", null, "一题一题问，点一下就行。不知道的点“不清楚”，随时可以停。"),
      h("p.hint", null, "你答的只用来算结果，不保存。"),
      h("button.primary.big", { onclick: () => (page.isConnected || swap(), step()) }, "开始查"));
  }
  step(only);
  return page;
}

function swap() {
  const here = document.querySelector("main");
  here.textContent = "";
  here.append(page);
}

view("check", "自测", (only) => begin(only));
