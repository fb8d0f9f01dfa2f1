"use strict";
// Every page works without this file; it only saves steps.

// Take the reader to what is wrong.
document.querySelector("[data-focus]")?.focus();

// A form is sent once, however often its button is pressed; who waits sees that it goes on. What
// gives a file leaves the page where it is.
const waiting = { form: null, since: 0, timer: 0 };
const line = document.createElement("p");
line.className = "waiting";
line.setAttribute("role", "status");

const rest = () => {
  clearInterval(waiting.timer);
  waiting.form = null;
  line.textContent = "";
  line.remove();
};
const tell = () => {
  const seconds = Math.round((Date.now() - waiting.since) / 1000);
  if (seconds >= 10) line.textContent = `还在处理，已经${seconds - (seconds % 10)}秒了，请再等一等。`;
  else if (seconds >= 2) line.textContent = "正在处理，请等一等，不用再点。";
  // Nothing takes longer; who stopped the page may send it again.
  if (seconds >= (waiting.form.dataset.gives ? 5 : 90)) rest();
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (waiting.form === form) {
    event.preventDefault();
    return;
  }
  rest();
  document.body.append(line);
  Object.assign(waiting, { form, since: Date.now(), timer: setInterval(tell, 1000) });
});
// Back on a page that the browser kept.
addEventListener("pageshow", rest);

// Who writes is at the desk: it is noted now and then, as with a page, so that what takes long to
// write is not sent too late.
const here = document.body.dataset.here;
let noted = Date.now();
document.addEventListener("input", async () => {
  if (!here || Date.now() - noted < 5 * 60000) return;
  noted = Date.now();
  const reply = await fetch(here, { redirect: "manual" }).catch(() => null);
  if (reply?.type !== "opaqueredirect" || waiting.form) return;
  document.body.append(line);
  line.textContent = document.querySelector("input[type=file]")
    ? "登录已经过期。请另开一页登录，再回来提交；选好的文件要重新选。"
    : "登录已经过期。请另开一页登录，再回来提交，填的不会丢。";
});

// A box that ticks all of a table.
document.querySelectorAll("[data-ticks]").forEach((all) => {
  all.closest(".ticks-all")?.removeAttribute("hidden");
  all.addEventListener("change", () => {
    document.querySelectorAll(`input[name="${all.dataset.ticks}"]`).forEach((box) => {
      box.checked = all.checked;
    });
  });
});

// Words that are selected in a clause go into the field for them that was used last.
const clause = document.querySelector("[data-clause]");
if (clause) {
  let field = null;
  document.addEventListener("focusin", (event) => {
    if (event.target.matches("[data-quote]")) field = event.target;
  });
  clause.addEventListener("mouseup", () => {
    const words = String(getSelection()).trim();
    if (!field || !words) return;
    const lines = field.tagName === "TEXTAREA" && field.value.trim();
    field.value = lines ? `${field.value.trimEnd()}\n${words}` : words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
