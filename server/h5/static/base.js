// What every screen stands on: elements, what is kept on the phone, calls, places to go to.
export const root = document.documentElement;
export const main = document.createElement("main");

// h("button.primary", { onclick }, "text", child, [more]): an element; text stays text, never markup.
export function h(what, given, ...inside) {
  const [name, ...kinds] = what.split(".");
  const made = document.createElement(name);
  if (kinds.length) made.className = kinds.join(" ");
  if (name === "button") made.type = "button";
  for (const [key, value] of Object.entries(given || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  return put(made, inside);
}

// Puts something else in a box that is there, and goes to its heading.
export function refill(box, ...made) {
  box.textContent = "";
  put(box, made);
  if (!box.isConnected) return;
  scrollTo(0, 0);
  const at = box.querySelector("h2");
  if (at) at.focus({ preventScroll: true });
}

// A field with its name above it.
export const field = (id, label, more) => [h("label", { htmlFor: id }, label), h("input", { id, ...more })];

// What is told as a name and a value, line by line, where there is a value.
export const pairs = (rows) => rows.filter(([, value]) => value).map(([label, value]) => h("div.pairs", null, h("span", null, label), h("b", null, value)));

export function put(into, inside) {
  for (const each of inside) {
    if (Array.isArray(each)) put(into, each);
    else if (each || each === 0) into.append(each);
  }
  return into;
}

// What stays on the phone. All that is somebody's own begins with "my." and goes with the sign-out.
// What the phone has no room for lasts as long as the page does.
const memory = {};

export const kept = {
  get(key) {
    if (key in memory) return memory[key];
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch (error) {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
      delete memory[key];
    } catch (error) {
      memory[key] = value;
    }
  },
  drop(key) {
    delete memory[key];
    try {
      localStorage.removeItem(key);
    } catch (error) {
      // Nothing was kept.
    }
  },
  forget() {
    const names = Object.keys(memory);
    try {
      names.push(...Object.keys(localStorage));
    } catch (error) {
      // Nothing was kept.
    }
    for (const name of names) if (name.startsWith("my.")) kept.drop(name);
  },
};

// What is known while the page is open, and gone with it.
export const known = { facts: {}, words: {} };

// What is being written, by the name of what it is for: it stays until it is sent, whoever leaves it
// meanwhile; never in the phone's storage, for it may be anything about anybody.
export const noted = (name) => known.words[name] || {};
export const note = (name, id, value) => (known.words[name] = { ...noted(name), [id]: value });
export const unnote = (name) => delete known.words[name];

export function lasting(name, made) {
  made.value = noted(name)[made.id] || made.value;
  made.addEventListener("input", () => note(name, made.id, made.value));
  return made;
}

export const signedIn = () => Boolean(kept.get("my.token"));

// Of one stay from signing in to signing out: a new name for it, however often the token is renewed.
export function signedInBy(token) {
  kept.set("my.stay", newKey());
  kept.set("my.token", token);
}

export function signOut() {
  kept.forget();
  known.given = "";
  known.facts = {};
  known.words = {};
  if (views.ask) delete views.ask.made;
}

export class Problem extends Error {
  constructor(body, passing, after) {
    super(body.detail);
    this.code = body.code;
    this.body = body;
    this.passing = passing;
    this.after = after;
  }
}

const pause = (time) => new Promise((done) => setTimeout(done, time));
// Who waits for a better line goes on at once when something has come through.
const resting = new Set();
const rest = (time) => Promise.race([pause(time), new Promise((done) => resting.add(done))]);

function wake() {
  for (const go of resting) go();
  resting.clear();
}
addEventListener("online", wake);

const line = h("p.line", { hidden: true, role: "status" });

export const hex = (bytes) => Array.from(bytes, (one) => (one + 256).toString(16).slice(1)).join("");

export const newKey = () => hex(crypto.getRandomValues(new Uint8Array(16)));

// A key stays the same until the server has said that it is done, also over a reload.
export async function surely(name, method, path, body) {
  const slot = `my.key.${name}`;
  const key = kept.get(slot) || newKey();
  kept.set(slot, key);
  try {
    const value = await call(method, path, body, { key });
    kept.drop(slot);
    return value;
  } catch (problem) {
    if (!problem.passing) kept.drop(slot);
    throw problem;
  }
}

// One call of the API (`body`: what is sent, or makes it for each try); with a key, or for reading, it is tried again until `patience` (ms) is over.
export async function call(method, path, body, how) {
  const { key, patience = key ? 120000 : method === "GET" ? 15000 : 0 } = how || {};
  const until = Date.now() + patience;
  const stay = kept.get("my.stay");
  // What one has begun is not sent in the name of who signs in next, and its reply is not for them.
  const check = () => {
    if (stay && stay !== kept.get("my.stay")) throw new Problem({ code: "signed_out", detail: "已经退出登录。" }, false);
  };
  for (let tries = 0; ; tries += 1) {
    const began = Date.now();
    try {
      check();
      const value = await once(method, path, typeof body === "function" ? body() : body, key);
      check();
      // How long the try that came through took, for who wants to know.
      if (how) how.took = Date.now() - began;
      wake();
      line.hidden = true;
      return value;
    } catch (problem) {
      problem.tries = tries;
      if (!problem.passing || Date.now() + (problem.after || 0) > until) {
        line.hidden = true;
        throw problem;
      }
      const offline = navigator.onLine === false ? "手机没有连上网，连上会自动接着办。" : "网络不好，正在重试…";
      line.textContent = problem.code === "offline" ? offline : problem.message;
      line.hidden = false;
      // Soon at first: a line that broke is mostly back in a second or two. Never in step: who comes back
      // every four seconds to a line that drops every four seconds never gets through.
      const time = Math.min(3000, 300 * 1.4 ** tries) * (0.7 + 0.6 * Math.random());
      await (problem.after ? pause(problem.after) : rest(time));
    }
  }
}

async function once(method, path, body, key) {
  const headers = {};
  const token = kept.get("my.token");
  if (token) headers.Authorization = `Bearer ${token.token}`;
  if (key) headers["Idempotency-Key"] = key;
  const raw = body instanceof Blob;
  if (body) headers["Content-Type"] = raw ? "application/octet-stream" : "application/json";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20000);
  let response;
  let value = null;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body && (raw ? body : JSON.stringify(body)),
      signal: stop.signal,
    });
    if (response.status !== 204) value = path.startsWith("/materials/") && response.ok ? await response.blob() : await response.json();
  } catch (error) {
    const offline = navigator.onLine === false;
    const detail = offline ? "手机没有连上网。" : "网络不好，没有连上。";
    throw new Problem({ code: "offline", detail }, true);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return value;
  const { status } = response;
  if (status === 401 && token && value.code === "session_over") {
    signOut();
    // Whichever call finds out: the way to sign in says why it is there again.
    known.over = value.detail;
  }
  const passing = status > 501 || status === 429 || value.code === "still_in_flight";
  throw new Problem(value, passing, Number(response.headers.get("Retry-After")) * 1000);
}

