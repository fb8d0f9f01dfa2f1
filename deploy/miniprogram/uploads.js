// Photos on their way to the server: shrunk on the phone, sent in pieces, resumed after a break or a
// restart. Until a photo has arrived it lies in the mini-program's own folder, then it is deleted.
const api = require("./api.js");
const store = require("./store.js");
const { sha256 } = require("./sha256.js");

const PIECE = 64 * 1024;
const WIDTH = 1600;
const QUALITY = 75;
const CHOICES = { count: 1, mediaType: ["image"], sizeType: ["compressed"], sourceType: ["album", "camera"] };

const NOT_READ = { code: "photo_not_read", title: "照片打不开", detail: "这张照片打不开。请重新拍一张，或者换一张。" };

const files = () => wx.getFileSystemManager();
const asked = (act, options) => new Promise((success, fail) => act({ ...options, success, fail }));

// Lets somebody take or choose photos; resolves with their paths, none where it was given up.
function choose(count) {
  return new Promise((resolve) => {
    wx.chooseMedia({
      ...CHOICES,
      count,
      success: ({ tempFiles }) => resolve(tempFiles.map((file) => file.tempFilePath)),
      fail: () => resolve([]),
    });
  });
}

async function shrunk(path) {
  try {
    return (await asked(wx.compressImage, { src: path, quality: QUALITY, compressedWidth: WIDTH })).tempFilePath;
  } catch (error) {
    // Some phones cannot; the photo then goes as it is.
    return path;
  }
}

// Keeps a chosen photo and what is known of it, so that it can be sent now or later.
async function begin(application, kind, path) {
  const small = await shrunk(path);
  try {
    const { savedFilePath } = await asked((options) => files().saveFile(options), { tempFilePath: small });
    const { data } = await asked((options) => files().readFile(options), { filePath: savedFilePath });
    const upload = { application, kind, path: savedFilePath, size: data.byteLength, sha256: sha256(new Uint8Array(data)) };
    store.put("uploads", [...waiting(), upload]);
    return upload;
  } catch (error) {
    throw NOT_READ;
  }
}

// The uploads that have not arrived yet, of one application or all.
const waiting = (application) => (store.get("uploads") || []).filter((upload) => !application || upload.application === application);

const sending = {};

// Sends a photo from where the server has it; `tell` gets the share that has arrived, 0 to 100. Whoever
// wants the same photo sent meanwhile waits for the same sending.
function send(upload, tell) {
  if (!sending[upload.path]) {
    sending[upload.path] = sendNow(upload, tell);
    const over = () => delete sending[upload.path];
    sending[upload.path].then(over, over);
  }
  return sending[upload.path];
}

async function sendNow(upload, tell) {
  const { data } = await asked((options) => files().readFile(options), { filePath: upload.path }).catch(() => {
    giveUp(upload);
    throw NOT_READ;
  });
  try {
    const material = await sendPieces(upload, data, tell);
    giveUp(upload);
    return material;
  } catch (fault) {
    // What the server will never take is not kept for another try.
    if (fault.status && fault.status < 500 && fault.status !== 401 && fault.status !== 403 && fault.status !== 429) giveUp(upload);
    throw fault;
  }
}

async function sendPieces(upload, data, tell) {
  const { size } = upload;
  let there = await resumed(upload);
  while (!there.material) {
    tell(Math.floor((there.offset / size) * 100));
    // The last piece once more where all has arrived but nothing came of it yet.
    const start = Math.min(there.offset, Math.floor((size - 1) / PIECE) * PIECE);
    const bytes = data.slice(start, Math.min(start + PIECE, size));
    try {
      there = await api.piece(`/uploads/${there.id}`, { offset: start }, bytes);
    } catch (fault) {
      if (fault.code !== "offset_wrong") throw fault;
      there = { ...there, offset: fault.body.offset };
    }
  }
  tell(100);
  return there.material;
}

// How far the server has it; announces it where it was not, or is no longer known.
async function resumed(upload) {
  if (upload.id) {
    try {
      return await api.own(`/uploads/${upload.id}`);
    } catch (fault) {
      if (fault.code !== "unknown_upload") throw fault;
    }
  }
  const { application, kind, size, sha256: digest } = upload;
  const begun = await api.once(`upload:${digest.slice(0, 16)}`, "POST", "/uploads", { kind, size, sha256: digest, application });
  upload.id = begun.id;
  store.put(
    "uploads",
    waiting().map((each) => (each.path === upload.path ? upload : each)),
  );
  return begun;
}

function giveUp(upload) {
  store.put(
    "uploads",
    waiting().filter((each) => each.path !== upload.path),
  );
  files().unlink({ filePath: upload.path });
}

// Deletes every photo that has not arrived, for somebody who signs out; or those of one application.
function clear(application) {
  for (const upload of waiting(application)) giveUp(upload);
}

module.exports = { choose, begin, send, waiting, clear };
