// Files that a chat's tools may use: chosen, sent to the server, listed, taken away. The page makes the chat first.
export const Attachments = {
  props: { labels: Object, files: Array },
  emits: ["attach", "attached"],
  template: `
    <input ref="picker" type="file" multiple hidden :aria-label="labels.attach" @change="chosen" />
    <ul v-if="shown.length" class="y-attached" :aria-label="labels.attached">
      <li v-for="f in shown" :key="f.id"><q-icon name="attach_file" aria-hidden="true" /><bdi>{{ f.name }}</bdi>
        <q-spinner v-if="f.sending" size="1em" :aria-label="labels.sending" />
        <q-btn v-else flat round dense size="xs" icon="close" :aria-label="labels.detach + ' ' + f.name" @click="remove(f)" /></li></ul>
    <p v-if="error" class="y-error" role="alert">{{ error }}</p>`,
  data: () => ({ shown: [], waiting: [], error: "" }),
  watch: {
    files: { immediate: true, handler(files) { this.shown = [...(files || [])]; this.error = ""; } },
  },
  methods: {
    choose() {
      this.$refs.picker.click();
    },
    chosen(event) {
      this.waiting.push(...event.target.files);
      event.target.value = "";
      if (this.waiting.length) this.$emit("attach");
    },
    // The chat is there: send what was chosen.
    async upload(address) {
      this.error = "";
      for (const file of this.waiting.splice(0)) {
        const shown = { id: "sending " + file.name, name: file.name, sending: true };
        this.shown = [...this.shown.filter((each) => each.name !== file.name), shown];
        const kept = await this.send(`${address}?name=${encodeURIComponent(file.name)}`, "POST", file);
        this.shown = this.shown.filter((each) => each.id !== shown.id);
        if (kept) this.shown = [...this.shown, kept];
      }
      if (!this.error) this.$emit("attached");
    },
    async remove(file) {
      if (await this.send(`/api/tool-files/${file.id}`, "DELETE")) this.$emit("attached");
    },
    async send(address, method, body) {
      try {
        const headers = body ? { "Content-Type": "application/octet-stream" } : {};
        const response = await fetch(address, { method, body, headers });
        if (response.status === 204) return true;
        const content = await response.json();
        if (response.ok) return content;
        this.error = content.error.message;
      } catch {
        this.error = this.labels.unreachable;
      }
      return null;
    },
  },
};
