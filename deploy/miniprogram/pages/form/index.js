// An application from the first consent to the case number, one step a screen. What is filled in is
// a draft on the server; a press on 提交申请 has one key until the server has answered.
const api = require("../../api.js");
const uploads = require("../../uploads.js");
const { page, shown } = require("../../page.js");
const { attended } = require("../../attended.js");
const { saidOf } = require("../../checking.js");
const { prepare, subscribe } = require("../../subscribing.js");
const { FIELDS, CARD, askedOf, errorsOf, maskedOf } = require("../../persons.js");

const STEPS = ["同意", "资料", "条件", "照片", "提交"];
const PLACES = { consent: 1, declined: 1, known: 2, person: 2, facts: 3, photos: 4, review: 5 };
const TOLD_OF = ["reviewed", "materials_missing", "paid"];

Page(
  page({
    data: {
      measure: null,
      needs: [],
      step: "",
      place: 0,
      stepTitle: "",
      existing: "",
      changes: [],
      consent: null,
      fields: FIELDS,
      person: {},
      errors: {},
      profile: null,
      masked: [],
      fact: null,
      from: null,
      asked: 0,
      all: 0,
      draft: null,
      kind: "",
      said: [],
      photos: [],
      against: [],
      aware: false,
      waits: "",
      done: null,
    },

    onLoad({ measure }) {
      this.id = measure;
      this.facts = {};
      this.refused = [];
      this.photo = 0;
      prepare();
    },

    async load() {
      const id = encodeURIComponent(this.id);
      const [measure, { materials }] = await Promise.all([api.read(`/measures/${id}`), api.read(`/measures/${id}/materials`)]);
      this.setData({ measure, needs: materials });
      this.to("intro");
    },

    retry() {
      return this.again ? this.during(this.again) : this.reload();
    },

    to(step, more) {
      const place = PLACES[step] || 0;
      this.setData({ step, place, stepTitle: place ? STEPS[place - 1] : "", ...more });
      wx.pageScrollTo({ scrollTop: 0 });
    },

    // Fetches what is known of the worker and goes to the first step that is not done.
    begin() {
      this.again = async () => {
        const [{ consents }, { profile }, draft] = await Promise.all([api.own("/consents"), api.own("/me"), this.draftOf()]);
        this.consents = consents;
        this.refused = [];
        this.facts = draft ? draft.facts : {};
        this.setData({ profile, masked: maskedOf(profile), draft, changes: changesOf(draft) });
        await this.vocabulary();
        await this.next();
        this.again = null;
      };
      this.during(this.again);
    },

    draftOf() {
      return api.own(`/drafts/${encodeURIComponent(this.id)}`).catch((fault) => (fault.code === "unknown_draft" ? null : Promise.reject(fault)));
    },

    // The facts that this measure rests on, in the order they are asked.
    async vocabulary() {
      const { draft, region, measure } = this.data;
      this.region = draft ? draft.region : region ? region.id : measure.region;
      let found = await this.checked({});
      if (!found && this.region !== measure.region) {
        // The chosen place has no such measure: it is meant where it holds.
        this.region = measure.region;
        found = await this.checked({});
      }
      const [{ facts }, from] = await Promise.all([api.read("/facts", { region: this.region }), attended(this.region, this.id)]);
      this.known = facts;
      this.from = from;
      this.asking = found ? found.missing : [];
      this.facts = { ...getApp().globalData.facts[this.region], ...this.facts };
      this.setData({ all: this.asking.length });
    },

    async checked(facts) {
      const { results } = await api.ask("/self-check", { region: this.region, facts });
      return results.find((result) => result.measure === this.id);
    },

    given(purpose) {
      return this.consents.some((consent) => consent.purpose === purpose && consent.given_at);
    },

    // The first step that is not done yet.
    async next() {
      const purposes = ["identity", "payment", ...(this.data.needs.length ? ["materials"] : [])];
      const open = purposes.find((purpose) => !this.given(purpose) && !this.refused.includes(purpose));
      if (open) return this.to("consent", { consent: this.consents.find((consent) => consent.purpose === open) });
      if (!this.isMet) return this.data.profile ? this.to("known") : this.toPerson();
      const key = this.asking.find((fact) => !(fact in this.facts));
      if (key) return this.toFact(key);
      if (!this.data.draft || this.isUnsaved) await this.save();
      if (this.data.existing) return undefined;
      const { needs } = this.data;
      if (this.given("materials") && this.photo < needs.length) return this.to("photos", { kind: needs[this.photo].kind });
      return this.toReview();
    },

    // One step back; what was filled in stays.
    back() {
      const { place, step } = this.data;
      this.setData({ fault: null });
      if (step === "photos" && this.photo > 0) this.photo -= 1;
      else if (step === "review" && this.given("materials") && this.photo > 0) this.photo -= 1;
      else if (place > 3 && this.asking.length) return this.toFact(this.asking[this.asking.length - 1]);
      else if (place > 2) {
        this.isMet = false;
        return this.data.profile ? this.to("known") : this.toPerson();
      } else return this.to("intro");
      return this.press(() => this.next());
    },

    agree() {
      this.press(async () => {
        const { purpose, version } = this.data.consent;
        const given = await api.once(`consent:${purpose}`, "PUT", `/consents/${purpose}`, { version });
        this.consents = this.consents.map((consent) => (consent.purpose === purpose ? given : consent));
        await this.next();
      });
    },

    decline() {
      const { purpose } = this.data.consent;
      if (purpose === "identity") return this.to("declined");
      this.refused.push(purpose);
      return this.press(() => this.next());
    },

    askAgain() {
      wx.switchTab({ url: "/pages/chat/index" });
    },

    checkFirst() {
      getApp().globalData.only = this.id;
      wx.switchTab({ url: "/pages/check/index" });
    },

    toPerson() {
      const fields = this.given("payment") ? [...FIELDS.slice(0, 3), CARD, ...FIELDS.slice(3)] : FIELDS;
      const { profile } = this.data;
      const told = fields.map((field) => (profile && profile[field.name] ? { ...field, hint: `现在是${profile[field.name]}，不改就空着。` } : field));
      this.to("person", { fields: told, person: {}, errors: {} });
    },

    correct() {
      this.toPerson();
    },

    met() {
      this.isMet = true;
      this.press(() => this.next());
    },

    write(event) {
      const { name } = event.currentTarget.dataset;
      this.setData({ [`person.${name}`]: event.detail.value, [`errors.${name}`]: "" });
    },

    introduce() {
      this.press(async () => {
        const { profile, person } = this.data;
        const asked = askedOf(person);
        if (!profile || Object.keys(asked).length) {
          try {
            const me = await api.once("me", "PUT", "/me", { ...asked, version: profile ? profile.version : null });
            this.setData({ profile: me.profile, masked: maskedOf(me.profile), person: {} });
          } catch (fault) {
            const errors = errorsOf(fault);
            if (!errors) throw fault;
            this.setData({ errors });
            return;
          }
        }
        this.isMet = true;
        await this.next();
      });
    },

    toFact(key) {
      this.to("facts", { fact: this.known.find((fact) => fact.key === key), from: this.from[key] || null, asked: this.asking.indexOf(key) });
    },

    answer(event) {
      this.facts[this.data.fact.key] = event.detail.value;
      this.isUnsaved = true;
      this.press(async () => {
        await this.save();
        if (!this.data.existing) await this.next();
      });
    },

    before() {
      const key = this.asking[this.data.asked - 1];
      delete this.facts[key];
      this.toFact(key);
    },

    // Only what the measure asks for goes into its draft.
    wanted() {
      return Object.fromEntries(Object.entries(this.facts).filter(([fact]) => this.asking.includes(fact)));
    },

    // Keeps the draft on the server; where another phone was faster, on top of what it wrote.
    async save() {
      const put = (draft) =>
        api.once(`draft:${this.id}`, "PUT", `/drafts/${encodeURIComponent(this.id)}`, {
          region: this.region,
          facts: this.wanted(),
          version: draft ? draft.version : null,
          edition: draft ? draft.edition : null,
        });
      try {
        this.setData({ draft: await put(this.data.draft) });
      } catch (fault) {
        const isElsewhere = fault.code === "already_applied" && fault.body.state === "draft";
        if (fault.code !== "case_changed" && fault.code !== "unknown_draft" && !isElsewhere) {
          this.exists(fault);
          return;
        }
        this.setData({ draft: await put(await this.draftOf()) });
      }
      this.isUnsaved = false;
    },

    // There is a case already: lead to it.
    exists(fault) {
      if (fault.code !== "already_applied") throw fault;
      this.to("", { existing: fault.body.application, fault: shown(fault) });
    },

    counted() {
      this.setData({ fault: null });
    },

    further() {
      this.photo += 1;
      this.press(() => this.next());
    },

    async toReview() {
      const [result, { materials }] = await Promise.all([this.checked(this.wanted()), api.own(`/applications/${this.data.draft.id}/materials`)]);
      this.to("review", {
        against: result && result.outcome === "ineligible" ? result.changes.map((change) => change.say) : [],
        aware: false,
        waits: "",
        said: this.asking.map((key) => {
          const fact = this.known.find((each) => each.key === key);
          const from = this.from[key];
          return { key, label: fact.label, value: saidOf(fact, this.facts[key]), from: from && from.value === this.facts[key] ? from.said : "" };
        }),
        photos: materials.map(({ kind, title, there }) => ({ kind, title, there: there.length + this.waiting(kind).length })),
      });
    },

    waiting(kind) {
      return uploads.waiting(this.data.draft.id).filter((upload) => !kind || upload.kind === kind);
    },

    know() {
      this.setData({ aware: !this.data.aware, waits: "" });
    },

    seen() {
      this.press(async () => {
        await this.save();
        this.setData({ changes: [] });
        await this.next();
      });
    },

    submit() {
      if (this.data.busy) return;
      if (this.data.against.length && !this.data.aware) {
        this.setData({ waits: "请先看上面的提醒，再点“我知道了”。" });
        return;
      }
      const send = () => this.press(() => this.hand());
      const kinds = this.isAsked ? [] : TOLD_OF;
      this.isAsked = true;
      subscribe(kinds, send);
    },

    async hand() {
      for (const upload of this.waiting()) {
        this.setData({ waits: "照片还在传，传完就提交…" });
        await uploads.send(upload, (share) => this.setData({ waits: `照片还在传（${share}%），传完就提交…` }));
      }
      this.setData({ waits: "正在提交…" });
      const { draft } = this.data;
      const body = { measure: this.id, region: draft.region, edition: draft.edition, despite_warning: this.data.aware };
      try {
        const done = await api.once(`apply:${this.id}`, "POST", "/applications", body);
        getApp().globalData.facts = {};
        this.to("done", { done });
      } catch (fault) {
        this.setData({ waits: "" });
        if (fault.code === "likely_ineligible") this.setData({ against: fault.body.reasons });
        else if (fault.code === "rules_changed") this.setData({ draft: { ...draft, edition: fault.body.edition }, changes: changesOf(fault.body) });
        else this.exists(fault);
      }
    },

    discard() {
      wx.showModal({
        title: "删掉草稿？",
        content: "填的内容会删掉。还想办，可以重新来。",
        confirmText: "删掉",
        success: ({ confirm }) => {
          if (!confirm) return;
          this.press(async () => {
            const { id, version } = this.data.draft;
            await api.once(`discard:${this.id}`, "DELETE", `/drafts/${encodeURIComponent(this.id)}?version=${version}`);
            uploads.clear(id);
            wx.navigateBack({});
          });
        },
      });
    },
  }),
);

const changesOf = (draft) => ((draft && draft.changes) || []).map((change, place) => ({ ...change, place }));
