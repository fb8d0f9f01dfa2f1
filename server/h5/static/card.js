// 我的卡券: a code that changes by itself, also without a network for a while, and the vouchers.
import { action, call, h, newKey, put, show, sure, view } from "./base.js";
import { own } from "./person.js";

view("card", "我的卡券", own(async () => {
  const page = h("div.page");
  const image = h("img", { alt: "给商户扫的码", width: 240, height: 240 });
  const text = h("p.code");
  const word = h("p.hint", { role: "status" });
  let card;
  let since;
  let asking;
  async function fetched(asked) {
    asking = true;
    try {
      card = await asked;
      since = Date.now();
    } finally {
      asking = false;
    }
    const shown = card.codes.length > 0;
    page.textContent = "";
    put(page, [
      shown ? h("section.cell.card", null, image, text, word) : h("p", null, "你还没有卡。领到券以后，卡会出现在这里。"),
      card.vouchers.length > 0 && h("div.cells", null, card.vouchers.map((each) => h("div.cell", null, h("span", null, h("b", null, each.title), h("span.hint", null, each.told, each.words))))),
      card.uses.length > 0 && [h("h2", null, "用过的"), h("div.cells", null, card.uses.map((each) => h("div.cell", null, h("span", null, each.told))))],
      shown && action("码被人拍了？换新码", async () => (await sure("换新码？", "以前的码马上作废，券不会少。", "换")) && fetched(call("POST", "/card/renewal", undefined, { key: newKey() })), ".plain"),
    ]);
  }
  const get = () => fetched(call("GET", "/card", undefined, { patience: 0 }));
  function tick() {
    const gone = (Date.now() - since) / 1000;
    const now = card.codes.filter((each) => each.in_seconds <= gone).pop();
    if (image.src !== now.image) {
      image.src = now.image;
      text.textContent = now.text.replace(/(\d{4})(?=\d)/g, "$1 ");
    }
    const over = gone - now.in_seconds > card.good_for_seconds;
    image.hidden = text.hidden = over;
    word.textContent = over ? "手机没有网，码过期了。连上网会自动换。" : "给商户看。码半分钟一换，一个码只能用一次。";
    if (!asking && gone > card.step_seconds / 2) get().catch((problem) => problem.passing || show());
  }
  await get();
  if (card.codes.length) {
    tick();
    let turns = 0;
    const timer = setInterval(() => (page.isConnected || (turns += 1) < 3 ? tick() : clearInterval(timer)), 1000);
  }
  return page;
}));
