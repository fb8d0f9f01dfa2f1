// The `wx` object as far as the mini-program uses it: real HTTP, a storage that outlives the page,
// files, dialogs as DOM. What WeChat would do on its own servers is what `window.phone` says.
const settled = (options, result) => {
  options.success?.(result);
  options.complete?.(result);
};
const failed = (options, errMsg) => {
  const result = { errMsg };
  options.fail?.(result);
  options.complete?.(result);
};

// What was asked of WeChat, for the tests to look at.
export const record = { calls: [], subscriptions: [], requests: [], toasts: [], shared: [], pictures: [] };
window.record = record;

const STORED = "stored:";
const FILE = "file:";

const files = new Map();
for (const [name, text] of Object.entries(localStorage)) {
  if (name.startsWith(FILE)) files.set(name.slice(FILE.length), Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
}

function keep(path, content) {
  let text = "";
  for (const byte of new Uint8Array(content)) text += String.fromCharCode(byte);
  files.set(path, content);
  localStorage.setItem(FILE + path, btoa(text));
}

let made = 0;
window.phone.addressOf = (path) => (files.has(path) ? URL.createObjectURL(new Blob([files.get(path)])) : path || "data:,");

function request(options) {
  const stopping = new AbortController();
  const timer = setTimeout(() => stopping.abort(), options.timeout || 60000);
  const method = options.method || "GET";
  const header = options.header || {};
  const isBytes = options.data instanceof ArrayBuffer;
  const body = options.data === undefined || method === "GET" ? undefined : isBytes ? options.data : JSON.stringify(options.data);
  if (window.phone.offline) {
    setTimeout(() => failed(options, "request:fail 网络不可用"), 5);
    return { abort() {} };
  }
  record.requests.push({ method, url: options.url, key: header["Idempotency-Key"] || null, size: isBytes ? options.data.byteLength : 0 });
  // A line that is there and carries nothing.
  if (window.phone.stalls?.(method, options.url)) return { abort() {} };
  fetch(options.url, { method, headers: header, body, signal: stopping.signal })
    .then(async (reply) => {
      const lost = window.phone.loses?.(method, options.url);
      const content = options.responseType === "arraybuffer" ? await reply.arrayBuffer() : await reply.text();
      clearTimeout(timer);
      if (lost) return failed(options, "request:fail 连接断开");
      let data = content;
      if (typeof content === "string" && options.dataType !== "text") {
        try {
          data = JSON.parse(content);
        } catch {
          // As in WeChat: what is no JSON stays text.
        }
      }
      settled(options, { statusCode: reply.status, data, header: Object.fromEntries(reply.headers) });
    })
    .catch((error) => {
      clearTimeout(timer);
      failed(options, `request:fail ${error.message}`);
    });
  return { abort: () => stopping.abort() };
}

function dialog(text, ways) {
  const box = document.createElement("div");
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", text.split("\n")[0]);
  box.append(text, document.createElement("br"));
  return new Promise((resolve) => {
    ways.forEach((label, place) => {
      const button = document.createElement("button");
      button.textContent = label;
      button.addEventListener("click", () => {
        box.remove();
        resolve(place);
      });
      box.append(button);
    });
    document.getElementById("above").append(box);
  });
}

async function compressImage(options) {
  const image = await createImageBitmap(new Blob([files.get(options.src)]));
  const width = Math.min(options.compressedWidth || image.width, image.width);
  const canvas = new OffscreenCanvas(width, Math.round((image.height * width) / image.width));
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: (options.quality || 80) / 100 });
  const path = `wxfile://tmp/${++made}.jpg`;
  files.set(path, await blob.arrayBuffer());
  settled(options, { tempFilePath: path });
}

