// One case: what is asked of me on top, its materials, its history, withdrawing and objecting.
const api = require("../../api.js");
const { page } = require("../../page.js");
const { conditionsOf, saidOf } = require("../../checking.js");
const { day, moment } = require("../../times.js");

const TAKES_MATERIAL = ["submitted", "in_review", "material_requested"];
const PATHS = { answer: "answer", object: "appeal", withdraw: "withdraw", give_up: "give-up" };
// What is lost depends on how far it came.
const WITHDRAWING = {
  objection: ["撤回申诉？", "撤回以后，没有通过的结果不变，这一期不能再申请。"],
  approved: ["不要批给你的钱了？", "撤回以后，这笔钱就不发了。重新申请，不一定还能批。"],
};

Page(
  page({
    data: { it: null, can: {}, takes: false, objected: false, amount: "", words: "", opened: false, conditions: [], said: [] },

    onLoad({ id }) {
      this.id = id;
    },

    async load() {
      const [found, { facts }, { materials }] = await Promise.all([api.own(`/applications/${this.id}`), api.read("/facts"), api.own(`/applications/${this.id}/materials`)]);
      this.known = facts;
      this.titles = Object.fromEntries(materials.map(({ kind, title }) => [kind, title]));
      this.show(found);
    },

    show(found) {
      const { moves, state, verdict, facts } = found;
      this.setData({
        it: {
          ...found,
          requested: found.requested.map((item, place) => ({ ...item, place, title: this.titles[item.item] || item.item, due: day(item.due_on) })),
          history: found.history.map((event, place) => ({ ...event, place, time: moment(event.at) })).reverse(),
          objections: found.objections.map((each, place) => ({ ...each, place, due: day(each.due_on) })),
        },
        can: Object.fromEntries(moves.map((move) => [move, true])),
        takes: TAKES_MATERIAL.includes(state),
        objected: state === "objection",
        amount: found.amount_fen === null ? "" : (found.amount_fen / 100).toFixed(2),
        conditions: verdict.conditions ? conditionsOf({ everyone: null, ...verdict }) : [],
        said: Object.keys(facts).map((key) => {
          const fact = this.known.find((each) => each.key === key);
          return { key, label: fact ? fact.label : key, value: fact ? saidOf(fact, facts[key]) : String(facts[key]) };
        }),
      });
    },

    write(event) {
      this.setData({ words: event.detail.value });
    },

    open() {
      this.setData({ opened: !this.data.opened });
    },

    move(event) {
      this.make(event.currentTarget.dataset.move);
    },

    withdraw() {
      const [title, content] = WITHDRAWING[this.data.it.state] || ["撤回这个申请？", "撤回以后就不办了。还想办，可以重新申请。"];
      wx.showModal({
        title,
        content,
        confirmText: "撤回",
        success: ({ confirm }) => {
          if (confirm) this.make("withdraw");
        },
      });
    },

    giveUp() {
      wx.showModal({
        title: "余下的几期不要了？",
        content: "已经发的不用退，余下的以后不发了。",
        confirmText: "不要了",
        success: ({ confirm }) => {
          if (confirm) this.make("give_up");
        },
      });
    },

    make(move) {
      this.press(async () => {
        const body = { version: this.data.it.version, words: this.data.words.trim() };
        try {
          this.show(await api.once(`${move}:${this.id}`, "POST", `/applications/${this.id}/${PATHS[move]}`, body));
          this.setData({ words: "" });
        } catch (fault) {
          if (fault.code === "case_changed" || fault.code === "move_refused") this.show(await api.own(`/applications/${this.id}`));
          throw fault;
        }
      });
    },
  }),
);
