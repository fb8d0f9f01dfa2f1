const api = require("./api.js");
const exporting = require("./exporting.js");
const { placeIn } = require("./regions.js");
const store = require("./store.js");

App({
  globalData: {
    // What the self-check learned in each place, for the application form; never stored on the phone.
    facts: {},
    // The one measure that the self-check is asked for, null: all of the city.
    only: null,
    isOffline: false,
  },

  onLaunch(options) {
    this.arrive(options);
    wx.onNetworkStatusChange(({ isConnected }) => {
      this.globalData.isOffline = !isConnected;
    });
    exporting.clear();
    api.renew();
  },

  onShow(options) {
    this.arrive(options);
  },

  // The place that a scanned code stands for becomes the city.
  arrive(options) {
    const query = (options && options.query) || {};
    const scene = placeIn(query);
    if (!scene || scene === this.scene) return;
    this.scene = scene;
    api.regionOf(scene).then(
      (region) => {
        if (!region) return;
        store.put("region", region);
        // What is on the screen already shows the place, too.
        for (const shown of getCurrentPages().slice(-1)) shown.onShow();
      },
      () => {
        // Without a network the city stays as it was; it can be chosen by hand.
        this.scene = null;
      },
    );
  },
});
