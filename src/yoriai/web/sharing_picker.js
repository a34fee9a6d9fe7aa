// Whom something is shared with: nobody else, people of some groups, everyone. Used by the elements on collections.
// Emits what was chosen; groups as ids with spaces between them, empty while none is ticked.
export default {
  props: { labels: Object, groups: Array, sharing: String, chosen: Array },
  emits: ["choose"],
  template: `
    <div class="y-sharing">
      <label class="y-inline">{{ labels.sharing }} <select :value="kind" @change="pick($event.target.value)">
        <option value="owner">{{ labels.sharing_owner }}</option>
        <option v-if="groups.length" value="groups">{{ labels.sharing_groups }}</option>
        <option value="everyone">{{ labels.sharing_everyone }}</option></select></label>
      <fieldset v-if="kind === 'groups'"><legend>{{ labels.sharing_which }}</legend>
        <label v-for="g in groups" :key="g.id" class="y-inline"><input type="checkbox" :checked="ids.includes(g.id)" @change="toggle(g.id)" /> <bdi>{{ g.name }}</bdi></label>
      </fieldset>
    </div>`,
  data() {
    return { kind: this.sharing, ids: [...this.chosen] };
  },
  computed: {
    known() {
      return [this.sharing, ...this.chosen].join(" ");
    },
  },
  watch: {
    known() {
      [this.kind, this.ids] = [this.sharing, [...this.chosen]];
    },
  },
  methods: {
    pick(kind) {
      [this.kind, this.ids] = [kind, []];
      this.tell();
    },
    toggle(id) {
      this.ids = this.ids.includes(id) ? this.ids.filter((each) => each !== id) : [...this.ids, id];
      this.tell();
    },
    tell() {
      this.$emit("choose", { sharing: this.kind, groups: this.ids.join(" ") });
    },
  },
};
