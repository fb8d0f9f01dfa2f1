// A message of a campaign: to read, to go on to the measure it is about, to get no more of them.
const api = require("../../api.js");
const store = require("../../store.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { moment } = require("../../times.js");

Page(
  page({
    data: { it: null, asked: false },

    onLoad({ id }) {
      prepare();
      this.path = `/letters/${encodeURIComponent(id)}`;
    },

    async load() {
      const letter = await api.read(this.path);
      this.setData({ it: { ...letter, time: moment(letter.at) } });
    },

    // WeChat lets one message through for each time that it was asked for.
    next() {
      subscribe(["outreach"], () => this.setData({ asked: true }));
    },

    // Only that somebody went on is counted; without a place, that of the message is taken.
    check() {
      const { measure, region } = this.data.it;
      api.ask(`${this.path}/check`, {}).catch(() => null);
      this.press(async () => {
        if (!store.get("region")) store.put("region", await api.regionOf(region));
        getApp().globalData.only = measure;
        wx.switchTab({ url: "/pages/check/index" });
      });
    },
  }),
);
