"use strict";
// Every page works without this file; it only saves steps.

// Take the reader to what is wrong.
document.querySelector("[data-focus]")?.focus();

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.method === "post") {
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  }
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
