// A search tree, drawn from left to right. Arrow keys walk it: right and left along a path, up and down beside it.
const [COLUMN, ROW, MARGIN] = [190, 40, 26];

export const SearchTree = {
  props: { nodes: Array, labels: Object },
  template: `
    <div class="y-tree">
      <p class="y-note">{{ labels.walk }}</p>
      <div class="y-scroll" ref="scroll"><svg :width="size.width" :height="size.height" role="tree" :aria-label="labels.tree" @keydown="key">
        <path v-for="e in edges" :key="e.id" :d="e.path" :class="['y-edge', { 'y-chosen': e.chosen }]" :stroke-width="e.width" />
        <g v-for="p in places" :key="p.node.id" role="treeitem" :data-node="p.node.id" :tabindex="p.node.id === selected ? 0 : -1" :aria-level="p.level"
           :aria-selected="p.node.id === selected ? 'true' : 'false'" :aria-label="p.node.step + '. ' + p.node.figures"
           :class="['y-node', { 'y-chosen': p.node.chosen, 'y-selected': p.node.id === selected }]" @click="select(p.node.id)" @focus="selected = p.node.id">
          <rect v-if="p.node.end" :x="p.x - p.r" :y="p.y - p.r" :width="2 * p.r" :height="2 * p.r" />
          <circle v-else :cx="p.x" :cy="p.y" :r="p.r" />
          <text :x="p.x - p.r" :y="p.y - p.r - 4">{{ p.node.value.toFixed(2) }} {{ short(p.node.step) }}</text>
        </g></svg></div>
      <div v-if="chosen" class="y-node-told" role="status"><p class="y-facts">{{ chosen.figures }}</p>
        <div class="y-answer"><div v-for="(block, i) in chosen.blocks" :key="i" class="y-block" v-html="block"></div></div></div>
    </div>`,
  data() {
    return { selected: this.nodes.find((n) => n.parent === null)?.id };
  },
  computed: {
    children() {
      const children = new Map();
      for (const node of this.nodes) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
      return children;
    },
    // Leaves take a row each, in order; whoever has children stands in the middle of them.
    places() {
      const places = [];
      let row = 0;
      const place = (node, level) => {
        const below = (this.children.get(node.id) ?? []).map((child) => place(child, level + 1));
        const y = below.length ? (below[0].y + below.at(-1).y) / 2 : MARGIN + ROW * row++;
        const r = Math.min(10, 4 + Math.sqrt(node.visits));
        places.push({ node, level, x: MARGIN + COLUMN * (level - 1), y, r });
        return places.at(-1);
      };
      for (const root of this.children.get(null) ?? []) place(root, 1);
      return places.sort((a, b) => a.level - b.level || a.y - b.y);
    },
    byId() {
      return new Map(this.places.map((place) => [place.node.id, place]));
    },
    edges() {
      return this.places.flatMap(({ node, x, y }) => {
        const from = this.byId.get(node.parent);
        if (!from) return [];
        const middle = (from.x + x) / 2;
        const path = `M${from.x} ${from.y} C${middle} ${from.y} ${middle} ${y} ${x} ${y}`;
        return [{ id: node.id, path, chosen: node.chosen, width: Math.min(6, 1 + Math.sqrt(node.visits) / 2) }];
      });
    },
    size() {
      const width = Math.max(0, ...this.places.map((place) => place.x)) + COLUMN;
      return { width, height: Math.max(0, ...this.places.map((place) => place.y)) + 2 * MARGIN };
    },
    chosen() {
      return this.nodes.find((node) => node.id === this.selected);
    },
  },
  methods: {
    short: (step) => (step.length > 20 ? step.slice(0, 20) + "…" : step),
    key(event) {
      const { node, level } = this.byId.get(this.selected);
      const beside = this.places.filter((place) => place.level === level).map((place) => place.node.id);
      const index = beside.indexOf(this.selected);
      const children = this.children.get(node.id) ?? [];
      const best = children.reduce((a, b) => (b.visits > (a?.visits ?? -1) ? b : a), null);
      const to = {
        ArrowRight: best?.id, ArrowLeft: node.parent, ArrowUp: beside[index - 1], ArrowDown: beside[index + 1],
        Home: this.places[0]?.node.id, End: this.nodes.filter((n) => n.chosen).at(-1)?.id,
      }[event.key];
      if (to === undefined || to === null) return;
      event.preventDefault();
      this.select(to);
    },
    select(id) {
      this.selected = id;
      this.$nextTick(() => {
        const item = this.$el.querySelector(`[data-node="${id}"]`);
        item.focus({ preventScroll: true });
        item.scrollIntoView({ block: "nearest", inline: "nearest" });
      });
    },
  },
};
