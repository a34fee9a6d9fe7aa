// The messages of one branch. Answers arrive as blocks of HTML that the server has cleaned; questions are plain text.
import { copyText } from "/copying.js";
import { Deliberation } from "/deliberation.js";
import { ToolCalls } from "/tool_calls.js";

const NEAR_BOTTOM_PX = 120;

export default {
  components: { Deliberation, ToolCalls },
  props: { labels: Object, deliberationLabels: Object, toolLabels: Object, limit: Number, fixed: Boolean },
  emits: ["ready", "lost", "edit", "regenerate", "question", "branch", "decide"],
  template: `
    <div class="y-transcript" @click="clicked" :aria-busy="running" role="log" :aria-label="labels.transcript">
      <article v-for="m in messages" :key="m.id" :class="['y-message', 'y-' + m.role]" :aria-label="m.who" :data-id="m.id">
        <div class="y-who">{{ m.who }}</div>
        <p v-if="m.note" class="y-note"><q-icon name="info_outline" aria-hidden="true" /> {{ m.note }}</p>
        <details v-if="m.reasoning" class="y-reasoning">
          <summary>{{ labels.reasoning }}</summary>
          <div class="y-reasoning-text">{{ m.reasoning }}</div>
        </details>
        <ToolCalls v-if="m.tools.length" :calls="m.tools" :labels="toolLabels" @decide="$emit('decide', $event)" />
        <form v-if="editing === m.id" class="y-edit" @submit.prevent="save(m)">
          <textarea v-model="edited" rows="4" :maxlength="limit" :aria-label="labels.edit" @keydown="editKey($event, m)"></textarea>
          <q-btn type="submit" unelevated no-caps color="primary" :label="labels.send" :disable="!edited.trim()" :loading="saving" />
          <q-btn flat no-caps :label="labels.cancel" @click="editing = null" />
        </form>
        <div v-else-if="m.role === 'user'" class="y-question">{{ m.text }}</div>
        <div v-else class="y-answer"><div v-for="(block, i) in m.blocks" :key="i" class="y-block" v-html="block"></div></div>
        <p v-if="m.support" class="y-note"><q-icon name="fact_check" aria-hidden="true" /> {{ m.support }}</p>
        <details v-if="m.sources" class="y-sources"><summary>{{ m.sources.summary }}</summary>
          <p v-if="m.sources.query">{{ m.sources.query }}</p>
          <ol><li v-for="s in m.sources.items" :key="s.number">
            <a :href="s.href" target="_blank" rel="noopener">[{{ s.number }}] <bdi>{{ s.document }}</bdi> · {{ s.page }}</a>
            <span v-if="s.cited" class="y-tag">{{ s.cited }}</span><p>{{ s.text }}</p></li></ol></details>
        <Deliberation v-if="m.deliberation" :d="m.deliberation" :labels="deliberationLabels" :running="m.running" />
        <p v-if="m.stage" class="y-stage" role="status"><q-spinner size="1em" aria-hidden="true" /> {{ m.stage }}</p>
        <p v-if="m.error" class="y-error" role="alert"><q-icon name="error_outline" aria-hidden="true" /> {{ m.error }}</p>
        <div class="y-foot" v-if="editing !== m.id">
          <span v-if="m.count > 1" class="y-branches">
            <q-btn flat round dense size="sm" icon="chevron_left" :aria-label="labels.previous" :disable="m.place === 0"
                   @click="$emit('branch', { id: m.id, step: -1 })" />
            <span>{{ m.place + 1 }} / {{ m.count }}</span>
            <q-btn flat round dense size="sm" icon="chevron_right" :aria-label="labels.next" :disable="m.place === m.count - 1"
                   @click="$emit('branch', { id: m.id, step: 1 })" />
          </span>
          <template v-if="!m.running">
            <q-btn flat round dense size="sm" :icon="copied === m.id ? 'check' : 'content_copy'" :aria-label="labels.copy"
                   @click="copy(m)"><q-tooltip>{{ labels.copy }}</q-tooltip></q-btn>
            <q-btn v-if="m.role === 'user' && !fixed" flat round dense size="sm" icon="edit" :aria-label="labels.edit"
                   @click="edit(m)"><q-tooltip>{{ labels.edit }}</q-tooltip></q-btn>
            <q-btn v-else-if="!fixed" flat round dense size="sm" icon="refresh" :aria-label="labels.regenerate"
                   @click="$emit('regenerate', { id: m.id })"><q-tooltip>{{ labels.regenerate }}</q-tooltip></q-btn>
            <q-btn v-if="m.role !== 'user' && !fixed && m.text" flat round dense size="sm" icon="quiz"
                   :aria-label="labels.questions_make" @click="$emit('question', { id: m.id })"><q-tooltip>{{ labels.questions_make }}</q-tooltip></q-btn>
          </template>
          <span v-if="m.meta" class="y-meta">{{ m.meta }}</span>
        </div>
      </article>
    </div>`,
  data: () => ({ messages: [], editing: null, edited: "", saving: false, copied: null }),
  computed: {
    running() {
      return this.messages.some((m) => m.running);
    },
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    show(messages) {
      this.messages = messages;
      this.editing = null;
      this.saving = false;
      if (!this.fixed) this.$nextTick(() => window.scrollTo(0, document.body.scrollHeight));
    },
    put(message) {
      const place = this.messages.findIndex((m) => m.id === message.id);
      this.keepingBottom(() => {
        if (place >= 0) this.messages[place] = message;
        else this.messages.push(message);
      });
    },
    // `first`: number of the first block that changed; `offset`: where `reasoning` belongs, in UTF-16 units.
    patch({ id, first, blocks, offset, reasoning, stage, sources, deliberation, tools }) {
      const m = this.messages.find((each) => each.id === id);
      if (!m) return;
      if (first > m.blocks.length || offset > m.reasoning.length) {
        this.$emit("lost", { id });
        return;
      }
      this.keepingBottom(() => {
        m.blocks.splice(first, m.blocks.length, ...blocks);
        m.reasoning = m.reasoning.slice(0, offset) + reasoning;
        m.stage = stage;
        if (sources) m.sources = sources;
        if (deliberation) m.deliberation = deliberation;
        if (tools) m.tools = tools;
      });
    },
    keepingBottom(change) {
      const page = document.documentElement;
      const atBottom = page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_BOTTOM_PX;
      change();
      if (atBottom && !this.fixed) this.$nextTick(() => window.scrollTo(0, page.scrollHeight));
    },
    edit(m) {
      this.edited = m.text;
      this.editing = m.id;
      this.$nextTick(() => this.$el.querySelector(".y-edit textarea")?.focus());
    },
    editKey(event, m) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Escape") this.editing = null;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.save(m);
      }
    },
    save(m) {
      if (!this.edited.trim() || this.saving) return;
      this.saving = true; // until the server shows the new branch, or says why not
      this.$emit("edit", { id: m.id, text: this.edited });
    },
    refused() {
      this.saving = false;
    },
    async copy(m) {
      await copyText(m.text);
      this.copied = m.id;
      setTimeout(() => (this.copied = null), 1500);
    },
    // A letter in the answer leads to that member's own, in the panel below it.
    toMember(event, link) {
      event.preventDefault();
      const said = [...link.closest("article").querySelectorAll(`.y-said[data-label="${link.dataset.member}"]`)].pop();
      for (let each = said; each; each = each.parentElement.closest("details")) each.open = true;
      said?.querySelector("summary").focus();
      said?.scrollIntoView({ block: "center" });
    },
    clicked(event) {
      const member = event.target.closest("[data-member]");
      if (member) return this.toMember(event, member);
      const button = event.target.closest(".y-copy");
      if (!button) return;
      copyText(button.closest(".y-code").querySelector("pre").textContent);
      button.classList.add("y-copied");
      setTimeout(() => button.classList.remove("y-copied"), 1500);
    },
  },
};
