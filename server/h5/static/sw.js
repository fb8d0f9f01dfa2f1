// Keeps the page and its files on the phone, so that it opens without a line. Never anything else.
const STORE = "page";

async function page(request) {
  const store = await caches.open(STORE);
  try {
    const stop = new Promise((done, fail) => setTimeout(fail, 5000));
    const response = await Promise.race([fetch(request), stop]);
    // What a code that was scanned leads to has its place in it: the page of every day is kept in its stead.
    if (response.ok && !request.url.includes("?")) await store.put("/", response.clone());
    else if (!(await store.match("/"))) store.add("/").catch(() => {});
    return response;
  } catch (error) {
    return (await store.match("/")) || fetch(request);
  }
}

// A file under the name of its content never changes; those of an older page go.
async function file(request) {
  const store = await caches.open(STORE);
  const found = await store.match(request);
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) {
    const folder = request.url.slice(0, request.url.lastIndexOf("/") + 1);
    for (const old of await store.keys()) {
      if (old.url.includes("/h5/") && !old.url.startsWith(folder)) await store.delete(old);
    }
    await store.put(request, response.clone());
  }
  return response;
}

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== location.origin || request.method !== "GET") return;
  if (pathname === "/" && request.mode === "navigate") event.respondWith(page(request));
  else if (/^\/h5\/\w{12}\//.test(pathname)) event.respondWith(file(request));
});
