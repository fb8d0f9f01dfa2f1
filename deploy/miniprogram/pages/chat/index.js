// 问: a conversation with the bot.
const api = require("../../api.js");
const store = require("../../store.js");
const { page } = require("../../page.js");

const SLOW_AFTER = 3000;

let numbered = 0;

Page(
  page({
    data: { questions: [], turns: [], before: 0, last: null, ticked: {}, text: "" },

    onLoad() {
      this.remember();
    },

    onShow() {
      const place = this.data.region ? this.data.region.id : null;
      if (this.place === place) return;
      this.place = place;
      api.read("/suggestions", { region: place }).then(
        ({ questions }) => this.setData({ questions }),
        () => {},
      );
    },

    // What was said before, where the phone still knows the conversation.
    async remember() {
      const conversation = store.get("conversation");
      if (!conversation) return;
      try {
        const { turns } = await api.ask("/chat/history", { conversation });
        // Within a self-check nothing of what was said is recorded.
        const { turns: since } = this.data;
        const said = turns.filter((turn) => turn.reply && !since.some((each) => each.turn === turn.turn));
        this.setData({ turns: [...said.map((turn) => turnOf({ ...turn, sent: turn.text })), ...since], before: said.length });
        if (!since.length) this.down();
      } catch (fault) {
        if (fault.status === 404 && store.get("conversation") === conversation) store.put("conversation", null);
      }
    },

    write(event) {
      this.setData({ text: event.detail.value });
    },

    send() {
      const text = this.data.text.trim();
      if (!text || this.data.busy) return;
      this.say(text, text);
      this.setData({ text: "" });
    },

    pick(event) {
      const { text, label } = event.currentTarget.dataset;
      this.say(String(text), label || String(text));
    },

    again(event) {
      if (this.data.busy) return;
      const { id, text, label, key } = event.currentTarget.dataset;
      this.setData({ turns: this.data.turns.filter((turn) => turn.id !== id) });
      this.say(String(text), label, key);
    },

    tick(event) {
      const { number } = event.currentTarget.dataset;
      this.setData({ ticked: { ...this.data.ticked, [number]: !this.data.ticked[number] } });
    },

    several() {
      const chosen = this.data.last.choices.filter((choice) => this.data.ticked[choice.number]);
      if (!chosen.length) return;
      this.say(chosen.map((choice) => choice.number).join(" "), chosen.map((choice) => choice.label).join("，"));
    },

    day(event) {
      this.say(event.detail.value, event.detail.value);
    },

    // `key` names the message: sent again under it, it counts once.
    async say(text, label, key = api.newKey()) {
      if (this.data.busy) return;
      const turn = turnOf({ text: label, sent: text, key, waiting: "正在查…" });
      this.setData({ busy: true, turns: [...this.data.turns, turn], ticked: {} });
      this.down();
      const slow = setTimeout(() => this.change(turn.id, { waiting: "网有点慢，还在查…" }), SLOW_AFTER);
      const body = { text, message: key };
      if (this.data.region) body.region = this.data.region.id;
      if (store.get("conversation")) body.conversation = store.get("conversation");
      try {
        const answer = await api.ask("/chat", body);
        store.put("conversation", answer.conversation);
        this.change(turn.id, { ...waysOf(answer), reply: answer.reply, turn: answer.turn, waiting: "" });
        this.setData({ last: answer });
        if (!this.data.region && answer.region) this.take(answer.region);
      } catch (fault) {
        this.change(turn.id, { waiting: "", failed: fault.code === "offline" ? "网络不好，没有发出去，请再发一次。" : fault.detail });
      } finally {
        clearTimeout(slow);
        this.setData({ busy: false });
        wx.nextTick(() => wx.pageScrollTo({ selector: `#turn${turn.id}` }));
      }
    },

    // The place that somebody named in their words, where none was chosen.
    async take(id) {
      const regions = await api.regions().catch(() => []);
      const found = regions.find((each) => each.id === id && each.covered);
      if (!found || this.data.region) return;
      const region = { id, label: found.label };
      this.place = id;
      store.put("region", region);
      this.setData({ region });
      wx.showToast({ title: `现在按${found.label}查`, icon: "none" });
    },

    change(id, changes) {
      this.setData({ turns: this.data.turns.map((turn) => (turn.id === id ? { ...turn, ...changes } : turn)) });
    },

    down() {
      wx.nextTick(() => wx.pageScrollTo({ selector: "#end" }));
    },

    async rate(event) {
      const { id, thumb } = event.currentTarget.dataset;
      const turn = this.data.turns.find((each) => each.id === id);
      const given = turn.thumb === thumb ? null : thumb;
      this.change(id, { thumb: given });
      try {
        await api.ask("/chat/thumb", { conversation: store.get("conversation"), turn: turn.turn, thumb: given });
      } catch (fault) {
        this.change(id, { thumb: turn.thumb });
        wx.showToast({ title: "没有记下来，请再点一次", icon: "none" });
      }
    },

    check(event) {
      getApp().globalData.only = event.currentTarget.dataset.measure;
      wx.switchTab({ url: "/pages/check/index" });
    },
  }),
);

function turnOf(turn) {
  return { thumb: null, failed: "", waiting: "", ...turn, id: (numbered += 1), ...waysOf(turn) };
}

// Where a reply leads to: its sources, the self-check, the application, people.
function waysOf({ kind, sources, can_check: check, can_apply: apply }) {
  const cited = (sources || []).filter((source) => source.measure);
  // A long list is to choose from first: each has its words behind it.
  const shown = cited.length < 7 ? cited : [];
  return {
    kind: kind || "",
    sources: shown.map(({ title, locator, measure }, place) => ({ title, locator, measure, place })),
    check: (check || [])[0] || "",
    apply: (apply || [])[0] || "",
  };
}