const fileSystem = {
  readFile(options) {
    if (!files.has(options.filePath)) return failed(options, "readFile:fail no such file");
    settled(options, { data: files.get(options.filePath).slice(0) });
  },
  saveFile(options) {
    const path = options.filePath || `wxfile://store/${Date.now()}-${++made}.jpg`;
    keep(path, files.get(options.tempFilePath));
    files.delete(options.tempFilePath);
    settled(options, { savedFilePath: path });
  },
  writeFile(options) {
    keep(options.filePath, typeof options.data === "string" ? new TextEncoder().encode(options.data).buffer : options.data);
    settled(options, {});
  },
  unlink(options) {
    files.delete(options.filePath);
    localStorage.removeItem(FILE + options.filePath);
    settled(options, {});
  },
};

export function makeWx(router) {
  return {
    ...router,
    env: { USER_DATA_PATH: "wxfile://usr" },
    request,
    login: (options) => setTimeout(() => (window.phone.name ? settled(options, { code: `dev:${window.phone.name}` }) : failed(options, "login:fail")), 0),
    getStorageSync: (key) => JSON.parse(localStorage.getItem(STORED + key) ?? '""'),
    setStorageSync: (key, value) => localStorage.setItem(STORED + key, JSON.stringify(value)),
    removeStorageSync: (key) => localStorage.removeItem(STORED + key),
    chooseMedia(options) {
      const chosen = (window.phone.photos || []).splice(0, options.count || 9);
      if (!chosen.length) return failed(options, "chooseMedia:fail cancel");
      const tempFiles = chosen.map((text) => {
        const path = `wxfile://tmp/${++made}.jpg`;
        files.set(path, Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
        return { tempFilePath: path, size: files.get(path).byteLength, fileType: "image" };
      });
      settled(options, { tempFiles, type: "image" });
    },
    compressImage: (options) => void compressImage(options).catch((error) => failed(options, `compressImage:fail ${error.message}`)),
    getFileSystemManager: () => fileSystem,
    makePhoneCall(options) {
      record.calls.push(options.phoneNumber);
      settled(options, {});
    },
    requestSubscribeMessage(options) {
      record.subscriptions.push(options.tmplIds);
      settled(options, Object.fromEntries(options.tmplIds.map((id) => [id, "accept"])));
    },
    shareFileMessage(options) {
      record.shared.push({ name: options.fileName, text: new TextDecoder().decode(files.get(options.filePath)) });
      settled(options, {});
    },
    createSelectorQuery() {
      let node = null;
      const query = {
        select(selector) {
          node = document.querySelector(`#screen ${selector} > canvas`);
          return query;
        },
        fields: () => query,
        exec: (told) => told([node && { node }]),
      };
      return query;
    },
    canvasToTempFilePath(options) {
      const path = `wxfile://tmp/${++made}.png`;
      options.canvas.toBlob(async (blob) => {
        files.set(path, await blob.arrayBuffer());
        settled(options, { tempFilePath: path });
      });
    },
    showShareImageMenu(options) {
      record.pictures.push(files.get(options.path).byteLength);
      settled(options, {});
    },
    showToast: (options) => void record.toasts.push(options.title),
    showModal(options) {
      const ways = [options.confirmText || "确定", ...(options.showCancel === false ? [] : [options.cancelText || "取消"])];
      dialog([options.title, options.content].filter(Boolean).join("\n"), ways).then((place) => settled(options, { confirm: place === 0, cancel: place !== 0 }));
    },
    getNetworkType: (options) => settled(options, { networkType: window.phone.offline ? "none" : "4g" }),
    onNetworkStatusChange: (heard) => void (window.phone.networkChanged = heard),
    setNavigationBarTitle: ({ title }) => void (document.getElementById("title").textContent = title),
    pageScrollTo({ selector, scrollTop }) {
      const screen = document.getElementById("screen");
      if (selector) screen.querySelector(selector)?.scrollIntoView();
      else screen.scrollTop = scrollTop;
    },
    nextTick: (act) => setTimeout(act, 0),
    stopPullDownRefresh() {},
    previewImage: () => {},
  };
}
