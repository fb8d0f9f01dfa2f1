// Choosing the city; it is remembered on the phone.
const api = require("../../api.js");
const store = require("../../store.js");
const { page } = require("../../page.js");

Page(
  page({
    data: { groups: [] },

    async load() {
      const covered = (await api.regions()).filter((region) => region.covered);
      const labels = [...new Set(covered.map((region) => region.top))];
      this.setData({ groups: labels.map((label) => ({ label, regions: covered.filter((region) => region.top === label) })) });
    },

    choose(event) {
      const { id, label } = event.currentTarget.dataset;
      this.keep({ id, label });
    },

    none() {
      this.keep(null);
    },

    keep(region) {
      store.put("region", region);
      wx.navigateBack({});
    },
  }),
);
