// One text that somebody is asked to agree to.
const api = require("../../api.js");
const { page } = require("../../page.js");

Page(
  page({
    data: { consent: null },

    onLoad({ purpose }) {
      this.purpose = purpose;
    },

    async load() {
      const { consents } = await api.own("/consents");
      this.setData({ consent: consents.find((each) => each.purpose === this.purpose) || null });
    },

    agree() {
      this.press(async () => {
        await api.once(`consent:${this.purpose}`, "PUT", `/consents/${this.purpose}`, { version: this.data.consent.version });
        wx.navigateBack({});
      });
    },

    leave() {
      wx.navigateBack({});
    },
  }),
);