// Short words at the bottom, as after a press.
const toast = h("p.toast", { role: "status", hidden: true });
let fading;

export function tell(text) {
  toast.textContent = text;
  toast.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(() => (toast.hidden = true), 2000 + 200 * text.length);
}

// Whether a field is still empty: the first one that is gets the focus and is named.
export function empty(...fields) {
  const found = fields.find((each) => !each.value.trim());
  if (!found) return false;
  found.focus();
  tell(`请先填“${found.labels[0].textContent.split(/[（？，。]/)[0]}”。`);
  return true;
}

// A half screen over the page; returns how to close it.
export function sheet(title, ...inside) {
  const before = document.activeElement;
  const heading = h("h2", { tabIndex: -1 }, title);
  const box = h("div.sheet", { role: "dialog", "aria-modal": "true", "aria-label": title });
  const behind = h("div.behind", { onclick: (event) => event.target === behind && close() }, box);
  function close() {
    document.removeEventListener("keydown", pressed);
    removeEventListener("popstate", close);
    shell.inert = false;
    shell.removeAttribute("aria-hidden");
    behind.remove();
    delete known.close;
    if (before && before.focus) before.focus();
    if (close.after) close.after();
  }
  function pressed(event) {
    if (event.key === "Escape") close();
    if (event.key !== "Tab") return;
    const stops = [...box.querySelectorAll("button, a[href], input, select, textarea, summary")];
    const end = event.shiftKey ? stops[0] : stops[stops.length - 1];
    if (document.activeElement !== end) return;
    event.preventDefault();
    stops[event.shiftKey ? stops.length - 1 : 0].focus();
  }
  put(box, [h("div.top", null, heading, h("button.plain", { onclick: close }, "关闭")), ...inside]);
  document.addEventListener("keydown", pressed);
  addEventListener("popstate", close);
  shell.inert = true;
  shell.setAttribute("aria-hidden", "true");
  document.body.append(behind);
  heading.focus();
  known.close = close;
  return close;
}

