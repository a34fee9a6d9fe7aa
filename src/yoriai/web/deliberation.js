// How a council or a reasoner came to its answer, below it: agreement first, then who said what, the search, the cost.
// Blocks are HTML that the server has cleaned; everything else is text.
import { SearchTree } from "/search_tree.js";

export const Deliberation = {
  components: { SearchTree },
  props: { d: Object, labels: Object, running: Boolean },
  template: `
    <section class="y-deliberation" :aria-label="labels.about">
      <p class="y-deliberation-title"><q-icon name="groups" aria-hidden="true" /> <strong>{{ d.title }}</strong>
        <span v-for="part in d.summary" :key="part"> · {{ part }}</span></p>
      <p v-for="out in d.leftOut" :key="out" class="y-left-out"><q-icon name="person_off" aria-hidden="true" /> {{ out }}</p>
      <ul v-if="running && d.members.length" class="y-members" :aria-label="labels.members">
        <li v-for="m in d.members" :key="m.id" :class="'y-is-' + m.state"><q-spinner v-if="m.state === 'running'" size=".9em" aria-hidden="true" />
          <span v-else aria-hidden="true">{{ m.sign }}</span> <strong>{{ m.label }}</strong> <bdi>{{ m.name }}</bdi> {{ m.round }} – {{ m.stateText }}
          <span v-if="m.key" class="y-tag">{{ m.key }}</span></li></ul>
      <p v-else-if="d.legend.length" class="y-legend"><span v-for="m in d.legend" :key="m.label"><strong>{{ m.label }}</strong> <bdi>{{ m.name }}</bdi></span></p>
      <template v-if="d.claims">
        <div class="y-scroll" tabindex="0" role="group" :aria-label="labels.claims"><table class="y-claims">
          <caption>{{ labels.claims }}</caption>
          <thead><tr><th scope="col">{{ labels.claim }}</th>
            <th v-for="h in d.claims.heads" :key="h.label" scope="col" :title="h.name">{{ h.label }}<small><bdi>{{ h.name }}</bdi></small></th></tr></thead>
          <tbody><tr v-for="(row, i) in d.claims.rows" :key="i"><th scope="row">{{ row.text }}</th>
            <td v-for="(cell, j) in row.cells" :key="j" :class="'y-stance y-' + cell.name"><span aria-hidden="true">{{ cell.sign }}</span> <small>{{ cell.word }}</small></td></tr></tbody>
        </table></div>
      </template>
      <figure v-if="d.ballots.length" class="y-ballots"><figcaption>{{ labels.ballots }}</figcaption>
        <dl><div v-for="b in d.ballots" :key="b.answer"><dt><bdi>{{ b.answer }}</bdi></dt>
          <dd><span class="y-bar" aria-hidden="true"><span :style="{ width: 100 * b.share + '%' }"></span></span> {{ b.votes }} <small>{{ b.labels }}</small></dd></div></dl></figure>
      <p v-if="d.reason" class="y-why"><strong>{{ labels.reason }}</strong> {{ d.reason }}</p>
      <details v-if="told.length" class="y-told"><summary>{{ labels.answers }} ({{ told.length }})</summary>
        <details v-for="m in told" :key="m.id" class="y-said" :data-label="m.label"><summary><strong>{{ m.label }}</strong> <bdi>{{ m.name }}</bdi> {{ m.round }}
            <span :class="'y-tag y-is-' + m.state">{{ m.stateText }}</span> <span v-if="m.key" class="y-tag">{{ m.key }}</span> <small>{{ m.figures }}</small></summary>
          <details v-if="m.reasoning" class="y-reasoning"><summary>{{ labels.reasoning }}</summary><div class="y-reasoning-text">{{ m.reasoning }}</div></details>
          <div class="y-answer"><div v-for="(block, i) in m.blocks" :key="i" class="y-block" v-html="block"></div></div></details></details>
      <details v-if="d.reviews.length" class="y-told"><summary>{{ labels.reviews }} ({{ d.reviews.length }})</summary>
        <details v-for="(r, i) in d.reviews" :key="i" class="y-said"><summary><strong>{{ r.label }}</strong> <bdi>{{ r.name }}</bdi> <span class="y-tag">{{ r.ranking }}</span></summary>
          <div class="y-answer"><div v-for="(block, j) in r.blocks" :key="j" class="y-block" v-html="block"></div></div></details></details>
      <details v-if="d.nodes.length" class="y-told"><summary>{{ labels.tree }} ({{ d.nodes.length }})</summary>
        <SearchTree :nodes="d.nodes" :labels="labels" /></details>
      <details v-if="!running" class="y-told"><summary>{{ labels.cost }}<template v-if="d.ratio">: {{ d.ratio }}</template></summary>
        <div class="y-scroll" tabindex="0" role="group" :aria-label="labels.cost"><table class="y-cost">
          <thead><tr><td></td><th v-for="c in costs" :key="c" scope="col">{{ labels[c] }}</th></tr></thead>
          <tbody><tr v-for="row in d.cost" :key="row.name"><th scope="row">{{ row.name }}</th><td v-for="c in costs" :key="c">{{ row[c] }}</td></tr></tbody>
        </table></div></details>
    </section>`,
  data: () => ({ costs: ["calls", "tokens", "written", "seconds", "swaps"] }),
  computed: {
    told() {
      return this.d.members.filter((m) => m.blocks.length || m.reasoning);
    },
  },
};
