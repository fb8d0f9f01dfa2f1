// Photos: shrunk on the phone, sent in pieces that go on where the line broke.
import { call, kept, Problem, surely } from "./base.js";

const LONGEST_SIDE = 1600;
const PIECE = 48 * 1024;

// A photo as JPEG with its longest side at most LONGEST_SIDE; what is no photo stays as it is.
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
    const scale = Math.min(1, LONGEST_SIDE / Math.max(image.naturalWidth, image.naturalHeight));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.naturalWidth * scale);
    canvas.height = Math.round(image.naturalHeight * scale);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return (await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.8))) || file;
  } catch (error) {
    // The server says what is wrong with it.
    return file;
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function digest(blob) {
  const bytes = await new Response(blob).arrayBuffer();
  const found = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(found, (one) => (one + 256).toString(16).slice(1)).join("");
}

// Sends a file for a draft or case; `progress` gets 0..1. The same file again goes on where it was.
export async function upload(blob, kind, application, progress) {
  const sha256 = await digest(blob);
  const slot = `my.up.${sha256.slice(0, 16)}.${application || ""}`;
  const asked = { kind, size: blob.size, sha256, application };
  const id = kept.get(slot);
  let sent;
  try {
    sent = id && (await call("GET", `/uploads/${id}`));
  } catch (problem) {
    if (problem.passing) throw problem;
  }
  if (!sent || sent.state === "refused") sent = await surely(`up.${sha256.slice(0, 16)}.${application || ""}`, "POST", "/uploads", asked);
  kept.set(slot, sent.id);
  while (sent.state === "open") {
    const { offset } = sent;
    progress(offset / blob.size);
    try {
      sent = await call("PUT", `/uploads/${sent.id}?offset=${offset}`, blob.slice(offset, offset + PIECE), { patience: 180000 });
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
