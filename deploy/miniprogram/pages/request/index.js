// Help by people: a new request, those there are, and what was said in one.
const api = require("../../api.js");
const store = require("../../store.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { day, moment } = require("../../times.js");

const CATEGORIES = [
  { id: "advice", label: "问政策" },
  { id: "wages", label: "被拖欠工资" },
  { id: "rights", label: "权益受侵害" },
  { id: "mediation", label: "和单位有纠纷，要调解" },
  { id: "living", label: "生活有困难" },
];
const STANDING = { open: "等着回复", answered: "回复了你", closed: "办结了" };
const WHO = { worker: "你", officer: "工作人员", bot: "暖岗" };
const RATINGS = [
  { value: 5, label: "满意" },
  { value: 3, label: "一般" },
  { value: 1, label: "不满意" },
];

Page(
  page({
    data: { it: null, requests: [], categories: CATEGORIES, category: "advice", words: "", talk: false, along: false, ratings: RATINGS },

    onLoad({ id, measure }) {
      prepare();
      this.id = id || "";
      this.measure = measure || null;
      this.setData({ talk: !id && !!store.get("conversation") });
    },

    async load() {
      if (this.id) {
        this.show(await api.own(`/requests/${this.id}`));
        return;
      }
      const { requests } = await api.own("/requests");
      this.setData({ requests: requests.map((each) => ({ ...named(each), time: moment(each.opened_at) })) });
    },

    // `words`: what is being written and was not sent.
    show(found, words = "") {
      this.id = found.id;
      const dialogue = found.dialogue.map((said, place) => ({ ...said, place, who: WHO[said.voice], time: moment(said.at) }));
      this.setData({ it: { ...named(found), due: day(found.due_on), dialogue }, words });
    },

    write(event) {
      this.setData({ words: event.detail.value });
    },

    choose(event) {
      this.setData({ category: event.currentTarget.dataset.id });
    },

    bring() {
      this.setData({ along: !this.data.along });
    },

    send() {
      if (!this.data.words.trim()) {
        this.press(() => Promise.reject(EMPTY));
        return;
      }
      subscribe(["replied"], () => this.open());
    },

    open() {
      this.press(async () => {
        const { category, region, words, along } = this.data;
        const body = { category, region: region.id, words: words.trim(), measure: this.measure };
        if (along) body.conversation = store.get("conversation");
        this.show(await api.once("request", "POST", "/requests", body));
      });
    },

    say() {
      const words = this.data.words.trim();
      if (words) this.change("say", "messages", { words });
      else this.press(() => Promise.reject(EMPTY));
    },

    rate(event) {
      const satisfied = event.currentTarget.dataset.value;
      this.change("rate", "rating", { satisfied });
    },

    // Where something was said or done meanwhile, that is shown; what is being written stays.
    change(intent, path, more) {
      this.press(async () => {
        const { it } = this.data;
        try {
          this.show(await api.once(`${intent}:${it.id}`, "POST", `/requests/${it.id}/${path}`, { version: it.version, ...more }));
        } catch (fault) {
          if (fault.code === "request_changed") this.show(await api.own(`/requests/${it.id}`), this.data.words);
          throw fault;
        }
      });
    },

    call(event) {
      wx.makePhoneCall({ phoneNumber: event.currentTarget.dataset.phone });
    },
  }),
);

const EMPTY = { code: "empty", title: "还没写", detail: "请先写几句话，再发出去。" };

function named(request) {
  const category = CATEGORIES.find((each) => each.id === request.category);
  return { ...request, name: category ? category.label : "求助", standing: STANDING[request.state] };
}