// A question before something that can't be undone; with `no`: of two ways the one to recommend.
export function sure(title, text, yes, no) {
  return new Promise((done) => {
    const way = (kind, label, value) => h(`button${kind}`, { onclick: () => (done(value), close()) }, label);
    const both = no ? [way(".primary", no, false), way("", yes, true)] : [way(".primary.warn", yes, true), way("", "先不", false)];
    const close = sheet(title, h("p", null, text), both);
    close.after = () => done(false);
  });
}

// A screen that waits, is empty, or went wrong: what is the matter, and what to do.
export const state = (text, ...ways) => h("div.state", { role: "status" }, h("p", null, text), ...ways);
export const waiting = () => state("正在打开…", h("div.dots", { "aria-hidden": "true" }));

// A fault of this page is none to be told: it goes on.
export function expected(problem) {
  if (!(problem instanceof Problem)) throw problem;
}
const details = (problem) => (problem.body.errors || []).map((each) => each.detail);

export function failed(problem, again) {
  expected(problem);
  const more = details(problem).map((each) => h("p", null, each));
  return state(problem.message, ...more, again && h("button.primary", { onclick: again }, "再试一次"));
}

// A line of a list that leads on, with what is said below its name.
export const cell = (label, act, under) =>
  h("button.cell", { onclick: act }, h("span", null, h("b", null, label), under && h("span.hint", null, under)), h("i", { "aria-hidden": "true" }, "›"));

export const yuan = (fen) => `${(fen / 100).toFixed(2)}元`;
export const day = (text) => text.replace(/(\d+)-0?(\d+)-0?(\d+).*/, "$1年$2月$3日");

// An instant as it is in China, eight hours ahead; with the year where it is not this one.
const there = (at) => new Date(at + 288e5).toISOString();
export const today = () => there(Date.now());
export function moment(text) {
  const at = there(Date.parse(text));
  return day(at).slice(at.slice(0, 4) === today().slice(0, 4) ? 5 : 0) + at.slice(11, 16);
}

// A button that is pressed once: until what it does has ended it takes no second press.
export function action(label, act, kind) {
  const button = h(`button${kind === undefined ? ".primary" : kind}`, {
    async onclick() {
      if (button.getAttribute("aria-busy")) return;
      button.setAttribute("aria-busy", "true");
      toast.hidden = true;
      try {
        await act(button);
      } catch (problem) {
        expected(problem);
        tell([problem.message, ...details(problem)].join(""));
        // What has changed meanwhile is shown as it is now, and not pressed again before.
        if (/^(session_over|move_refused|\w+_changed)$/.test(problem.code)) await show();
      } finally {
        button.removeAttribute("aria-busy");
      }
    },
  }, label);
  return button;
}

// Screens by name, and the file that each stands in.
const FILES = {
  ask: "chat", check: "check", apply: "apply", me: "person",
  case: "cases", cases: "cases", messages: "cases", letter: "cases", help: "cases", helps: "cases", data: "person",
  offers: "offers", offer: "offers", places: "offers", wishes: "offers", hiring: "offers", card: "cases",
  joint: "joint", join: "joint",
};
const views = {};
const fetched = {};

export function view(name, title, build) {
  views[name] = { title, build };
}

export function place() {
  const [name, arg] = location.hash.slice(1).split("/");
  return { name: name in FILES ? name : "ask", arg: arg && decodeURIComponent(arg) };
}

// `secret` is what may not stand in an address: it goes along with it, for who is signed in now.
export function go(name, arg, secret) {
  const hash = `#${name}${arg ? `/${encodeURIComponent(arg)}` : ""}`;
  const here = location.hash === hash;
  location.hash = hash;
  history.replaceState([kept.get("my.stay"), secret], "");
  if (here) show();
}

function secret() {
  const [stay, told] = history.state || [];
  return !stay || stay === kept.get("my.stay") ? told : undefined;
}

