// Where questions are written. Enter sends, Shift+Enter makes a line, Enter that ends an IME composition does neither.
// A draft survives a reload; a text is cleared only when the server has taken it.
import { Attachments } from "/attachments.js";

export default {
  components: { Attachments },
  props: { labels: Object, files: Array, takesFiles: Boolean, running: Boolean, draftKey: String, limit: Number },
  emits: ["send", "stop", "attach", "attached"],
  template: `
    <form class="y-composer" @submit.prevent="send">
      <Attachments ref="attachments" :labels="labels" :files="files" @attach="$emit('attach')" @attached="$emit('attached')" />
      <textarea ref="box" v-model="text" rows="1" :placeholder="labels.placeholder" :aria-label="labels.placeholder"
                enterkeyhint="send" @keydown="key" @input="changed"></textarea>
      <q-btn v-if="takesFiles" flat round icon="attach_file" :aria-label="labels.attach" @click="$refs.attachments.choose()"><q-tooltip>{{ labels.attach }}</q-tooltip></q-btn>
      <q-btn v-if="running" round unelevated color="primary" icon="stop" :aria-label="labels.stop" @click="$emit('stop')">
        <q-tooltip>{{ labels.stop }}</q-tooltip></q-btn>
      <q-btn v-else round unelevated color="primary" type="submit" icon="arrow_upward" :aria-label="labels.send"
             :disable="!text.trim() || waiting || tooLong" :loading="waiting"><q-tooltip>{{ labels.send }}</q-tooltip></q-btn>
      <p v-if="tooLong" class="y-error" role="alert">{{ labels.tooLong }}</p>
    </form>`,
  data: () => ({ text: "", waiting: false, sentKey: "" }),
  computed: {
    tooLong() {
      return this.text.length > this.limit;
    },
  },
  watch: {
    draftKey() {
      this.restore();
    },
  },
  mounted() {
    this.restore();
    if (!window.matchMedia("(pointer: coarse)").matches) this.$refs.box.focus();
  },
  methods: {
    key(event) {
      if (event.isComposing || event.keyCode === 229) return; // the IME's own Enter; Safari says it only by 229
      if (event.key === "Escape" && this.running) this.$emit("stop");
      if (event.key !== "Enter" || event.shiftKey || window.matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      this.send();
    },
    send() {
      if (!this.text.trim() || this.waiting || this.running || this.tooLong) return;
      this.waiting = true;
      this.sentKey = this.draftKey; // a new conversation gets its own key while its first question is on the way
      this.$emit("send", { text: this.text });
    },
    accepted() {
      sessionStorage.removeItem(this.sentKey);
      this.waiting = false;
      this.restore();
    },
    refused() {
      this.waiting = false;
    },
    upload(address) {
      this.$refs.attachments.upload(address);
    },
    fill(text) {
      this.text = text;
      this.$refs.box.focus();
      this.$nextTick(this.changed);
    },
    changed() {
      try {
        sessionStorage.setItem(this.draftKey, this.text);
      } catch {
        // a draft larger than the browser's store lives only in the page
      }
      this.grow();
    },
    restore() {
      this.text = sessionStorage.getItem(this.draftKey) || "";
      this.$nextTick(this.grow);
    },
    grow() {
      const box = this.$refs.box;
      box.style.height = "auto";
      box.style.height = Math.min(box.scrollHeight, window.innerHeight * 0.4) + "px";
    },
  },
};
