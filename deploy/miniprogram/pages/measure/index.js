// One measure with its clause, the quoted words marked.
const api = require("../../api.js");
const { page } = require("../../page.js");
const { day } = require("../../times.js");

Page(
  page({
    data: { measure: null, time: "", dated: "", units: "", parts: [] },

    onLoad({ id }) {
      this.id = id;
    },

    async load() {
      const measure = await api.read(`/measures/${encodeURIComponent(this.id)}`);
      const { from, to } = measure.validity;
      this.setData({
        measure,
        time: `${from ? `从${day(from)}开始，` : ""}${to ? `到${day(to)}为止。` : "没写到哪天为止，办之前请先问一问。"}`,
        dated: day(measure.document.dated),
        units: [...measure.responsible.lead, ...measure.responsible.cooperating].join("，"),
        parts: marked(measure.clause.text, measure.quotes),
      });
    },

    call(event) {
      wx.makePhoneCall({ phoneNumber: event.currentTarget.dataset.phone });
    },

    check() {
      getApp().globalData.only = this.id;
      wx.switchTab({ url: "/pages/check/index" });
    },
  }),
);

// The text in parts, those that are quoted marked; a quote may run over the end of a line.
function marked(text, quotes) {
  const isMarked = new Array(text.length).fill(false);
  for (const quote of quotes) {
    const words = quote.split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const found = new RegExp(words.join("\\s*")).exec(text);
    if (found) isMarked.fill(true, found.index, found.index + found[0].length);
  }
  const parts = [];
  for (let place = 0; place < text.length; place += 1) {
    const part = parts[parts.length - 1];
    if (part && part.marked === isMarked[place]) part.text += text[place];
    else parts.push({ text: text[place], marked: isMarked[place], place });
  }
  return parts;
}
