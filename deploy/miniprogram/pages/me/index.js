// My data: to see, correct, take along and delete; consents; signing out.
const api = require("../../api.js");
const exporting = require("../../exporting.js");
const uploads = require("../../uploads.js");
const { page } = require("../../page.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { FIELDS, CARD, askedOf, errorsOf, maskedOf } = require("../../persons.js");
const { day, today } = require("../../times.js");

const ALL = "all";
const OUTREACH = "outreach";
const OF_MONEY = ["paid", "payment_returned"];

Page(
  page({
    isLive: true,
    data: { profile: null, masked: [], verified: "", fields: [...FIELDS, CARD], person: {}, errors: {}, editing: false, children: [], adding: false, child: {}, today: today(), optedOut: false, unwanted: false, consents: [], exported: false },

    onLoad({ to }) {
      prepare();
      this.to = to;
    },

    async load() {
      const [me, { consents }, { children }, { opt_outs: optOuts }] = await Promise.all([api.own("/me"), api.own("/consents"), api.own("/me/children"), api.own("/me/opt-outs")]);
      this.setData({
        profile: me.profile,
        masked: maskedOf(me.profile),
        verified: me.verified_phone || "",
        consents,
        ...optOutsOf(optOuts),
        children: children.map((child) => ({ ...child, born: day(child.born_on) })),
      });
      const { to } = this;
      if (to) wx.nextTick(() => wx.pageScrollTo({ selector: `#${to}` }));
      this.to = "";
    },

    edit() {
      this.setData({ editing: !this.data.editing, person: {}, errors: {} });
    },

    write(event) {
      const { name } = event.currentTarget.dataset;
      this.setData({ person: { ...this.data.person, [name]: event.detail.value }, errors: { ...this.data.errors, [name]: "" } });
    },

    // Who gives a card is asked whether to be told of the money, or that it came back.
    save() {
      subscribe(this.data.person[CARD.name] ? OF_MONEY : [], () => this.put());
    },

    put() {
      this.press(async () => {
        try {
          const me = await api.once("me", "PUT", "/me", { ...askedOf(this.data.person), version: this.data.profile ? this.data.profile.version : null });
          this.setData({ profile: me.profile, masked: maskedOf(me.profile), editing: false, person: {} });
        } catch (fault) {
          const errors = errorsOf(fault);
          if (!errors) throw fault;
          this.setData({ errors });
        }
      });
    },

    verify(event) {
      const { code } = event.detail;
      // Whoever says no to WeChat's question needs no sentence about it.
      if (!code) return;
      this.press(async () => {
        const { phone } = await api.write("POST", "/session/phone", { code });
        this.setData({ verified: phone });
      });
    },

    // Asks once more before something is gone.
    sure(title, content, confirmText, act) {
      wx.showModal({
        title,
        content,
        confirmText,
        success: ({ confirm }) => {
          if (confirm) this.press(act);
        },
      });
    },

    withdraw(event) {
      const { purpose, title } = event.currentTarget.dataset;
      this.sure("撤回这一项？", `${title}：只为这件事存的资料会删掉。已经提交的申请不受影响。`, "撤回", async () => {
        await api.once(`unconsent:${purpose}`, "DELETE", `/consents/${purpose}`);
        await this.load();
      });
    },

    addChild() {
      this.setData({ adding: !this.data.adding, child: {}, errors: {} });
    },

    writeChild(event) {
      const { name } = event.currentTarget.dataset;
      this.setData({ [`child.${name}`]: event.detail.value, [`errors.${name}`]: "" });
    },

    saveChild() {
      this.press(async () => {
        try {
          await api.once("child", "POST", "/me/children", askedOf(this.data.child));
          this.setData({ adding: false, child: {} });
          await this.load();
        } catch (fault) {
          const errors = errorsOf(fault);
          if (!errors) throw fault;
          this.setData({ errors });
        }
      });
    },

    // Of one kind: cases without an application, or messages of campaigns.
    opt(event) {
      const { what } = event.currentTarget.dataset;
      this.press(async () => {
        const way = this.data[what === ALL ? "optedOut" : "unwanted"] ? "DELETE" : "PUT";
        const { opt_outs: optOuts } = await api.once(`opt:${what}:${way}`, way, `/me/opt-outs/${what}`);
        this.setData(optOutsOf(optOuts));
      });
    },

    removeChild(event) {
      const { id } = event.currentTarget.dataset;
      this.sure("删掉孩子的资料？", "删掉以后可以重新填。", "删掉", async () => {
        await api.once(`child:${id}`, "DELETE", `/me/children/${id}`);
        await this.load();
      });
    },

    collect() {
      this.press(async () => {
        const text = await api.text("/me/export", { format: "html" });
        await new Promise((success, fail) => wx.getFileSystemManager().writeFile({ filePath: exporting.path(), data: text, encoding: "utf8", success, fail }));
        this.setData({ exported: true });
      });
    },

    share() {
      wx.shareFileMessage({ filePath: exporting.path(), fileName: exporting.NAME, complete: () => this.clear() });
    },

    onUnload() {
      this.clear();
    },

    clear() {
      if (this.data.exported) exporting.clear();
      this.setData({ exported: false });
    },

    erase() {
      this.sure("真的全部删除？", "删了就找不回来，备份里的也打不开了。正在办的申请，要先撤回。", "全部删除", async () => {
        const { stays } = await api.once("erase", "DELETE", "/me");
        this.away();
        wx.showModal({ title: "已经删除", content: `按法律要留的只有这些：${stays.map(({ what, why }) => `${what}（${why}）`).join("；")}`, showCancel: false });
      });
    },

    leave(event) {
      const everywhere = event.currentTarget.dataset.everywhere === "yes";
      this.press(async () => {
        // Other phones are out of reach without the server: nothing is lost here before they are signed out.
        if (everywhere) await api.endAll();
        this.away();
      });
    },

    away() {
      uploads.clear();
      getApp().globalData.facts = {};
      api.leave();
      wx.reLaunch({ url: "/pages/chat/index" });
    },
  }),
);

const optOutsOf = (optOuts) => ({ optedOut: optOuts.includes(ALL), unwanted: optOuts.includes(OUTREACH) });
