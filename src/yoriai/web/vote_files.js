// Votes out to a file, and in from one. The file goes to the API as it is; the page is told when the board has changed.
export default {
  props: { labels: Object, language: String },
  emits: ["changed"],
  template: `
    <div class="y-row">
      <q-btn outline no-caps dense icon="upload_file" :label="labels.import" :loading="sending" @click="$refs.file.click()" />
      <input ref="file" type="file" accept=".jsonl,.json" hidden @change="send" :aria-label="labels.import" />
      <q-btn outline no-caps dense icon="download" :label="labels.export" href="/api/arena/votes" download="yoriai-votes.jsonl" />
      <span role="status" :class="failed ? 'y-error' : 'y-note'">{{ said }}</span>
    </div>`,
  data: () => ({ sending: false, said: "", failed: false }),
  methods: {
    async send() {
      const [file] = this.$refs.file.files;
      if (!file) return;
      const body = new FormData();
      body.append("file", file);
      Object.assign(this, { sending: true, said: "", failed: false });
      try {
        const answer = await fetch("/api/arena/votes", { method: "POST", body, headers: { "Accept-Language": this.language } });
        const told = await answer.json();
        this.failed = !answer.ok;
        this.said = answer.ok
          ? this.labels.imported.replace("{votes}", told.votes.toLocaleString()).replace("{new}", told.new.toLocaleString())
          : told.error.message;
        if (answer.ok) this.$emit("changed");
      } catch {
        Object.assign(this, { failed: true, said: this.labels.unreachable });
      }
      this.$refs.file.value = "";
      this.sending = false;
    },
  },
};
