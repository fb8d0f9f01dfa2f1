// A vacancy, course, trip or activity: to read, to call, to take part, and to say that one is there.
const api = require("../../api.js");
const { STANDINGS, linesOf, nameOf } = require("../../offers.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");

const CODE = /^\d{6}$/;

Page(
  page({
    data: { it: null, code: "", hint: "" },

    onLoad({ id }) {
      prepare();
      this.path = `/offers/${encodeURIComponent(id)}`;
    },

    async load() {
      this.show(await api.read(this.path));
    },

    show(offer) {
      const { state, kind } = offer;
      const isIn = state === "joined" || state === "waiting";
      this.setData({ it: { ...offer, name: nameOf(kind), lines: linesOf(offer), standing: STANDINGS[state] || "", isIn } });
    },

    call() {
      wx.makePhoneCall({ phoneNumber: this.data.it.contact });
    },

    join() {
      subscribe(["offer"], () => this.move("join"));
    },

    leave() {
      this.move("leave");
    },

    move(way) {
      this.press(async () => {
        const { offer } = await api.once(`${way}:${this.data.it.id}`, "POST", `${this.path}/${way}`);
        this.show(offer);
      });
    },

    write(event) {
      this.setData({ code: event.detail.value, hint: "" });
    },

    // The day's code, which the leader shows on the spot.
    attend() {
      const { code } = this.data;
      if (!CODE.test(code)) {
        this.setData({ hint: "请填六位数字。" });
        return;
      }
      this.press(async () => {
        const place = await api.once(`attend:${this.data.it.id}:${code}`, "POST", `${this.path}/attendance`, { code });
        if (place.state !== "attended") this.setData({ hint: `数字不对，还能再试${place.tries_left}次。` });
        this.show(place.offer);
      });
    },
  }),
);
