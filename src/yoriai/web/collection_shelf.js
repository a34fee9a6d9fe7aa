// The collections that the visitor may read, and a form for a new one.
import SharingPicker from "/sharing_picker.js";

export default {
  components: { SharingPicker },
  props: { labels: Object, limit: Number, makes: Boolean, groups: Array },
  emits: ["ready", "create"],
  template: `
    <div class="y-collections">
      <form v-if="makes" class="y-strip y-new-collection" :aria-label="labels.new" @submit.prevent="create">
        <label>{{ labels.name }}<input v-model="name" :maxlength="limit" autocomplete="off" /></label>
        <sharing-picker :key="made" :labels="labels" :groups="groups" sharing="owner" :chosen="[]" @choose="shared = $event" />
        <q-btn type="submit" unelevated no-caps color="primary" icon="create_new_folder" :label="labels.create" :disable="!name.trim() || (shared.sharing === 'groups' && !shared.groups)" />
      </form>
      <p v-else class="y-note">{{ labels.guest }}</p>
      <p v-if="cards && !cards.length" class="y-nothing">{{ labels.none }}</p>
      <ul v-if="cards" class="y-cards">
        <li v-for="c in cards" :key="c.id"><article class="y-card" :aria-label="c.name" :data-id="c.id">
          <header><h2><a :href="c.href"><bdi>{{ c.name }}</bdi></a></h2><span class="y-tag">{{ c.sharing }}</span></header>
          <p class="y-facts">{{ c.facts }}</p>
          <p v-if="c.work" role="status"><q-spinner size="1em" aria-hidden="true" /> {{ c.work }}</p>
          <p v-if="c.failed" class="y-error"><q-icon name="error_outline" aria-hidden="true" /> {{ c.failed }}</p>
        </article></li>
      </ul>
      <p v-if="reading" :class="reading.safe ? 'y-note' : 'y-error'" data-reading>
        <q-icon :name="reading.safe ? 'lock' : 'warning'" aria-hidden="true" /> {{ reading.message }}<br v-if="reading.mend" />{{ reading.mend }}</p>
    </div>`,
  data: () => ({ cards: null, name: "", made: 0, shared: { sharing: "owner", groups: "" }, reading: null }),
  mounted() {
    this.$emit("ready");
  },
  methods: {
    tell(cards) {
      this.cards = cards;
    },
    tellReading(reading) {
      this.reading = reading;
    },
    create() {
      if (this.name.trim()) this.$emit("create", { name: this.name, ...this.shared });
    },
    created() {
      this.name = "";
      this.made += 1;
      this.shared = { sharing: "owner", groups: "" };
    },
  },
};
