// A text whose telephone numbers can be called by a tap.
const api = require("../../api.js");

function partsOf(text, phones) {
  if (!phones.length) return [{ text, phone: "", place: 0 }];
  const longestFirst = phones.slice().sort((a, b) => b.length - a.length);
  const called = new RegExp(`(^|[^\\d.])(${longestFirst.join("|")})(?![\\d.元名人个%])`, "g");
  const parts = [];
  let from = 0;
  for (let found = called.exec(text); found; found = called.exec(text)) {
    const start = found.index + found[1].length;
    if (start > from) parts.push({ text: text.slice(from, start), phone: "" });
    parts.push({ text: found[2], phone: found[2] });
    from = start + found[2].length;
    // What stands before the next number may be what stood behind this one.
    called.lastIndex = from;
  }
  if (from < text.length) parts.push({ text: text.slice(from), phone: "" });
  return parts.map((part, place) => ({ ...part, place }));
}

Component({
  properties: { text: String },
  data: { parts: [] },
  observers: {
    text(text) {
      this.setData({ parts: [{ text, phone: "", place: 0 }] });
      api.client().then(
        ({ phones }) => this.setData({ parts: partsOf(this.data.text, phones) }),
        () => {},
      );
    },
  },
  methods: {
    call(event) {
      const { phone } = event.currentTarget.dataset;
      if (phone) wx.makePhoneCall({ phoneNumber: phone });
    },
  },
});
