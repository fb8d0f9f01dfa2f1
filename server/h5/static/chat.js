// Makes the page a running conversation; without this script its form works all the same.
const form = document.getElementById("ask");
const talk = document.getElementById("talk");
const field = document.getElementById("text");
const region = document.getElementById("region");
const held = document.getElementById("conversation");
const send = document.getElementById("send");

const phones = (talk.dataset.phones || "").split(" ").filter(Boolean).sort((a, b) => b.length - a.length);
const called = new RegExp(`(?:^|[^\\d.])(${phones.join("|") || "$^"})(?![\\d.元名人个%])`, "g");

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

// Text only, never markup: telephone numbers become links, everything else stays text.
function paragraph(text) {
  const made = element("p");
  let from = 0;
  for (const found of text.matchAll(called)) {
    const start = found.index + found[0].length - found[1].length;
    made.append(text.slice(from, start));
    const link = element("a", found[1]);
    link.href = `tel:${found[1]}`;
    made.append(link);
    from = start + found[1].length;
  }
  made.append(text.slice(from));
  return made;
}

function say(kind, text) {
  const bubble = element("div", "", `said ${kind}`);
  bubble.append(paragraph(text));
  talk.append(bubble);
  bubble.scrollIntoView({ block: "start" });
  return bubble;
}

function way(label, text) {
  const button = element("button", label);
  button.value = text;
  return button;
}

// A field to answer with: a box to tick, a number or a day.
function input(type, value, label) {
  const made = element("input");
  made.type = type;
  made.name = "text";
  if (value) made.value = value;
  if (label) made.setAttribute("aria-label", label);
  return made;
}

function box(label, text) {
  const made = element("label", label);
  made.prepend(input("checkbox", text));
  return made;
}

const FIELDS = { number: "number", day: "date" };

function waysOn(answer) {
  const ways = element("form", "", "ways");
  const offer = answer.input === "several" ? box : way;
  for (const choice of answer.choices) ways.append(offer(`${choice.number}. ${choice.label}`, String(choice.number)));
  if (answer.input === "several") ways.append(way("选好了", ""));
  if (FIELDS[answer.input]) ways.append(input(FIELDS[answer.input], "", "你的回答"), way("回复", ""));
  for (const suggestion of answer.suggestions) ways.append(way(suggestion, suggestion));
  return working(ways);
}

// A button with a value says it; one without sends what is ticked or filled in.
function working(ways) {
  for (const button of ways.querySelectorAll("button")) {
    if (!button.value) continue;
    button.type = "button";
    button.addEventListener("click", () => ask(button.value, button.textContent));
  }
  ways.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = [...ways.querySelectorAll("input[name=text]")];
    const filled = given.filter((field) => (field.type === "checkbox" ? field.checked : field.value));
    const told = filled.map((field) => (field.type === "checkbox" ? field.parentElement.textContent : field.value));
    if (filled.length) ask(filled.map((field) => field.value).join(" "), told.join("，"));
  });
  return ways;
}

function show(bubble, answer) {
  bubble.className = "said bot";
  bubble.firstChild.replaceWith(paragraph(answer.reply));
  for (const source of answer.sources) {
    if (!source.quote) continue;
    const details = element("details");
    details.append(element("summary", `原文：${source.title} ${source.locator}`));
    details.append(element("blockquote", source.quote));
    bubble.append(details);
  }
  const ways = waysOn(answer);
  if (ways.childElementCount) bubble.after(ways);
  bubble.scrollIntoView({ block: "start" });
}

async function ask(text, label) {
  for (const old of talk.querySelectorAll(".ways")) old.remove();
  say("worker", label || text);
  const bubble = say("bot waiting", "正在查…");
  send.disabled = true;
  try {
    const body = { text: text };
    if (region.value) body.region = region.value;
    if (held.value) body.conversation = held.value;
    const response = await fetch("/api/v1/chat", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.detail);
    held.value = answer.conversation;
    show(bubble, answer);
  } catch (error) {
    bubble.className = "said bot failed";
    const told = error instanceof TypeError || error instanceof SyntaxError || !error.message;
    bubble.firstChild.textContent = told ? "网络不好，没有发出去。" : error.message;
    const ways = element("form", "", "ways");
    ways.append(way("再发一次", text));
    bubble.after(working(ways));
  } finally {
    send.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) ask(field.value);
  field.value = "";
});

// The ways to go on of a page that came with its reply.
for (const ways of talk.querySelectorAll("form.ways")) working(ways);
