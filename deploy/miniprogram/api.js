// Calls the server. Signs in by itself, repeats what may be repeated, and turns every failure into a
// fault: { code, title, detail, body }, where `detail` is a sentence that says what to do.
const settings = require("./settings.js");
const store = require("./store.js");
const { flat, find } = require("./regions.js");
const { traditional } = require("./script.js");

const BASE = `${settings.server}/api/v1`;
// Soon at first: a line that broke is mostly back in a second or two.
const WAITS = [300, 700, 1500, 3000];
const PATIENCE = 20000;
const RENEW_BEFORE = 3 * 24 * 3600 * 1000;

const OFFLINE = {
  code: "offline",
  title: "网络不通",
  detail: "现在连不上网。等有信号了，请再点一次。",
};
const LOGIN_FAILED = {
  code: "login_failed",
  title: "登录没有成功",
  detail: "微信登录没有成功。请关掉小程序，再打开试试。",
};
const SIGNED_OUT = {
  code: "signed_out",
  title: "你已经退出登录",
  detail: "要看自己的办件、要申请，请先登录。不登录也可以提问、自测。",
};
const BROKEN = {
  code: "broken",
  title: "系统出错了",
  detail: "系统出了点问题，不是你的错。请过一会儿再试。",
};

// Buffers of WeChat's file system may come from another realm: `instanceof` would not know them.
const isBuffer = (body) => Object.prototype.toString.call(body) === "[object ArrayBuffer]";

const later = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// One call over the network; rejects where no whole reply came.
function send({ method, path, body, key, token, isText }) {
  const header = {};
  if (token) header.Authorization = `Bearer ${token}`;
  if (key) header["Idempotency-Key"] = key;
  const isBytes = isBuffer(body);
  if (body !== undefined) header["content-type"] = isBytes ? "application/octet-stream" : "application/json";
  return new Promise((resolve, reject) => {
    wx.request({
      url: BASE + path,
      method,
      data: body,
      header,
      timeout: isBytes ? 3 * PATIENCE : PATIENCE,
      dataType: isText ? "text" : "json",
      success: resolve,
      fail: () => reject(OFFLINE),
    });
  });
}

function faultOf(reply) {
  const told = reply.data;
  if (!told || typeof told !== "object" || !told.detail) return { ...BROKEN, status: reply.statusCode };
  const fields = (told.errors || []).map((error) => error.detail);
  return { code: told.code, title: told.title, detail: [told.detail, ...fields].join("\n"), status: reply.statusCode, body: told };
}

// Whether the same call may succeed a moment later; where WeChat is away, it stays so for longer.
function isPassing({ statusCode, data }) {
  const code = data && data.code;
  return (statusCode > 501 && code !== "wechat_away") || (statusCode === 409 && code === "still_in_flight");
}

// Repeats a call that changes nothing when it comes twice.
async function sendSurely(call) {
  for (const wait of WAITS) {
    try {
      const reply = await send(call);
      if (!isPassing(reply)) return reply;
    } catch (fault) {
      // The line broke, or the server starts anew: once more, but not without a network at all.
      const app = getApp();
      if (app && app.globalData.isOffline) throw fault;
    }
    await later(wait);
  }
  return send(call);
}

let signingIn = null;

// Signs in; somebody who signed out is not signed in again before they ask for it (`enter`).
function signIn() {
  if (store.get("left")) return Promise.reject(SIGNED_OUT);
  if (!signingIn) {
    signingIn = loginCode()
      .then((code) => sendSurely({ method: "POST", path: "/session", body: { code } }))
      .then((reply) => {
        if (reply.statusCode !== 200) throw faultOf(reply);
        store.put("session", reply.data);
        return reply.data.token;
      });
    const over = () => (signingIn = null);
    signingIn.then(over, over);
  }
  return signingIn;
}

function loginCode() {
  if (settings.developer) return Promise.resolve(`dev:${settings.developer}`);
  return new Promise((resolve, reject) => {
    wx.login({ success: ({ code }) => resolve(code), fail: () => reject(LOGIN_FAILED) });
  });
}

const enter = () => store.put("left", null);

// Forgets what the phone knows, with or without a network; where there is one, the session ends, too.
function leave() {
  const token = heldToken();
  store.forget();
  store.put("left", true);
  if (token) sendSurely({ method: "DELETE", path: "/session", token }).catch(() => {});
}

