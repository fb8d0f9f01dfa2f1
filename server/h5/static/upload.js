// Photos: shrunk on the phone, sent in pieces that go on where the line broke.
import { action, call, h, hex, kept, Problem, sheet, surely } from "./base.js";

// Longest side and quality, one after the other until a photo has at most ENOUGH bytes: what is
// written on a paper can still be read at the last.
const SIZES = [[1600, 0.8], [1600, 0.6], [1400, 0.5], [1200, 0.45]];
const ENOUGH = 240 * 1024;
const LEAST = 8 * 1024;
const MOST = 256 * 1024;
const TAKES = 900;
// Bytes of the next piece: as many as take about TAKES ms, so that a break costs little.
let piece = 24 * 1024;

// A photo as a small JPEG; what is no photo stays as it is.
export async function shrink(file) {
  if (!file.type.startsWith("image/")) return file;
  const address = URL.createObjectURL(file);
  try {
    const image = new Image();
    await new Promise((done, fail) => {
      image.onload = done;
      image.onerror = fail;
      image.src = address;
    });
    const canvas = document.createElement("canvas");
    let blob;
    for (const [side, quality] of SIZES) {
      const scale = Math.min(1, side / Math.max(image.naturalWidth, image.naturalHeight));
      canvas.width = Math.round(image.naturalWidth * scale);
      canvas.height = Math.round(image.naturalHeight * scale);
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (!blob || blob.size <= ENOUGH) break;
    }
    return blob || file;
  } catch (error) {
    // The server says what is wrong with it.
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function digest(blob) {
  const bytes = await new Response(blob).arrayBuffer().catch(() => {
    throw new Problem({ code: "refused", detail: "手机打不开这个文件，请重新选。" }, false);
  });
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

// A button to take or choose photos; `take` gets the files, the same ones again as well.
export function picker(id, label, take, kind = "", multiple = true) {
  const input = h("input.file", {
    type: "file", accept: "image/*,application/pdf", multiple, id,
    onchange() {
      const files = [...input.files];
      input.value = "";
      return take(files);
    },
  });
  return [input, h(`label.button${kind}`, { htmlFor: id }, label)];
}

// Sends a file for a draft or case; `progress` gets 0..1. The same file for the same paper goes on where it was.
export async function upload(blob, kind, application, progress) {
  const sha256 = await digest(blob);
  const name = `up.${sha256}.${kind}.${application}`;
  const slot = `my.${name}`;
  const asked = { kind, size: blob.size, sha256, application };
  const id = kept.get(slot);
  let sent;
  try {
    sent = id && (await call("GET", `/uploads/${id}`));
  } catch (problem) {
    if (problem.passing) throw problem;
  }
  if (!sent || sent.state === "refused") sent = await surely(name, "POST", "/uploads", asked);
  kept.set(slot, sent.id);
  while (sent.state === "open") {
    progress(sent.offset / blob.size);
    // The last byte once more where all has arrived and nothing came of it yet.
    const offset = Math.min(sent.offset, blob.size - 1);
    const how = { patience: 180000 };
    let tries = 0;
    // What did not get through is tried again with less: the line may be weaker than it was.
    const next = () => {
      if (tries) piece = Math.max(LEAST, Math.round(piece / 4));
      tries += 1;
      return blob.slice(offset, offset + piece);
    };
    try {
      sent = await call("PUT", `/uploads/${sent.id}?offset=${offset}`, next, how);
      const fits = piece * Math.min(2, Math.max(0.5, TAKES / (how.took || 1)));
      piece = Math.round(Math.min(MOST, Math.max(LEAST, fits)));
    } catch (problem) {
      if (problem.code === "offset_wrong") sent.offset = problem.body.offset;
      else {
        if (!problem.passing) kept.drop(slot);
        throw problem;
      }
    }
  }
  kept.drop(slot);
  if (sent.state !== "kept") throw new Problem({ code: "refused", detail: "这张照片不能用，请重新拍一张。" }, false);
  progress(1);
  return sent.material;
}

// A button that shows what was sent: whether it can be read.
export const look = (material) => action("看一看", async () => {
  const address = URL.createObjectURL(await call("GET", `/materials/${material.id}`));
  sheet(material.title, material.media_type === "image/jpeg" ? h("img.picture", { src: address, alt: material.title }) : h("a.button", { href: address, download: "材料.pdf" }, "打开文件"));
}, ".plain");
