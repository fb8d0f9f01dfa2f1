// One question of the self-check; `answer` carries { value }, null for 不清楚. `from`: an answer to
// offer, with where it is from.
const { today } = require("../../times.js");
const { unitOf } = require("../../checking.js");

Component({
  properties: { fact: { type: Object, value: null }, from: { type: Object, value: null } },
  data: { chosen: {}, some: false, given: "", hint: "", unit: "", today: today() },
  observers: {
    "fact, from": function (fact, from) {
      this.setData({ chosen: {}, some: false, given: from ? String(from.value) : "", hint: "", unit: fact ? unitOf(fact) : "" });
    },
  },
  methods: {
    answer(value) {
      this.triggerEvent("answer", { value });
    },
    tell(event) {
      this.answer(event.currentTarget.dataset.value === "yes");
    },
    choose(event) {
      this.answer(event.currentTarget.dataset.value);
    },
    toggle(event) {
      const { value } = event.currentTarget.dataset;
      const chosen = { ...this.data.chosen, [value]: !this.data.chosen[value] };
      this.setData({ chosen, hint: "", some: Object.values(chosen).some(Boolean) });
    },
    several() {
      if (!this.data.some && !this.data.fact.may_be_none) {
        this.setData({ hint: "请选一个，不知道就点“不清楚”。" });
        return;
      }
      this.answer(Object.keys(this.data.chosen).filter((value) => this.data.chosen[value]));
    },
    write(event) {
      this.setData({ given: event.detail.value, hint: "" });
    },
    number() {
      const { least, most } = this.data.fact;
      const value = Number(this.data.given);
      if (!/^\d+$/.test(this.data.given) || value < least || value > most) {
        this.setData({ hint: `请填整数，${least}到${most}。` });
        return;
      }
      this.answer(value);
    },
    date() {
      if (this.data.given) this.answer(this.data.given);
      else this.setData({ hint: "请选一个日期，今天以前的。不记得就点“不清楚”。" });
    },
    unknown() {
      this.answer(null);
    },
  },
});
