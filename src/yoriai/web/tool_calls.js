// Calls of tools under their reply: folded, with arguments and results; one that waits shows its buttons. Blocks are
// HTML that the server has cleaned; everything else is text.
export const ToolCalls = {
  props: { calls: Array, labels: Object },
  emits: ["decide"],
  template: `
    <section v-if="calls.length" class="y-tools">
      <div v-for="c in calls" :key="c.id" :class="['y-tool', 'y-call-' + c.state]">
        <details :open="c.state === 'asking'">
          <summary><q-icon name="build" aria-hidden="true" /> <strong>{{ c.name }}</strong>
            <q-spinner v-if="c.state === 'running'" size="1em" aria-hidden="true" /> <span class="y-tool-state" role="status">{{ c.stateText }}</span></summary>
          <p v-if="c.why" class="y-tool-why">{{ c.why }}</p>
          <p class="y-tool-label">{{ labels.arguments }} <span class="y-tag">{{ c.effects }}</span></p>
          <pre tabindex="0">{{ c.arguments }}</pre>
          <template v-if="c.result || c.blocks.length"><p class="y-tool-label">{{ labels.result }}</p>
            <pre v-if="c.result" tabindex="0">{{ c.result }}</pre>
            <div v-else class="y-answer"><div v-for="(block, i) in c.blocks" :key="i" class="y-block" v-html="block"></div></div></template>
        </details>
        <div v-if="c.state === 'asking'" class="y-tool-ask" role="group" :aria-label="c.name">
          <q-btn unelevated dense no-caps color="primary" :label="labels.once" @click="decide(c, 'once')" />
          <q-btn flat dense no-caps :label="labels.always" @click="decide(c, 'always')" />
          <q-btn flat dense no-caps :label="labels.refuse" @click="decide(c, 'refuse')" />
          <q-btn flat dense no-caps :label="labels.never" @click="decide(c, 'never')" />
        </div>
        <figure v-for="p in c.pictures" :key="p.href" class="y-plot"><img :src="p.href" :alt="p.name" loading="lazy" /></figure>
        <p v-if="c.files.length" class="y-tool-files">{{ labels.files }}
          <a v-for="f in c.files" :key="f.href" :href="f.href" :download="f.name"><q-icon name="download" aria-hidden="true" /> <bdi>{{ f.name }}</bdi> ({{ f.size }})</a></p>
      </div>
    </section>`,
  methods: {
    decide(call, decision) {
      this.$emit("decide", { id: call.id, decision });
    },
  },
};
