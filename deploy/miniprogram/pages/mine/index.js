// 我的: what is asked of me on top, my cases, vouchers, messages, the way to my data, 关怀模式.
const api = require("../../api.js");
const store = require("../../store.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { moment } = require("../../times.js");

const PLACES = { application: "case" };
const SHOWN = 10;
const OF_VOUCHERS = ["voucher", "voucher_used", "voucher_ends"];
const LINES = [
  { number: "12333", of: "人社热线：社保、失业、就业" },
  { number: "12351", of: "工会热线：维权、困难帮扶" },
  { number: "110", of: "有危险，马上打" },
];

Page(
  page({
    isLive: true,
    data: { asked: [], cases: [], drafts: [], vouchers: [], isTold: false, messages: [], requests: 0, lines: LINES },

    onLoad() {
      prepare();
    },

    async load() {
      const [{ applications }, { drafts }, { messages }, { requests }, { vouchers }] = await Promise.all([api.own("/applications"), api.own("/drafts"), api.own("/messages"), api.own("/requests"), api.own("/card")]);
      this.setData({
        asked: applications.filter((each) => each.your_turn),
        cases: applications,
        drafts,
        vouchers,
        messages: messages.slice(0, SHOWN).map(messageOf),
        requests: requests.length,
      });
    },

    call(event) {
      wx.makePhoneCall({ phoneNumber: event.currentTarget.dataset.phone });
    },

    // WeChat lets one message of each kind through for each time that it was asked for.
    next() {
      subscribe(OF_VOUCHERS, () => this.setData({ isTold: true }));
    },

    enlarge() {
      const elder = !this.data.elder;
      store.put("elder", elder);
      this.setData({ elder });
    },

    // What is read from now on; pages that are open already begin anew.
    rewrite() {
      store.put("hant", !this.data.hant);
      wx.reLaunch({ url: "/pages/mine/index" });
    },
  }),
);

// A joint report is to be read on the page; here only what was done is told.
function messageOf(message, place) {
  const { at, about, id, title, said, words } = message;
  const url = about === "joint_report" ? "" : `/pages/${PLACES[about] || about}/index?id=${id}`;
  return { key: place, time: moment(at), title, said, words, url };
}
