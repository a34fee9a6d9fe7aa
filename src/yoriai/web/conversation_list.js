// The visitor's conversations, newest first, in groups by day; each can be renamed in place and deleted.
const DAY_MS = 86400000;

export default {
  props: { labels: Object, items: Array, active: String },
  emits: ["choose", "back", "rename", "remove", "search"],
  template: `
    <nav class="y-conversations" :aria-label="labels.conversations">
      <label class="y-search"><q-icon name="search" aria-hidden="true" />
        <input type="search" v-model="words" maxlength="200" :placeholder="labels.search" :aria-label="labels.search" @input="search" />
      </label>
      <p v-if="!items.length" class="y-nothing">{{ words ? labels.nothing_found : labels.no_conversations }}</p>
      <section v-for="group in groups" :key="group.name">
        <h2>{{ group.name }}</h2>
        <ul>
          <li v-for="item in group.items" :key="item.id" :class="{ 'y-active': item.id === active }">
            <input v-if="renaming === item.id" class="y-rename" v-model="title" :aria-label="labels.rename"
                   @keydown="renameKey($event, item)" @blur="renaming = null" />
            <template v-else>
              <a :href="'/c/' + item.id" :aria-current="item.id === active ? 'page' : null" :title="item.title"
                 @click="choose($event, item)">{{ item.title || labels.untitled }}</a>
              <q-btn flat round dense size="sm" icon="more_horiz" :aria-label="labels.more + ': ' + item.title">
                <q-menu auto-close><q-list dense>
                  <q-item clickable @click="rename(item)"><q-item-section>{{ labels.rename }}</q-item-section></q-item>
                  <q-item clickable @click="$emit('remove', { id: item.id })">
                    <q-item-section>{{ labels.remove }}</q-item-section></q-item>
                </q-list></q-menu>
              </q-btn>
            </template>
          </li>
        </ul>
      </section>
    </nav>`,
  data: () => ({ words: "", renaming: null, title: "", timer: null }),
  computed: {
    groups() {
      const today = new Date().setHours(0, 0, 0, 0);
      const starts = [
        [today, this.labels.today],
        [today - DAY_MS, this.labels.yesterday],
        [today - 7 * DAY_MS, this.labels.week],
        [-Infinity, this.labels.older],
      ];
      const groups = starts.map(([, name]) => ({ name, items: [] }));
      for (const item of this.items) {
        groups[starts.findIndex(([start]) => new Date(item.updated) >= start)].items.push(item);
      }
      return groups.filter((group) => group.items.length);
    },
  },
  mounted() {
    window.addEventListener("popstate", this.back);
  },
  unmounted() {
    window.removeEventListener("popstate", this.back);
  },
  methods: {
    // The browser's own buttons change the address only; a jump within the page does not change what is shown.
    back() {
      const id = location.pathname.startsWith("/c/") ? location.pathname.slice(3) : "";
      if (id !== this.active) this.$emit("back", { id });
    },
    choose(event, item) {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return; // a new tab, as with any link
      event.preventDefault();
      this.$emit("choose", { id: item.id });
    },
    rename(item) {
      this.title = item.title;
      this.renaming = item.id;
      // after the menu has given the focus back
      setTimeout(() => this.$el.querySelector(".y-rename")?.select(), 200);
    },
    renameKey(event, item) {
      if (event.isComposing || event.keyCode === 229) return;
      if (event.key === "Escape") this.renaming = null;
      if (event.key !== "Enter") return;
      if (this.title.trim()) this.$emit("rename", { id: item.id, title: this.title });
      this.renaming = null;
    },
    search() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.$emit("search", { words: this.words }), 250);
    },
  },
};
