// Runs the mini-program in a browser: loads its modules as WeChat does, keeps the stack of pages.
import { MiniProgramEnv, glassEasel } from "glass-easel-miniprogram-adapter";
import { modules, settings, styles, templates } from "/program.js";
import { define } from "./elements.js";
import { makeWx } from "./wx.js";

glassEasel.addGlobalWarningListener((message) => {
  console.error(`warning: ${message}`);
  return false;
});

const program = settings.app;
const used = Object.fromEntries(Object.entries(program.usingComponents || {}).map(([name, path]) => [name, path.slice(1)]));
const env = new MiniProgramEnv();
const space = env.createCodeSpace("program", true);
define(space.getComponentSpace());
const context = new glassEasel.CurrentWindowBackendContext();
// As in WeChat, no tag of a template is one of HTML: <input> becomes <wx-input>.
context.document = {
  createElement: (tag) => document.createElement(`wx-${tag}`),
  createTextNode: (text) => document.createTextNode(text),
  createDocumentFragment: () => document.createDocumentFragment(),
};
context.onEvent((target, type, detail, options) => {
  const event = new glassEasel.Event(type, detail, options);
  glassEasel.Event.dispatchEvent(target, event);
  return event.defaultPrevented() ? glassEasel.EventBubbleStatus.NoDefault : glassEasel.EventBubbleStatus.Normal;
});
const backend = env.associateBackend(context);

for (const [path, content] of Object.entries(templates)) {
  space.addCompiledTemplate(path, { groupList: templates, content });
}
for (const [path, text] of Object.entries(styles)) {
  const style = document.createElement("style");
  style.dataset.path = path;
  style.textContent = text.replace(/(^|[\s,}])page(?=\s*[{,])/g, "$1#screen");
  document.head[path === "app" ? "prepend" : "append"](style);
}

let app = null;
const stack = [];
const tabs = program.tabBar.list;

function resolved(from, name) {
  const parts = name.startsWith("/") ? [] : from.split("/").slice(0, -1);
  for (const part of name.split("/")) {
    if (part === "..") parts.pop();
    else if (part && part !== ".") parts.push(part);
  }
  return parts.join("/").replace(/\.js$/, "");
}

const loaded = {};
function load(path, { Page, Component } = {}) {
  if (path === "settings" && window.phone.settings) return window.phone.settings;
  if (loaded[path]) return loaded[path].exports;
  if (!modules[path]) throw new Error(`no module ${path}`);
  const module = (loaded[path] = { exports: {} });
  const started = (definition) => {
    app = { globalData: {}, ...definition };
  };
  modules[path](module, module.exports, (name) => load(resolved(path, name)), wx, () => app, () => stack.map((page) => page.page), started, Page, Component);
  return module.exports;
}

// Components are defined before the pages and components that use them.
const defined = new Set();
function defineComponent(path) {
  if (defined.has(path)) return;
  defined.add(path);
  const config = settings[path] || {};
  const using = { ...used, ...config.usingComponents };
  for (const name of Object.keys(using)) {
    using[name] = `/${using[name].replace(/^\//, "")}`;
    if (using[name] === `/${path}`) delete using[name];
    else defineComponent(using[name].slice(1));
  }
  space.addComponentStaticConfig(path, { ...config, usingComponents: using });
  space.componentEnv(path, (made) => load(path, made));
}

function query(text) {
  return Object.fromEntries((text || "").split("&").filter(Boolean).map((pair) => pair.split("=").map(decodeURIComponent)));
}

function show() {
  const top = stack[stack.length - 1];
  const screen = document.getElementById("screen");
  screen.replaceChildren(top.element);
  const isTab = tabs.some((tab) => tab.pagePath === top.path);
  document.getElementById("title").textContent = (settings[top.path] || {}).navigationBarTitleText || program.window.navigationBarTitleText;
  document.getElementById("tabs").replaceChildren(
    ...(isTab ? tabs : []).map((tab) => {
      const button = document.createElement("button");
      button.textContent = tab.text;
      if (tab.pagePath === top.path) button.setAttribute("aria-current", "page");
      button.addEventListener("click", () => router.switchTab({ url: `/${tab.pagePath}` }));
      return button;
    }),
  );
  screen.scrollTop = 0;
}

function open(url) {
  const [path, text] = url.replace(/^\//, "").split("?");
  if (!program.pages.includes(path)) throw new Error(`no page ${path}`);
  defineComponent(path);
  const root = backend.createRoot("page", space, path);
  const page = root.get();
  page.route = path;
  const element = document.createElement("div");
  const place = document.createElement("div");
  element.append(place);
  document.getElementById("screen").append(element);
  root.attach(element, place);
  stack.push({ path, root, page, element });
  show();
  page.onLoad?.(query(text));
  page.onShow?.();
  page.onReady?.();
}

function close() {
  const { page, root } = stack.pop();
  page.onUnload?.();
  root.release();
}

const kept = {};
const router = {
  navigateTo({ url }) {
    stack[stack.length - 1].page.onHide?.();
    open(url);
  },
  redirectTo({ url }) {
    close();
    open(url);
  },
  navigateBack() {
    if (stack.length < 2) return;
    close();
    show();
    stack[stack.length - 1].page.onShow?.();
  },
  switchTab({ url }) {
    while (stack.length > 1) close();
    const old = stack.pop();
    if (old) {
      kept[old.path] = old;
      old.page.onHide?.();
    }
    const path = url.replace(/^\//, "");
    if (!kept[path]) return open(url);
    stack.push(kept[path]);
    show();
    kept[path].page.onShow?.();
  },
  reLaunch({ url }) {
    while (stack.length) close();
    for (const path of Object.keys(kept)) delete kept[path];
    open(url);
  },
};

const wx = makeWx(router);
window.wx = wx;
window.pages = stack;
document.getElementById("title").addEventListener("click", () => router.navigateBack({}));

load("app");
const launch = { path: program.pages[0], query: {}, scene: 1001, ...window.phone.launch };
app.onLaunch?.(launch);
app.onShow?.(launch);
const given = new URLSearchParams(launch.query).toString();
open(`/${launch.path}${given ? `?${given}` : ""}`);
