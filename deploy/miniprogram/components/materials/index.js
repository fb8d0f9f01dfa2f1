// The materials of a draft or case: what it takes, what is there, and photos on their way.
const api = require("../../api.js");
const uploads = require("../../uploads.js");
const { shown } = require("../../page.js");
const { moment } = require("../../times.js");

Component({
  properties: {
    application: String,
    // The kind that is shown; empty: all.
    only: String,
    // Only a draft lets go of what it has.
    removable: Boolean,
  },
  data: { state: "loading", fault: null, needs: [], sending: {} },
  lifetimes: {
    attached() {
      this.load().then(() => this.resumeAll());
    },
  },
  observers: {
    only() {
      // Another kind of the same case, on the next screen.
      if (this.isLoaded) this.load().then(() => this.resumeAll());
    },
  },
  methods: {
    async load() {
      try {
        const path = `/applications/${this.data.application}/materials`;
        const [{ materials }, mine] = await Promise.all([api.own(path), api.own("/materials")]);
        this.show(materials, mine.materials);
        this.isLoaded = true;
        this.setData({ state: "ready", fault: null });
      } catch (fault) {
        this.setData({ state: "fault", fault: shown(fault) });
      }
    },
    show(needs, mine) {
      const used = needs.flatMap((need) => need.there.map((there) => there.id));
      this.setData({
        needs: needs.filter((need) => !this.data.only || need.kind === this.data.only).map((need) => {
          const room = need.there.length < need.at_most;
          const others = mine.filter((each) => each.kind === need.kind && !used.includes(each.id));
          return { ...need, count: need.there.length, room, there: need.there.map(labelled), others: room ? others.slice(0, 1).map(labelled) : [] };
        }),
      });
      this.triggerEvent("change", { complete: needs.every((need) => need.complete) });
    },
    async add(event) {
      const { kind } = event.currentTarget.dataset;
      const need = this.data.needs.find((each) => each.kind === kind);
      const paths = await uploads.choose(Math.min(need.at_most - need.there.length, 9));
      for (const path of paths) {
        this.tell(kind, 0, "正在准备照片…");
        try {
          await this.send(await uploads.begin(this.data.application, kind, path));
        } catch (fault) {
          this.stop(kind, fault, false);
          return;
        }
      }
    },
    // Sends one photo; what breaks off can be gone on with.
    async send(upload) {
      const { kind } = upload;
      try {
        await uploads.send(upload, (share) => this.tell(kind, share, `正在上传，已传${share}%`));
      } catch (fault) {
        const isWaiting = uploads.waiting(this.data.application).some((each) => each.path === upload.path);
        this.stop(kind, fault, isWaiting);
        return;
      }
      this.tell(kind, null);
      await this.load();
    },
    tell(kind, share, words) {
      this.setData({ sending: { ...this.data.sending, [kind]: share === null ? null : { share, words, stopped: false } }, fault: null });
    },
    stop(kind, fault, isWaiting) {
      const share = this.data.sending[kind] ? this.data.sending[kind].share : 0;
      const stopped = { share, words: `停在${share}%，照片还在手机里。`, stopped: true };
      this.setData({ sending: { ...this.data.sending, [kind]: isWaiting ? stopped : null }, fault: shown(fault) });
    },
    async resume(event) {
      await this.resumeOf(event.currentTarget.dataset.kind);
    },
    async resumeAll() {
      for (const need of this.data.needs) await this.resumeOf(need.kind);
    },
    async resumeOf(kind) {
      for (const upload of uploads.waiting(this.data.application)) {
        if (upload.kind === kind) await this.send(upload);
      }
    },
    async reuse(event) {
      const { id } = event.currentTarget.dataset;
      await this.change("POST", `/applications/${this.data.application}/materials`, { material: id }, id);
    },
    async remove(event) {
      const { id } = event.currentTarget.dataset;
      await this.change("DELETE", `/applications/${this.data.application}/materials/${id}`, undefined, id);
    },
    async change(method, path, body, id) {
      try {
        await api.once(`${method} ${id}`, method, path, body);
        await this.load();
      } catch (fault) {
        this.setData({ fault: shown(fault) });
      }
    },
  },
});

function labelled(material) {
  const what = material.pages ? `PDF，${material.pages}页` : "照片";
  return { id: material.id, label: `${what}，${moment(material.added_at).split(" ")[0]}` };
}
