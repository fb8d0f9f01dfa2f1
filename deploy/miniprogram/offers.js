// What is offered (招聘、课程、出行、活动): its names, and how it is told.
const { day, moment } = require("./times.js");

const KINDS = [
  { id: "", name: "全部" },
  { id: "vacancy", name: "招聘" },
  { id: "session", name: "课程" },
  { id: "trip", name: "出行" },
  { id: "activity", name: "活动" },
];
const STANDINGS = {
  joined: "你已经报名了。",
  waiting: "名额满了，你在排队。有了名额会告诉你。",
  attended: "你参加过了。",
  absent: "你报了名，没有到。",
  left: "你退出了。",
};

const nameOf = (kind) => KINDS.find((each) => each.id === kind).name;

// Pay is told in fen a month.
function payOf({ pay_from: from, pay_to: to }) {
  const [least, most] = [from, to].map((fen) => fen && fen / 100);
  const sum = least && most && least !== most ? `${least}到${most}` : least || most;
  return sum ? `每月${sum}元${most ? (least ? "" : "以内") : "起"}` : "";
}

const routeOf = ({ origin, destination }) => (origin ? `${origin}到${destination}` : "");

// An offer in a list: what it is, and when.
function rowOf(offer) {
  const { id, title, kind, region, details, begins_at: begins, last_on: last, left } = offer;
  const said = [nameOf(kind), region, payOf(details) || routeOf(details), begins ? moment(begins) : `${day(last)}前报名`, left === 0 ? "满了，可以排队" : ""];
  return { id, title, short: said.filter(Boolean).join("　") };
}

// One's place in a list.
function placeOf({ offer, state, hours, certificate }) {
  const said = [nameOf(offer.kind), STANDINGS[state], offer.begins_at ? moment(offer.begins_at) : "", hours ? `${hours}小时` : "", certificate ? `证书${certificate}` : ""];
  return { id: offer.id, title: offer.title, short: said.filter(Boolean).join("　") };
}

// All that is known of it, line by line.
function linesOf({ kind, details, organiser, place, begins_at: begins, last_on: last, left, waiting }) {
  const isCourse = kind === "session";
  return [
    ["工种", kind === "vacancy" ? details.trade : ""],
    ["工钱", payOf(details)],
    ["学什么", isCourse ? details.trade : ""],
    ["课时", details.hours ? `${details.hours}小时` : ""],
    ["证书", isCourse ? (details.certificate ? "学完有证书" : "没有证书") : ""],
    ["从哪里到哪里", routeOf(details)],
    ["给谁", details.for_whom],
    ["上岗", day(details.starts_on)],
    ["借用到", day(details.shared_until)],
    ["时间", begins ? moment(begins) : ""],
    ["地点", place],
    ["谁办的", organiser],
    ["最晚报名", day(last)],
    ["名额", left === null ? "" : `还剩${left}个${waiting ? `，有${waiting}人在等` : ""}`],
  ]
    .filter(([, value]) => value)
    .map(([label, value]) => ({ label, value }));
}

module.exports = { KINDS, STANDINGS, nameOf, rowOf, placeOf, linesOf };