// Ends the sessions on every phone.
async function endAll() {
  await write("DELETE", "/sessions");
  store.put("session", null);
}

// The token there is, null where there is none or its time is over.
function heldToken() {
  const session = store.get("session");
  return session && Date.parse(session.expires_at) > Date.now() ? session.token : null;
}

// A token for one that soon ends; whatever fails here is mended by the next call.
function renew() {
  const token = heldToken();
  if (!token || Date.parse(store.get("session").expires_at) - Date.now() > RENEW_BEFORE) return;
  send({ method: "POST", path: "/session/renewal", token }).then(
    (reply) => {
      if (reply.statusCode === 200) store.put("session", reply.data);
    },
    () => {},
  );
}

async function call(asked, { open = false } = {}) {
  const token = heldToken() || (open ? null : await signIn());
  let reply = await sendSurely({ ...asked, token });
  if (reply.statusCode === 401 && token) {
    // The session is over: WeChat signs in again without asking anybody.
    store.put("session", null);
    reply = await sendSurely({ ...asked, token: open && store.get("left") ? null : await signIn() });
  }
  if (reply.statusCode >= 400) throw faultOf(reply);
  return store.get("hant") && !asked.isPlain ? traditional(reply.data, inTraditional) : reply.data;
}

const inTraditional = (texts) => call({ method: "POST", path: "/script", body: { texts }, isPlain: true }, { open: true });

function query(path, values) {
  const pairs = Object.keys(values || {})
    .filter((name) => values[name] !== null && values[name] !== undefined)
    .map((name) => `${name}=${encodeURIComponent(values[name])}`);
  return pairs.length ? `${path}?${pairs.join("&")}` : path;
}

// What everybody may read.
const read = (path, values) => call({ method: "GET", path: query(path, values) }, { open: true });

// What a worker may read of their own.
const own = (path, values) => call({ method: "GET", path: query(path, values) });

const text = (path, values) => call({ method: "GET", path: query(path, values), isText: true });

// What may come twice: it stores nothing, or carries a key of its own by which it counts once.
const ask = (path, body) => call({ method: "POST", path, body }, { open: true });

const piece = (path, values, bytes) => call({ method: "PUT", path: query(path, values), body: bytes });

const write = (method, path, body) => call({ method, path, body });

// Does something once: its key stays on the phone until the server has answered, so that a second
// press, a broken line or a restart sends the same key again.
async function once(intent, method, path, body) {
  const go = async () => {
    const done = await call({ method, path, body, key: keyOf(intent) });
    settle(intent);
    return done;
  };
  try {
    return await go();
  } catch (fault) {
    if (isOpen(fault)) throw fault;
    settle(intent);
    if (fault.code !== "idempotency_key_reused") throw fault;
  }
  // An earlier press with other content was done; this one is another.
  return go();
}

// Nobody knows whether it was done.
const isOpen = (fault) => !fault.status || fault.status >= 500 || fault.code === "still_in_flight";

function keyOf(intent) {
  const intents = store.get("intents") || {};
  if (!intents[intent]) {
    intents[intent] = newKey();
    store.put("intents", intents);
  }
  return intents[intent];
}

function settle(intent) {
  const intents = store.get("intents") || {};
  delete intents[intent];
  store.put("intents", intents);
}

function newKey() {
  const random = () => Math.random().toString(36).slice(2, 12).padEnd(10, "0");
  return `${Date.now().toString(36)}-${random()}${random()}${random()}`;
}

let reading = null;

// All regions of the server, one after another.
function regions() {
  if (!reading) {
    // Places are found by their names: these stay as they are.
    reading = call({ method: "GET", path: "/regions", isPlain: true }, { open: true }).then((found) => flat(found.regions));
    reading.catch(() => (reading = null));
  }
  return reading;
}

const regionOf = (place) =>
  regions().then((all) => {
    const found = find(all, place);
    return found && { id: found.id, label: found.label };
  });

let asking = null;

// Which messages can be subscribed to, and which numbers of a reply can be called.
function client() {
  if (!asking) {
    asking = read("/client");
    asking.catch(() => (asking = null));
  }
  return asking;
}

module.exports = { read, own, text, ask, piece, write, once, newKey, renew, enter, leave, endAll, regions, regionOf, client };
