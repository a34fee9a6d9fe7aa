// One collection: how far it is, what is handed in, what a search finds, which documents it has. The server tells.
import SharingPicker from "/sharing_picker.js";
import { chosen, dropped, Sender } from "/uploads.js";

const MOST_UPLOADS_SHOWN = 100;

export default {
  components: { SharingPicker },
  props: { labels: Object, limit: Number, mostBytes: Number, chooses: Boolean, locale: String, address: String },
  emits: ["ready", "ask", "share", "rename", "remove", "stop", "resume", "text", "page", "unwatch", "search", "list", "discard", "retry"],
  template: `
    <div v-if="state" class="y-desk">
      <section class="y-strip" :aria-label="labels.overview">
        <p><strong>{{ state.facts }}</strong> <span class="y-tag">{{ state.sharingText }}</span></p>
        <p class="y-note y-seen">{{ state.seen }}</p>
        <p v-if="state.index" class="y-note">{{ state.index }}</p>
        <div v-for="job in state.jobs" :key="job.id" class="y-work" role="status"><span>{{ job.text }}</span>
          <q-linear-progress :value="job.share ?? 0" :indeterminate="job.share === null" :aria-label="job.text" rounded size=".5rem" />
          <q-btn v-if="state.own" flat dense no-caps icon="stop" :label="labels.stop" :aria-label="labels.stop + ': ' + job.text" @click="$emit('stop', { id: job.id })" /></div>
        <p v-if="state.waiting" class="y-note">{{ state.waiting }}
          <q-btn v-if="state.own" flat dense no-caps icon="play_arrow" :label="labels.resume" @click="$emit('resume')" /></p>
        <p v-for="folder in state.folders" :key="folder" class="y-note"><q-icon name="folder" aria-hidden="true" /> {{ labels.watched }} <bdi>{{ folder }}</bdi>
          <span v-if="state.missing.includes(folder)" class="y-error">{{ labels.missing }}</span>
          <q-btn flat dense no-caps :label="labels.unwatch" :aria-label="labels.unwatch + ': ' + folder" @click="$emit('unwatch', { folder })" /></p>
        <form v-if="renaming" class="y-row" @submit.prevent="rename"><label>{{ labels.name }}<input ref="name" v-model="name" :maxlength="limit" @keydown.esc="renaming = false" /></label>
          <q-btn type="submit" flat no-caps :label="labels.rename" /><q-btn flat no-caps :label="labels.cancel" @click="renaming = false" /></form>
        <div class="y-row">
          <q-btn unelevated no-caps color="primary" icon="forum" :label="labels.ask" :disable="!state.count" @click="$emit('ask', { mode, only: only[mode] ? 'True' : 'False' })" />
          <template v-if="chooses"><label class="y-inline">{{ labels.from }} <select v-model="mode">
            <option value="passages">{{ labels.from_passages }}</option><option value="whole">{{ labels.from_whole }}</option></select></label>
            <label class="y-inline"><input v-model="only[mode]" type="checkbox" /> {{ labels.only }}</label></template>
        </div>
        <div class="y-row">
          <template v-if="state.own">
            <sharing-picker :key="state.asked" :labels="{ ...labels, sharing_owner: state.unshared }" :groups="state.groups" :sharing="state.sharing" :chosen="state.groupIds" @choose="share" />
            <q-btn flat no-caps icon="edit" :label="labels.rename" @click="beginRename" />
            <q-btn flat no-caps icon="delete" :label="labels.remove" @click="$emit('remove')" />
          </template>
        </div>
      </section>
      <section v-if="state.own" :class="['y-drop', { 'y-over': over }]" :aria-label="labels.add"
               @dragenter.prevent="over = true" @dragover.prevent="over = true" @dragleave.self="over = false" @drop.prevent="take($event)">
        <p><q-icon name="upload_file" size="1.5rem" aria-hidden="true" /> {{ labels.drop }}</p>
        <div class="y-row">
          <q-btn outline no-caps icon="note_add" :label="labels.files" @click="$refs.files.click()" />
          <q-btn outline no-caps icon="drive_folder_upload" :label="labels.folder" @click="$refs.folder.click()" />
          <input ref="files" type="file" multiple hidden :aria-label="labels.files" @change="choose($event)" />
          <input ref="folder" type="file" webkitdirectory hidden :aria-label="labels.folder" @change="choose($event)" />
        </div>
        <details><summary>{{ labels.paste }}</summary>
          <form class="y-paste" @submit.prevent="paste"><label>{{ labels.title }}<input v-model="title" maxlength="200" /></label>
            <label>{{ labels.text }}<textarea v-model="text" rows="5" maxlength="1000000"></textarea></label>
            <q-btn type="submit" outline no-caps :label="labels.add_text" :disable="!text.trim()" /></form>
          <form class="y-paste" @submit.prevent="fetchPage"><label>{{ labels.page }}<input type="url" v-model="webPage" maxlength="4000" placeholder="https://" /></label>
            <q-btn type="submit" outline no-caps :label="labels.add_page" :disable="!webPage.trim()" /></form></details>
        <template v-if="uploads.length">
          <p role="status" class="y-row">{{ labels.sent }} {{ sentCount }} / {{ uploads.length }}
            <q-btn v-if="isSending" flat dense no-caps icon="stop" :label="labels.stop_sending" @click="sender.stop()" />
            <q-btn v-else flat dense no-caps :label="labels.clear" @click="uploads = []" /></p>
          <ul class="y-uploads"><li v-for="(u, i) in uploadsShown" :key="i"><bdi>{{ u.name }}</bdi>
            <span class="y-facts">{{ labels["upload_" + u.state] }}<template v-if="u.state === 'sending'"> {{ Math.round(u.share * 100) }}%</template></span>
            <span v-if="u.error" class="y-error" role="alert">{{ u.error }}</span></li></ul>
        </template>
      </section>
      <section :aria-label="labels.search">
        <form class="y-row" role="search" :aria-label="labels.search" @submit.prevent="look">
          <label class="y-search"><q-icon name="search" aria-hidden="true" />
            <input type="search" v-model="query" maxlength="2000" :placeholder="labels.search" :aria-label="labels.search" /></label>
          <q-btn type="submit" outline no-caps :label="labels.look" :disable="!query.trim() || !state.count" :loading="looking" /></form>
        <template v-if="found">
          <p class="y-count" role="status">{{ found.summary }} <q-btn flat dense no-caps :label="labels.clear" @click="found = null" /></p>
          <ol class="y-hits"><li v-for="h in found.items" :key="h.id">
            <a :href="h.href" target="_blank" rel="noopener"><bdi>{{ h.document }}</bdi> · {{ h.page }}</a>
            <p v-if="h.headings" class="y-facts">{{ h.headings }}</p>
            <p class="y-excerpt"><template v-for="part in h.parts"><mark v-if="part.marked">{{ part.text }}</mark><template v-else>{{ part.text }}</template></template></p>
            <dl class="y-scores"><div v-for="s in h.scores" :key="s.name"><dt>{{ s.name }}</dt><dd>{{ s.value }}</dd></div></dl></li></ol>
        </template>
      </section>
      <section :aria-label="labels.documents">
        <div class="y-row"><h2>{{ labels.documents }}</h2>
          <label v-if="documents.total > 10 || words" class="y-search"><q-icon name="filter_list" aria-hidden="true" />
            <input type="search" v-model="words" :placeholder="labels.filter" :aria-label="labels.filter" @input="list(100)" /></label></div>
        <p v-if="!state.count" class="y-nothing">{{ labels.empty }}</p>
        <ul class="y-documents"><li v-for="d in documents.items" :key="d.id" :data-name="d.name" :data-status="d.status">
          <div class="y-document"><a v-if="d.href" :href="d.href" target="_blank" rel="noopener"><bdi>{{ d.name }}</bdi></a><bdi v-else>{{ d.name }}</bdi>
            <span :class="'y-tag y-is-' + d.status"><q-spinner v-if="d.status === 'reading'" size=".9em" aria-hidden="true" /> {{ d.statusText }}</span>
            <span v-for="tag in d.tags" class="y-tag">{{ tag }}</span></div>
          <q-btn v-if="state.own" flat round dense size="sm" icon="close" :aria-label="labels.drop_document + ': ' + d.name" @click="$emit('discard', { id: d.id, name: d.name })" />
          <p v-if="d.title" class="y-facts">{{ d.title }}</p><p class="y-facts">{{ d.facts }}</p>
          <p v-if="d.message" :class="d.status === 'failed' ? 'y-error' : 'y-note'">{{ d.message }}
            <q-btn v-if="state.own && d.status === 'failed'" flat dense no-caps icon="refresh" :label="labels.retry" :aria-label="labels.retry + ': ' + d.name" @click="$emit('retry', { id: d.id })" /></p>
          <p v-for="w in d.warnings" class="y-note"><q-icon name="warning_amber" aria-hidden="true" /> {{ w }}</p></li></ul>
        <p v-if="documents.items.length < documents.total" class="y-row">{{ documents.items.length }} / {{ documents.total }}
          <q-btn flat no-caps :label="labels.more" @click="list(documents.items.length + 200)" /></p>
      </section>
    </div>`,
  data: () => ({
    state: null, documents: { items: [], total: 0 }, words: "", query: "", found: null, looking: false, over: false,
    uploads: [], renaming: false, name: "", title: "", text: "", webPage: "", mode: "passages", only: { passages: true, whole: true },
  }),
  computed: {
    sentCount() {
      return this.uploads.filter((u) => u.state === "sent").length;
    },
    isSending() {
      return this.uploads.some((u) => u.state === "waiting" || u.state === "sending");
    },
    uploadsShown() {
      const rank = { failed: 0, sending: 1, waiting: 2, stopped: 3, sent: 4 };
      return [...this.uploads].sort((a, b) => rank[a.state] - rank[b.state]).slice(0, MOST_UPLOADS_SHOWN);
    },
  },
  created() {
    this.sender = new Sender(this.address, this.locale, this.labels.unreachable);
  },
  mounted() {
    this.$emit("ready");
    window.addEventListener("beforeunload", this.leaving);
  },
  unmounted() {
    window.removeEventListener("beforeunload", this.leaving);
  },
  methods: {
    tell(state) {
      this.state = state;
    },
    tellWays(only) {
      this.only = only;
    },
    tellDocuments(documents) {
      this.documents = documents;
    },
    tellFound(found) {
      this.looking = false;
      if (found) this.found = found;
    },
    added() {
      [this.title, this.text, this.webPage] = ["", "", ""];
    },
    leaving(event) {
      if (this.isSending) event.preventDefault();
    },
    async take(event) {
      this.over = false;
      this.hand(await dropped(event.dataTransfer));
    },
    choose(event) {
      this.hand(chosen(event.target.files));
      event.target.value = "";
    },
    hand(files) {
      const from = this.uploads.length;
      this.uploads.push(...files.map((each) => this.upload(each)));
      this.sender.add(this.uploads.slice(from).filter((u) => u.state === "waiting")); // as Vue watches them
    },
    upload({ file, name }) {
      const isTooLarge = file.size > this.mostBytes;
      return { file, name, state: isTooLarge ? "failed" : "waiting", share: 0, error: isTooLarge ? this.labels.too_large : "" };
    },
    paste() {
      if (this.text.trim()) this.$emit("text", { title: this.title, text: this.text });
    },
    fetchPage() {
      if (this.webPage.trim()) this.$emit("page", { address: this.webPage.trim() });
    },
    look() {
      if (!this.query.trim() || this.looking) return;
      this.looking = true;
      this.$emit("search", { query: this.query });
    },
    list(limit) {
      this.$emit("list", { words: this.words, limit });
    },
    share({ sharing, groups }) {
      // Groups without a tick: nothing yet, or nobody any more.
      if (sharing !== "groups" || groups) this.$emit("share", { sharing, groups });
      else if (this.state.sharing === "groups") this.$emit("share", { sharing: "owner", groups });
    },
    beginRename() {
      this.name = this.state.name;
      this.renaming = true;
      this.$nextTick(() => this.$refs.name.focus());
    },
    rename() {
      this.$emit("rename", { name: this.name });
      this.renaming = false;
    },
  },
};
