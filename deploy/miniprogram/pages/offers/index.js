// What is offered in the city, by kind; or, with `mine`, where one takes part.
const api = require("../../api.js");
const { KINDS, nameOf, placeOf, rowOf } = require("../../offers.js");
const { page } = require("../../page.js");

Page(
  page({
    isLive: true,
    data: { kinds: KINDS, kind: "", rows: [], after: null, mine: false, empty: "" },

    onLoad({ mine }) {
      this.setData({ mine: mine === "yes" });
      if (mine === "yes") wx.setNavigationBarTitle({ title: "我报了名的" });
    },

    async load() {
      const { mine, region, kind } = this.data;
      if (mine) {
        const { places } = await api.own("/places");
        this.setData({ rows: places.map(placeOf), empty: "你还没有报过名。" });
        return;
      }
      if (!region) return;
      const what = kind ? nameOf(kind) : "招聘、课程、出行、活动";
      this.setData({ rows: [], after: null, empty: `${region.label}现在没有${what}。可以换一类，或者换个地方看看。` });
      await this.add();
    },

    async add() {
      const { region, kind, after } = this.data;
      const found = await api.read("/offers", { region: region.id, kind: kind || null, after });
      // Meanwhile another kind or place may be wanted.
      if (kind !== this.data.kind || region.id !== this.data.region.id) return;
      this.setData({ rows: [...this.data.rows, ...found.offers.map(rowOf)], after: found.after });
    },

    pick(event) {
      this.setData({ kind: event.currentTarget.dataset.kind });
      this.reload();
    },

    more() {
      this.press(() => this.add());
    },
  }),
);
