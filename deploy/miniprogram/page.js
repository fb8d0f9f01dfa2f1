// What all pages share: the size of text and targets, the city, and the states of what is loaded.
const store = require("./store.js");

const SLOW_AFTER = 3000;

// Wraps the definition of a page; `load` fetches what it shows, and is called again by 再试一次, and
// each time the page is shown where it says `isLive`.
function page(definition) {
  const { onLoad, onShow, load, isLive } = definition;
  return {
    ...definition,

    data: { state: "ready", fault: null, elder: false, hant: false, region: null, busy: false, ...definition.data },

    onLoad(query) {
      this.freshen();
      if (onLoad) onLoad.call(this, query || {});
      if (load && !isLive) this.reload();
    },

    onShow() {
      this.freshen();
      if (onShow) onShow.call(this);
      if (isLive) this.reload();
    },

    freshen() {
      this.setData({ elder: !!store.get("elder"), hant: !!store.get("hant"), region: store.get("region") });
    },

    reload() {
      return this.during(() => load.call(this));
    },

    // Shows loading, slow, the fault or what was loaded.
    async during(act) {
      const turn = (this.turn = (this.turn || 0) + 1);
      this.setData({ state: "loading", fault: null });
      const slow = setTimeout(() => this.turn === turn && this.setData({ state: "slow" }), SLOW_AFTER);
      try {
        await act();
        if (this.turn === turn) this.setData({ state: "ready" });
      } catch (fault) {
        if (this.turn === turn) this.setData({ state: "fault", fault: shown(fault) });
      } finally {
        clearTimeout(slow);
      }
    },

    // Does what a press asks for: one at a time; a fault is told on top, where the page then is.
    async press(act) {
      if (this.data.busy) return;
      this.setData({ busy: true, fault: null });
      try {
        await act();
      } catch (fault) {
        this.setData({ fault: shown(fault) });
        wx.pageScrollTo({ scrollTop: 0 });
      } finally {
        this.setData({ busy: false });
      }
    },

    go(event) {
      wx.navigateTo({ url: event.currentTarget.dataset.url });
    },
  };
}

function shown(fault) {
  if (!fault || !fault.detail) throw fault;
  const purpose = fault.code === "consent_missing" ? fault.body.errors[0].field : "";
  return { code: fault.code, title: fault.title, detail: fault.detail, purpose };
}

module.exports = { page, shown };
