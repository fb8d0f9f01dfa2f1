// Who one is: signing in, what one agrees to, the person's data.
import { action, call, h, kept, known, newKey, Problem, put, root, show, signedIn, signOut, surely, tell } from "./base.js";

// The way to sign in: WeChat's, or a name where the service runs on a developer's machine.
export function signIn(then = show) {
  const way = root.dataset.signIn;
  const inside = [known.over && h("p.note", null, known.over), h("h2", { tabIndex: -1 }, "先登录"), h("p", null, "登录以后，才能申请、看进度、传材料。问政策、做自测，不用登录。")];
  if (way === "dev") {
    const name = h("input", { id: "name", maxLength: 32, autocomplete: "off", required: true });
    inside.push(
      h("p.hint", null, "这是开发时用的登录，随便填个名字。"),
      h("label", { htmlFor: "name" }, "名字"), name,
      action("登录", async () => {
        const chosen = name.value.replace(/\s/g, "");
        if (!chosen) return name.focus();
        await enter(await call("POST", "/session", { code: `dev:${chosen}` }, { patience: 20000 }), then);
        return undefined;
      }));
  } else if (way === "wechat") {
    inside.push(h("button.primary", { onclick: toWechat }, "用微信登录"));
  } else {
    inside.push(h("p", null, "请在微信里打开暖岗小程序来办。也可以带上材料，到负责的单位窗口去办。"));
  }
  return h("div.page", null, inside);
}

// To WeChat, which sends back here with a code; the state shows that it is an answer to this.
function toWechat() {
  const state = newKey();
  sessionStorage.setItem("state", JSON.stringify([state, location.hash]));
  location.href = `/h5/sign-in?state=${state}`;
}

// For who has signed in; for everybody else the way to do so.
export const own = (build) => async (arg, secret) => {
  if (!signedIn()) return signIn();
  try {
    return await build(arg, secret);
  } catch (problem) {
    if (problem instanceof Problem && !signedIn()) return signIn();
    throw problem;
  }
};

export async function enter(token, then) {
  // What was asked before signing in goes on.
  kept.set("my.token", token);
  known.over = "";
  await then();
}

// One text that is asked to be agreed to; `answer` gets whether it was.
export function consent(text, answer) {
  return h("div", null,
    h("h2", { tabIndex: -1 }, text.title),
    h("div.text", null, text.text.trim().split("\n").map((each) => h("p", null, each))),
    h("div.stack", null,
      action("我同意", async () => {
        const given = await surely(`consent.${text.purpose}`, "PUT", `/consents/${text.purpose}`, { version: text.version });
        Object.assign(text, given);
        answer(true);
      }),
      h("button", { onclick: () => answer(false) }, "不同意")));
}

const FIELDS = [
  ["name", "姓名", "照身份证上的写", { autocomplete: "off", maxLength: 50 }],
  ["identity_number", "身份证号", "18位，最后一位可能是X", { autocomplete: "off", maxLength: 18 }],
  ["phone", "手机号", "11位，经办人会打这个电话", { inputMode: "tel", autocomplete: "off", maxLength: 11 }],
  ["bank_card", "银行卡号（可以以后再填）", "钱批下来打到这张卡上，要是你本人的卡", { inputMode: "numeric", autocomplete: "off", maxLength: 23 }],
  ["native_place", "老家在哪里（可以不填）", "比如：四川达州", { autocomplete: "off", maxLength: 60 }],
];

// The form of a person; what stands there already may be left empty. `done` gets what is held then.
export function person(me, { card, care }, done) {
  const profile = me.profile;
  const rows = FIELDS.filter(([name]) => name !== "bank_card" || card).map(([name, label, hint, more]) => {
    const field = h("input", { id: name, "aria-describedby": `${name}-hint`, ...more });
    const wrong = h("p.wrong", { role: "alert", hidden: true });
    const held = profile && profile[name];
    const told = held ? `现在是${held}，不改就空着。` : hint;
    const box = h("div.field", null, h("label", { htmlFor: name }, label), field, h("p.hint", { id: `${name}-hint` }, told), wrong);
    return { name, field, wrong, box, needed: !held && ["name", "identity_number", "phone"].includes(name) };
  });
  let at = 0;
  const made = h("div.form");
  const save = action("存好，下一步", async () => {
    if (!rows.every(filled)) return;
    const body = { version: profile ? profile.version : null };
    for (const { name, field } of rows) if (field.value.trim()) body[name] = field.value.trim();
    if (profile && Object.keys(body).length === 1) return done(me);
    try {
      Object.assign(me, await call("PUT", "/me", body, { key: newKey() }));
    } catch (problem) {
      const errors = problem.body ? problem.body.errors || [] : [];
      for (const { name, wrong } of rows) {
        const found = errors.find((each) => each.field === name);
        wrong.hidden = !found;
        wrong.textContent = found ? found.detail : "";
      }
      const first = rows.findIndex(({ wrong }) => !wrong.hidden);
      if (first < 0) throw problem;
      at = first;
      layout();
      rows[first].field.focus();
      return undefined;
    }
    return done(me);
  });
  function filled({ field, wrong, needed }) {
    wrong.hidden = !needed || Boolean(field.value.trim());
    wrong.textContent = "这一项要填。";
    if (!wrong.hidden) field.focus();
    return wrong.hidden;
  }
  // In large letters one thing stands on the screen at a time.
  function layout() {
    made.textContent = "";
    if (!care) return put(made, [rows.map(({ box }) => box), save]);
    const last = at === rows.length - 1;
    return put(made, [
      rows[at].box,
      last ? save : h("button.primary", { onclick: () => filled(rows[at]) && ((at += 1), layout()) }, "下一项"),
      at > 0 && h("button", { onclick: () => ((at -= 1), layout()) }, "‹ 上一项"),
    ]);
  }
  layout();
  return made;
}

export const masked = (profile) => [
  ["姓名", profile.name], ["身份证号", profile.identity_number], ["手机号", profile.phone],
  ["银行卡号", profile.bank_card], ["老家", profile.native_place],
].map(([label, value]) => h("div.pairs", null, h("span", null, label), h("b", null, value || "没填")));

export const leave = async () => {
  try {
    await call("DELETE", "/session", undefined, { patience: 4000 });
  } catch (problem) {
    // Signed out on this phone in any case.
  }
  signOut();
  tell("已经退出登录。");
};