// Fetched with patience first: a module that failed to load once would never load again.
async function load(file) {
  const source = `${root.dataset.base}${file}.js`;
  if (!fetched[file]) {
    for (let tries = 0; ; tries += 1) {
      try {
        const response = await fetch(source);
        const text = await response.text();
        if (!response.ok) throw new TypeError();
        await Promise.all((text.match(/from *"\.\/\w+\.js"/g) || []).map((each) => load(each.slice(each.indexOf("/") + 1, -4))));
        break;
      } catch (error) {
        if (tries > 4) throw new Problem({ code: "offline", detail: "网络不好，这一页没有打开。" }, true);
        await rest(400 * 2 ** tries);
      }
    }
    fetched[file] = true;
  }
  return source;
}

let tried = 0;

async function found(name) {
  if (!views[name]) {
    const source = await load(FILES[name]);
    await new Promise((done, fail) => {
      // What failed once under an address stays failed: the next time it has another.
      const src = tried ? `${source}?${tried}` : source;
      const broken = () => {
        tried += 1;
        fail(new Problem({ code: "offline", detail: "网络不好，这一页没有打开。" }, true));
      };
      document.head.append(h("script", { type: "module", src, onload: done, onerror: broken }));
    });
  }
  return views[name];
}

export const shell = h("div.shell");
const heading = h("h1", { tabIndex: -1 });
const back = h("button.plain", { onclick: () => history.back(), hidden: true }, "‹ 返回");
let turn = 0;

