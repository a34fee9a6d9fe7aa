// Filters, what is loaded, and a card per model. The server tells what changes; filtering is the browser's own.
const FINDINGS = ["freedoms", "components", "questions"];
const RANK = { fits: 0, partly: 1, none: 2 };

export default {
  props: { labels: Object, words: Object, cards: Array, locale: String, manages: Boolean },
  emits: ["ready", "openness", "pull", "cancel", "discard", "unload", "remove"],
  template: `
    <div class="y-models">
      <section class="y-strip" :aria-label="labels.loaded">
        <h2>{{ labels.loaded }}</h2>
        <p v-if="states && !states.loaded.length" class="y-note">{{ labels.loaded_none }}</p>
        <ul v-if="states" class="y-loaded"><li v-for="m in states.loaded" :key="m.name">
          <strong>{{ m.name }}</strong> <span>{{ m.text }}</span>
          <q-btn v-if="manages && m.state === 'ready'" flat dense no-caps icon="eject" :label="labels.unload"
                 :aria-label="labels.unload + ': ' + m.name" @click="$emit('unload', { name: m.name })" />
        </li></ul>
        <p class="y-note"><strong>{{ labels.this }}</strong>: {{ machines[0] || labels.looking }}</p>
        <p v-if="machines[1]" class="y-note"><strong>{{ labels.described }}</strong>: {{ machines[1] }}</p>
        <p v-if="states" class="y-note">{{ states.disk }}</p>
      </section>
      <form :class="['y-filters', { 'y-folded': !filtersOpen }]" role="search" :aria-label="labels.filters" @submit.prevent>
        <label class="y-search"><q-icon name="search" aria-hidden="true" />
          <input type="search" v-model="text" maxlength="200" :placeholder="labels.search" :aria-label="labels.search" /></label>
        <q-btn class="y-unfold" flat no-caps :icon="filtersOpen ? 'expand_less' : 'filter_list'" :label="labels.filters"
               :aria-expanded="filtersOpen" @click="filtersOpen = !filtersOpen" />
        <label>{{ labels.fit }} <select v-model="fit" :aria-label="labels.fit">
          <option value="">{{ labels.fit_any }}</option><option value="0 0">{{ labels.fit_here }}</option>
          <option value="0 1">{{ labels.fit_runs }}</option>
          <template v-if="machines[1]"><option value="1 0">{{ labels.fit_fits_described }}</option>
            <option value="1 1">{{ labels.fit_runs_described }}</option></template></select></label>
        <label>{{ labels.language }} <select v-model="language" :aria-label="labels.language"><option value="">{{ labels.any }}</option>
          <option v-for="code in languages" :key="code" :value="code">{{ languageName(code) }}</option></select></label>
        <label>{{ labels.licence }} <select v-model="verdict" :aria-label="labels.licence"><option value="">{{ labels.any }}</option>
          <option v-for="(name, key) in words.verdicts" :key="key" :value="key">{{ name }}</option></select></label>
        <label>{{ labels.kind }} <select v-model="kind" :aria-label="labels.kind"><option value="">{{ labels.any }}</option>
          <option v-for="(name, key) in words.kinds" :key="key" :value="key">{{ name }}</option></select></label>
        <label>{{ labels.largest }} <input type="number" min="0" step="any" inputmode="decimal" :aria-label="labels.largest" v-model="largest" /></label>
      </form>
      <p class="y-count" role="status">{{ labels.shown }} {{ shown.length }} / {{ cards.length }}
        <q-btn v-if="shown.length < cards.length" flat dense no-caps :label="labels.reset" @click="reset" /></p>
      <p v-if="!shown.length" class="y-nothing">{{ labels.none }}</p>
      <ul class="y-cards">
        <li v-for="c in shown" :key="c.name"><article :class="['y-card', { 'y-folded': !open[c.name] }]" :aria-label="c.name" :data-name="c.name">
          <header><h2>{{ c.name }}</h2><span v-if="isHere(c)" class="y-tag">{{ labels.installed }}</span>
            <span :class="'y-brief y-tag y-' + c.verdict">{{ c.verdictText }}</span>
            <q-btn class="y-unfold" flat round dense :icon="open[c.name] ? 'expand_less' : 'expand_more'" :aria-expanded="Boolean(open[c.name])"
                   :aria-label="labels.details + ': ' + c.name" @click="open[c.name] = !open[c.name]" /></header>
          <p class="y-facts">{{ facts(c) }}</p>
          <p v-if="c.description">{{ c.description }}</p>
          <template v-for="(machine, i) in machines" :key="i">
            <div v-if="fits[i]?.[c.name]" :class="['y-fit', 'y-' + fits[i][c.name].verdict]" :data-machine="i">
              <span class="y-sign" aria-hidden="true">{{ fits[i][c.name].sign }}</span>
              <div><div><strong>{{ i ? labels.described : labels.this }}: {{ fits[i][c.name].label }}</strong></div>
                <div class="y-figures">{{ [fits[i][c.name].memory, fits[i][c.name].speed].filter(Boolean).join(" · ") }}</div>
                <details><summary>{{ labels.why }}</summary><p v-for="line in fits[i][c.name].why">{{ line }}</p></details></div>
            </div>
          </template>
          <div v-if="!machines.length" class="y-fit"><q-spinner size="1em" aria-hidden="true" /> {{ labels.looking }}</div>
          <details class="y-openness" @toggle="ask($event, c)">
            <summary>{{ labels.openness }}: <span :class="'y-tag y-' + c.verdict">{{ c.verdictText }}</span> {{ c.licence }}</summary>
            <template v-if="reports[c.name]">
              <p>{{ reports[c.name].meaning }}</p>
              <p v-for="step in reports[c.name].chain">{{ labels.chain }}: {{ step.text }}</p>
              <div class="y-scroll" tabindex="0" role="region" :aria-label="labels.openness + ': ' + c.name"><table>
                <tbody v-for="group in groups" :key="group"><tr><th colspan="3" scope="rowgroup">{{ labels[group] }}</th></tr>
                  <tr v-for="found in reports[c.name][group]"><th scope="row">{{ found.question }}</th>
                    <td :class="{ 'y-limits': found.limits }">{{ found.answer_text }}</td>
                    <td><p v-for="r in found.reasons">{{ r.text }}
                      <a v-if="r.link" :href="r.link" target="_blank" rel="noopener noreferrer">{{ place(r) }}</a>
                      <span v-else>{{ place(r) }}</span>
                      <em v-if="!r.verified">({{ labels.unverified }})</em></p></td></tr></tbody></table></div>
              <p class="y-note">{{ reports[c.name].advice }}</p>
            </template><q-spinner v-else size="1em" />
          </details>
          <div v-if="pull(c)?.state === 'running'" class="y-pull">
            <q-linear-progress :value="pull(c).share ?? 0" :indeterminate="pull(c).share === null" instant-feedback rounded
                               size=".5rem" :aria-label="c.name" />
            <span class="y-figures">{{ stopping[c.name] ? labels.stopping : pull(c).text }}</span>
          </div>
          <p v-if="pull(c)?.error" class="y-error" role="alert">{{ pull(c).error }}</p>
          <p v-if="isKept(c)" class="y-note">{{ labels.kept }} {{ states.kept[c.name] }}</p>
          <footer v-if="states">
            <template v-if="manages">
              <q-btn v-if="pull(c)?.state === 'running'" outline no-caps icon="close" :label="labels.cancel" :disable="stopping[c.name]"
                     :aria-label="labels.cancel + ': ' + c.name" @click="cancel(c)" />
              <q-btn v-else-if="isKept(c) && canPull(c)" unelevated no-caps color="primary" icon="play_arrow" :label="labels.resume"
                     :aria-label="labels.resume + ': ' + c.name" @click="$emit('pull', { name: c.name })" />
              <q-btn v-else-if="canPull(c)" unelevated no-caps color="primary" icon="download" :label="labels.pull + ' · ' + c.size"
                     :aria-label="labels.pull + ': ' + c.name" @click="consider(c)" />
              <q-btn v-if="isKept(c)" flat no-caps icon="delete_outline" :label="labels.discard"
                     :aria-label="labels.discard + ': ' + c.name" @click="$emit('discard', { name: c.name })" />
              <q-btn v-if="isHere(c)" flat no-caps icon="delete_outline" :label="labels.remove"
                     :aria-label="labels.remove + ': ' + c.name" @click="$emit('remove', { name: c.name })" />
            </template>
            <span v-if="!isHere(c) && !c.sources.length" class="y-note">{{ labels.plan_only }}</span>
            <span v-else-if="!isHere(c) && !c.allowed" class="y-note">{{ labels.not_allowed }}</span>
          </footer>
        </article></li>
      </ul>
      <q-dialog v-model="asking" :aria-label="labels.pull_title"><q-card v-if="chosen" class="y-consent">
        <h2>{{ labels.pull_title }}</h2>
        <dl><dt>{{ chosen.name }}</dt><dd>{{ facts(chosen) }}</dd>
          <dt>{{ labels.pull_size }}</dt><dd>{{ chosen.size }}
            <span v-if="chosen.bytes > states.free" class="y-error">{{ labels.pull_no_room }}</span></dd>
          <dt>{{ labels.pull_sources }}</dt><dd>{{ chosen.sources.join(", ") }}</dd>
          <dt>{{ labels.pull_licence }}</dt><dd>{{ chosen.licence }} <span :class="'y-tag y-' + chosen.verdict">{{ chosen.verdictText }}</span></dd></dl>
        <template v-if="reports[chosen.name]">
          <p>{{ reports[chosen.name].meaning }}</p>
          <p v-if="!limits.length">{{ labels.pull_no_limits }}</p>
          <template v-else><h3>{{ labels.pull_limits }}</h3>
            <ul><li v-for="found in limits"><strong>{{ found.question }}: {{ found.answer_text }}</strong>
              <span v-for="r in found.reasons" class="y-reason">{{ r.text }}
                <a v-if="r.link" :href="r.link" target="_blank" rel="noopener noreferrer">{{ place(r) }}</a></span></li></ul></template>
          <p v-for="step in reports[chosen.name].chain">{{ labels.chain }}: {{ step.text }}</p>
          <p class="y-note">{{ reports[chosen.name].advice }}</p>
        </template><q-spinner v-else size="1.5em" />
        <div class="y-buttons"><q-btn flat no-caps :label="words.cancel" v-close-popup />
          <q-btn unelevated no-caps color="primary" icon="download" :label="labels.pull" :disable="!reports[chosen.name]" @click="agree" /></div>
      </q-card></q-dialog>
    </div>`,
  data: () => ({
    states: null, machines: [], fits: [], reports: {}, stopping: {}, groups: FINDINGS, open: {}, filtersOpen: false,
    text: "", fit: "", language: "", verdict: "", kind: "", largest: "", asking: false, chosen: null,
  }),
  computed: {
    languages() {
      return [...new Set(this.cards.flatMap((c) => c.languages))].sort((a, b) =>
        this.languageName(a).localeCompare(this.languageName(b), this.locale),
      );
    },
    shown() {
      const words = this.text.normalize("NFKC").toLowerCase().split(/\s+/).filter(Boolean);
      const found = this.cards.filter(
        (c) =>
          words.every((word) => this.searched(c).includes(word)) && this.passes(c) &&
          (!this.language || c.languages.includes(this.language)) && (!this.verdict || c.verdict === this.verdict) &&
          (!this.kind || c.kind === this.kind) && (!(this.largest > 0) || (c.bytes && c.bytes <= this.largest * 1e9)),
      );
      return found.sort((a, b) => this.isHere(b) - this.isHere(a) || this.rank(a) - this.rank(b) || b.bytes - a.bytes);
    },
    limits() {
      const report = this.reports[this.chosen.name];
      return [...Object.values(report.freedoms), ...Object.values(report.questions)].filter((found) => found.limits);
    },
  },
  mounted() {
    this.$emit("ready");
  },
  methods: {
    tellStates(states) {
      this.states = states;
      for (const name of Object.keys(this.stopping)) if (states.pulls[name]?.state !== "running") delete this.stopping[name];
    },
    tellFits(machines, fits) {
      [this.machines, this.fits] = [machines, fits];
      if (!machines[1] && this.fit.startsWith("1")) this.fit = "";
    },
    tellOpenness(name, report) {
      this.reports[name] = report;
    },
    isHere(c) {
      return this.states?.installed.includes(c.name) ?? false;
    },
    isKept(c) {
      return Boolean(this.states?.kept[c.name]) && this.pull(c)?.state !== "running";
    },
    canPull(c) {
      return !this.isHere(c) && c.allowed && c.sources.length > 0;
    },
    pull(c) {
      return this.isHere(c) ? null : this.states?.pulls[c.name];
    },
    rank(c) {
      return RANK[this.fits[0]?.[c.name]?.verdict] ?? 3;
    },
    passes(c) {
      if (!this.fit) return true;
      const [machine, worst] = this.fit.split(" ");
      return (RANK[this.fits[machine]?.[c.name]?.verdict] ?? 3) <= worst;
    },
    searched(c) {
      return [c.name, c.family, c.description, c.licence, c.quantization].join(" ").normalize("NFKC").toLowerCase();
    },
    facts(c) {
      const languages = c.languages.map(this.languageName).join(this.locale === "ja" ? "・" : ", ");
      const size = c.bytes ? c.size : "";
      return [c.family, c.kindText, c.parameters, c.quantization, size, c.context, languages].filter(Boolean).join(" · ");
    },
    languageName(code) {
      try {
        return new Intl.DisplayNames([this.locale], { type: "language" }).of(code) ?? code;
      } catch {
        return code; // a user's catalogue may say anything
      }
    },
    place(reason) {
      return reason.clause === "–" ? reason.source : `${reason.source} ${reason.clause}`;
    },
    ask(event, c) {
      if (event.target.open) this.want(c);
    },
    want(c) {
      if (!this.reports[c.name]) this.$emit("openness", { name: c.name });
    },
    consider(c) {
      this.chosen = c;
      this.asking = true;
      this.want(c);
    },
    agree() {
      this.asking = false;
      this.$emit("pull", { name: this.chosen.name });
    },
    cancel(c) {
      this.stopping[c.name] = true;
      this.$emit("cancel", { name: c.name });
    },
    reset() {
      [this.text, this.fit, this.language, this.verdict, this.kind, this.largest] = ["", "", "", "", "", ""];
    },
  },
};
