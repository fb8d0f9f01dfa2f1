// 查: one question a screen, then every measure of the city in groups. Nothing of it is stored.
const api = require("../../api.js");
const { page } = require("../../page.js");
const { attended } = require("../../attended.js");
const { nextOf, leftOf, partsOf, groupsOf, saidOf } = require("../../checking.js");
const { draw } = require("../../pictures.js");
const { day } = require("../../times.js");

const EMPTY = { step: "start", order: [], fact: null, from: null, progress: 0, left: 0, groups: [], others: [], othersOf: "", unfolded: false, drawing: false, opened: {}, said: [], onlyTitle: "", where: "", asOf: "", stopped: false };

Page(
  page({
    data: EMPTY,

    onShow() {
      const { region } = this.data;
      const { globalData } = getApp();
      const only = globalData.only;
      globalData.only = null;
      if (!only && this.place === (region && region.id)) return;
      this.place = region && region.id;
      this.facts = {};
      this.asked = (this.asked || 0) + 1;
      this.only = only;
      this.setData({ ...EMPTY, state: "ready", fault: null });
      if (region && only) this.begin();
    },

    begin() {
      this.during(() => this.checkIn(this.place));
    },

    // The self-check in a place: the chosen one, or where the one measure holds.
    async checkIn(region) {
      const [{ facts }, { measures }, from, { label }] = await Promise.all([api.read("/facts", { region }), api.read("/measures", { region, limit: 100 }), attended(region, this.only), api.regionOf(region)]);
      this.there = region;
      this.known = facts;
      this.from = from;
      this.applicable = measures.filter((measure) => measure.can_apply).map((measure) => measure.id);
      this.setData({ where: label });
      await this.check();
    },

    retry() {
      if (this.known) this.during(() => this.check());
      else this.begin();
    },

    // Asks the server what follows, and shows the next question or the results.
    async check() {
      const turn = (this.asked = (this.asked || 0) + 1);
      const checked = await api.ask("/self-check", { region: this.there, facts: this.facts });
      // Somebody has gone back, or to another place, meanwhile.
      if (turn !== this.asked) return;
      this.checked = checked;
      const result = checked.results.find((each) => each.measure === this.only);
      if (this.only && !result) {
        const { region } = await api.read(`/measures/${encodeURIComponent(this.only)}`);
        if (turn !== this.asked) return;
        // The chosen place has no such measure: it is meant where it holds.
        if (region !== this.there) return this.checkIn(region);
        this.only = null;
      }
      const next = nextOf(checked, this.facts, this.only);
      const done = Object.keys(this.facts).length;
      const left = Math.max(1, leftOf(checked, this.facts, this.only));
      this.setData({ order: Object.keys(this.facts), left, progress: Math.round((done / (done + left)) * 100), onlyTitle: this.only ? result.title : "", stopped: false });
      if (next) this.setData({ step: "asking", fact: this.known.find((fact) => fact.key === next), from: this.from[next] || null });
      else this.finish();
      wx.pageScrollTo({ scrollTop: 0 });
    },

    answer(event) {
      if (this.data.state !== "ready") return;
      const { key } = this.data.fact;
      this.facts = { ...this.facts, [key]: event.detail.value };
      this.during(() => this.check());
    },

    back() {
      this.asked += 1;
      const order = Object.keys(this.facts);
      const last = order.pop();
      delete this.facts[last];
      this.setData({ order, step: "asking", fact: this.known.find((fact) => fact.key === last), from: this.from[last] || null, state: "ready", fault: null, stopped: false });
    },

    stop() {
      if (this.data.state !== "ready") return;
      this.setData({ stopped: true });
      this.finish();
    },

    resume() {
      this.during(() => this.check());
    },

    finish() {
      const { facts } = getApp().globalData;
      facts[this.there] = { ...facts[this.there], ...this.facts };
      const said = this.data.order.map((key) => {
        const fact = this.known.find((each) => each.key === key);
        return { key, label: fact.label, value: saidOf(fact, this.facts[key]) };
      });
      const { mine, others, names } = partsOf(this.checked, this.only, this.facts);
      const groups = groupsOf(mine, this.applicable, this.known);
      this.setData({ step: "results", groups, others, othersOf: names, unfolded: false, said, asOf: day(this.checked.as_of), opened: this.only ? { [this.only]: true } : {} });
      wx.pageScrollTo({ scrollTop: 0 });
    },

    toggle(event) {
      const { measure } = event.currentTarget.dataset;
      this.setData({ opened: { ...this.data.opened, [measure]: !this.data.opened[measure] } });
    },

    unfold() {
      this.setData({ unfolded: !this.data.unfolded });
    },

    // The results as a picture, drawn on the phone: WeChat sends it to whom its owner chooses.
    picture() {
      const { groups, asOf, where } = this.data;
      this.setData({ drawing: true });
      wx.nextTick(() =>
        draw(".drawn", groups, `${where}，按${asOf}算`).then(
          (path) => wx.showShareImageMenu({ path, complete: () => this.setData({ drawing: false }) }),
          () => {
            this.setData({ drawing: false });
            wx.showToast({ title: "图片没有做出来，请再点一次", icon: "none" });
          },
        ),
      );
    },

    // From one measure on to all of the place.
    all() {
      this.only = null;
      if (this.there === this.place) return this.during(() => this.check());
      this.facts = {};
      return this.begin();
    },

    restart() {
      this.facts = {};
      this.only = null;
      this.setData(EMPTY);
    },
  }),
);