// Shows the screen that the address names.
export async function show() {
  const mine = (turn += 1);
  if (known.close) known.close();
  const { name, arg } = place();
  const tab = { ask: "ask", check: "check", apply: "apply", offers: "apply", offer: "apply", wishes: "apply", hiring: "apply" }[name] || "me";
  for (const link of shell.querySelectorAll("nav a")) {
    if (link.hash === `#${tab}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const deep = name !== tab || Boolean(arg);
  back.hidden = !deep;
  city.hidden = deep;
  care.hidden = deep;
  root.dataset.view = name;
  const slow = setTimeout(() => mine === turn && fill(waiting()), 150);
  let made;
  try {
    const here = await found(name);
    if (mine !== turn) return;
    heading.textContent = here.title;
    document.title = name === "ask" ? here.title : `${here.title} · 暖岗`;
    made = here.made || (await here.build(arg, secret()));
    if (here.keep) here.made = made;
  } catch (problem) {
    made = failed(problem, show);
  } finally {
    clearTimeout(slow);
  }
  if (mine === turn) fill(made);
}

function fill(made) {
  const before = main.firstChild;
  if (before && before !== made) before.seen = seen();
  main.textContent = "";
  main.append(made);
  // Who hears the page is told where they are; the first screen tells it by itself.
  if (before) (main.querySelector("h2[tabindex]") || heading).focus({ preventScroll: true });
  if (made.seen) made.seen();
  else scrollTo(0, 0);
}

// What stands near the top just now; called later it stands there again, however large it is then.
function seen() {
  let found = null;
  for (let top = 90; top < 250; top += 20) {
    const at = document.elementFromPoint(innerWidth / 2, top);
    if (!at || !main.contains(at)) continue;
    const { top: from, height } = at.getBoundingClientRect();
    // The smallest tells the place best.
    if (!found || height < found.height) found = { at, top, height, part: (top - from) / (height || 1) };
  }
  return found && (() => {
    const after = found.at.getBoundingClientRect();
    scrollBy(0, after.top + found.part * after.height - found.top);
  });
}

export const keepView = (name) => (views[name].keep = true);

// -- the frame: tabs, the place one is in, large letters, Traditional characters ------------------

const TABS = [
  ["ask", "问", "M4 5h16v11H10l-5 4v-4H4z"],
  ["check", "查", "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zm4.5 10.5L20 20"],
  ["apply", "办", "M6 3h9l4 4v14H6zM9 11h7M9 15h7"],
  ["me", "我的", "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21c1-5 4-6 8-6s7 1 8 6"],
];

export function icon(path) {
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  drawn.append(line);
  return drawn;
}

const options = [...document.querySelectorAll("#region option")].filter((each) => each.value);
known.regions = options.map((each) => ({
  id: each.value,
  label: each.textContent,
  group: each.parentElement.label,
}));
const labelOf = (id) => (known.regions.find((each) => each.id === id) || {}).label;

const city = h("button.plain.city", { onclick: () => chooseCity() });

function tellCity() {
  city.textContent = `${labelOf(known.region) || "选地方"} ▾`;
  city.setAttribute("aria-label", `现在的地方：${labelOf(known.region) || "还没选"}，点一下换`);
}

function setCity(id) {
  known.region = id;
  known.facts = {};
  kept.set("city", id);
  tellCity();
}

// The place that somebody named in their words, where none was chosen.
known.takeCity = (id) => labelOf(id) && (setCity(id), tell(`现在按${labelOf(id)}查，点上面可以换。`));

// A list with one tap for each place; `then` is called with the one that was tapped.
known.cities = (then) => {
  let group;
  return h("div.cells", null, known.regions.map((each) => {
    const first = each.group !== group;
    group = each.group;
    const picked = each.id === known.region;
    return [
      first && h("h3", null, group),
      h("button.cell", { "aria-pressed": String(picked), onclick: () => (setCity(each.id), then()) }, each.label, picked && h("b", { "aria-hidden": "true" }, "✓")),
    ];
  }));
};

// Where nothing can be shown before the place is known.
known.where = (then, hint) => h("div.page", null, h("h2", null, "你在哪里打工？"), hint && h("p.hint", null, hint), known.cities(then));

function chooseCity() {
  const close = sheet("你在哪里打工？", known.cities(() => (close(), dispatchEvent(new Event("city")), place().name === "ask" || show())));
}

const care = h("button.plain", { onclick: () => setCare(!known.care) });

function setCare(on) {
  const again = seen();
  known.care = on;
  kept.set("care", on);
  root.classList.toggle("care", on);
  care.textContent = on ? "小字" : "大字";
  care.setAttribute("aria-label", on ? "关怀模式开着，点一下关" : "关怀模式：字更大，能读出来");
  care.setAttribute("aria-pressed", String(on));
  if (again) again();
  const part = scrollY / root.scrollHeight;
  if (shell.isConnected && place().name === "me") show().then(() => scrollTo(0, part * root.scrollHeight));
}
known.setCare = setCare;
known.chooseCity = chooseCity;

known.setScript = (on) => {
  kept.set("hant", on);
  if (!on) return location.reload();
  const script = h("script", { type: "module", src: `${root.dataset.base}hant.js` });
  document.head.append(script);
  return undefined;
};

// Whoever is often here is not asked to sign in again; the old token goes on for some minutes.
async function renew() {
  const token = kept.get("my.token");
  if (!token || new Date(token.expires_at) - Date.now() > 20 * 864e5) return;
  try {
    kept.set("my.token", await call("POST", "/session/renewal", undefined));
  } catch (problem) {
    expected(problem);
  }
}

// Back from WeChat with a code: it is taken once, and stands in the address no longer.
async function comeBack(code, state) {
  let expected;
  try {
    expected = JSON.parse(sessionStorage.getItem("state")) || [];
    sessionStorage.removeItem("state");
    if (state !== expected[0]) return;
    const token = await call("POST", "/session", { code, web: true });
    signedInBy(token);
    location.hash = expected[1];
  } catch (problem) {
    tell(problem.message);
  }
  show();
}

// Puts the app in the place of the plain form; called once all that the first screen needs is there.
export function start() {
  const chosen = document.querySelector("#region").value;
  known.region = chosen || (labelOf(kept.get("city")) ? kept.get("city") : "");
  known.given = document.querySelector("#conversation").value;
  if (chosen) kept.set("city", chosen);
  const query = new URLSearchParams(location.search);
  if (location.search) history.replaceState(null, "", location.pathname + location.hash);

  const tabs = h("nav", { "aria-label": "四个地方" }, TABS.map(([name, label, path]) => h("a", { href: `#${name}` }, icon(path), h("span", null, label))));
  tellCity();
  put(shell, [h("header", null, back, heading, city, care, line), main, tabs]);
  addEventListener("hashchange", show);
  // Signed out in another window: nothing of theirs stays to be seen in this one.
  addEventListener("storage", ({ key, newValue }) => key === "my.token" && !newValue && (signOut(), show()));
  setCare(Boolean(kept.get("care")));
  document.body.textContent = "";
  document.body.className = "";
  // A half screen lies over the shell and not over what is told.
  document.body.append(shell, toast);
  if (kept.get("hant")) known.setScript(true);
  if (signedIn() && !kept.get("my.stay")) kept.set("my.stay", newKey());
  if (signedIn()) renew();
  show();
  if (query.get("code")) comeBack(query.get("code"), query.get("state"));
  // Later, when the line has nothing else to carry.
  if ("serviceWorker" in navigator) setTimeout(() => navigator.serviceWorker.register("/sw.js").catch(() => {}), 5000);

}
