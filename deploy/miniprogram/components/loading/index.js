// Loading, slow and faults: what a page shows while there is nothing else, or what went wrong below it.
const api = require("../../api.js");

Component({
  properties: {
    state: String,
    fault: { type: Object, value: null },
  },
  methods: {
    again() {
      this.triggerEvent("again");
    },
    enter() {
      api.enter();
      this.triggerEvent("again");
    },
    explain(event) {
      wx.navigateTo({ url: `/pages/consent/index?purpose=${event.currentTarget.dataset.purpose}` });
    },
  },
});
