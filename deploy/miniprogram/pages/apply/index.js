// 办: what can be applied for in the city, and applications that are not finished.
const api = require("../../api.js");
const { page } = require("../../page.js");

Page(
  page({
    isLive: true,
    data: { sections: [], drafts: [] },

    async load() {
      const { region } = this.data;
      if (!region) return;
      const [{ measures }, { drafts }] = await Promise.all([api.read("/measures", { region: region.id, limit: 100 }), api.own("/drafts").catch((fault) => (fault.code === "signed_out" ? { drafts: [] } : Promise.reject(fault)))]);
      const begun = drafts.map((draft) => draft.measure);
      const open = measures.filter((measure) => measure.can_apply && !begun.includes(measure.id));
      const isFirms = (measure) => measure.audience === "employer";
      const sections = [
        { title: `${region.label}现在能申请的`, measures: open.filter((measure) => !isFirms(measure)) },
        { title: "单位来办的", measures: open.filter(isFirms) },
      ];
      this.setData({ drafts, sections: sections.filter((section) => section.measures.length) });
    },

    ask() {
      wx.switchTab({ url: "/pages/chat/index" });
    },
  }),
);
