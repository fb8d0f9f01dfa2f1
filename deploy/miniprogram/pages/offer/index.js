// A vacancy, course, trip or activity that a notice leads to: to read, to call, to take part.
const api = require("../../api.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { day, moment } = require("../../times.js");

const NAMES = { vacancy: "岗位", session: "课程", trip: "出行", activity: "活动" };
const STANDINGS = {
  joined: "你已经报名了。",
  waiting: "名额满了，你在排队。有了名额会告诉你。",
  attended: "你参加过了。",
  absent: "你报了名，没有到。",
};

Page(
  page({
    data: { it: null },

    onLoad({ id }) {
      prepare();
      this.path = `/offers/${encodeURIComponent(id)}`;
    },

    async load() {
      this.show(await api.read(this.path));
    },

    show(offer) {
      const { state, kind, begins_at: begins, last_on: last } = offer;
      const isIn = state === "joined" || state === "waiting";
      this.setData({ it: { ...offer, name: NAMES[kind], begins: begins ? moment(begins) : "", last: day(last), standing: STANDINGS[state] || "", isIn } });
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
  }),
);
