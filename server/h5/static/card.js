// 我的卡券: a code that changes by itself, also without a network for a while, and the vouchers.
import { action, call, h, newKey, put, show, signedIn, sure, view } from "./base.js";
import { signIn } from "./person.js";

const yuan = (fen) => `${(fen / 100).toFixed(2)}元`;
const left = (each) => [each.amount_fen > 0 && `还剩${yuan(each.left_fen)}`, each.left_uses !== null && `还能用${each.left_uses}次`, `${each.first_on}至${each.last_on}`].filter(Boolean).join("，");

view("card", "我的卡券", async () => {
  if (!signedIn()) return signIn();
  const page = h("div.page");
  const image = h("img.code", { alt: "收券的码，给商户扫", width: 240, height: 240 });
  const text = h("p.code");
  const word = h("p.hint", { role: "status" });
  let card;
  let since;
  let asking = true;
  async function fetched(made) {
    card = made || (await call("GET", "/card", undefined, { patience: 0 }));
    since = Date.now();
    page.textContent = "";
    put(page, [
      card.codes.length ? h("section.cell.card", null, image, text, word) : h("p", null, "你还没有卡。领到券以后，卡会出现在这里。"),
      card.vouchers.map((each) => h("div.cell", null, h("span", null, h("b", null, each.title), h("span.hint", null, left(each)), each.words && h("span.hint", null, each.words)), h("b", null, each.usable ? "能用" : "不能用了"))),
      card.uses.length > 0 && h("details", null, h("summary", null, "用过的"), card.uses.map((each) => h("p", null, `${new Date(each.at).toLocaleString("zh-CN")}，${each.merchant}，${each.title}${each.amount_fen ? `，${yuan(each.amount_fen)}` : ""}${each.refunded ? "（已退）" : ""}`))),
      card.codes.length > 0 && action("码被人拍了？换新码", async () => (await sure("换新码？", "以前的码马上作废，券不会少。", "换")) && fetched(await call("POST", "/card/renewal", undefined, { key: newKey() })), ".plain"),
    ]);
  }
  function tick() {
    const gone = (Date.now() - since) / 1000;
    const now = card.codes.filter((each) => each.in_seconds <= gone).pop();
    if (now && text.title !== now.text) {
      text.title = now.text;
      text.textContent = now.text.replace(/(\d{4})(?=\d)/g, "$1 ");
      image.src = now.image;
    }
    const over = !now || gone - now.in_seconds > card.good_for_seconds;
    image.hidden = text.hidden = over;
    word.textContent = over ? "手机没有网，码过期了。连上网会自动换。" : "给商户看。码半分钟一换，一个码只能用一次。";
    if (asking || gone < card.step_seconds / 2) return;
    asking = true;
    fetched().catch((problem) => problem.passing || show()).then(() => (asking = false));
  }
  await fetched();
  asking = false;
  if (card.codes.length) {
    tick();
    const timer = setInterval(() => (page.isConnected || Date.now() - since < 2000 ? tick() : clearInterval(timer)), 1000);
  }
  return page;
});
