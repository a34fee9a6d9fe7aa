// The four votes of a blind battle: buttons, the keys 1 to 4, and the arrows towards what they mean.
const KEYS = {
  1: "model_a", 2: "model_b", 3: "tie", 4: "bothbad",
  ArrowLeft: "model_a", ArrowRight: "model_b", ArrowUp: "tie", ArrowDown: "bothbad",
};

export default {
  props: { labels: Object, open: Boolean },
  emits: ["vote"],
  template: `
    <div v-if="open" class="y-votes" role="group" :aria-label="labels.question">
      <p>{{ labels.question }} <span class="y-keys">{{ labels.keys }}</span></p>
      <button v-for="choice in choices" :key="choice.winner" type="button" class="y-vote" :disabled="waiting"
              :aria-keyshortcuts="choice.shortcuts" @click="vote(choice.winner)">
        <kbd aria-hidden="true">{{ choice.key }}</kbd> <span aria-hidden="true">{{ choice.sign }}</span> {{ choice.label }}
      </button>
    </div>`,
  data: () => ({ waiting: false }),
  computed: {
    choices() {
      const signs = { model_a: "←", model_b: "→", tie: "↑", bothbad: "↓" };
      const arrows = { model_a: "ArrowLeft", model_b: "ArrowRight", tie: "ArrowUp", bothbad: "ArrowDown" };
      return ["model_a", "model_b", "tie", "bothbad"].map((winner, i) => ({
        winner, key: i + 1, sign: signs[winner], label: this.labels[winner], shortcuts: `${i + 1} ${arrows[winner]}`,
      }));
    },
  },
  watch: {
    open(isOpen) {
      this.waiting = false;
      // An empty composer gives its focus to the votes, so that the keys work at once; a half-written question keeps it.
      if (isOpen && !document.activeElement?.value) this.$nextTick(() => this.$el.querySelector("button")?.focus({ preventScroll: true }));
    },
  },
  mounted() {
    window.addEventListener("keydown", this.key);
  },
  unmounted() {
    window.removeEventListener("keydown", this.key);
  },
  methods: {
    key(event) {
      if (!this.open || event.isComposing || event.metaKey || event.ctrlKey || event.altKey || event.repeat) return;
      if (event.target.closest?.("input, textarea, select, summary, [role=combobox], [role=dialog], [role=listbox]")) return;
      const winner = KEYS[event.key];
      if (!winner) return;
      event.preventDefault();
      this.vote(winner);
    },
    vote(winner) {
      if (this.waiting) return;
      this.waiting = true; // until the server tells the names, or says why not
      this.$emit("vote", { winner });
    },
    refused() {
      this.waiting = false;
    },
  },
};
