// A board: sentences, a table with interval bars on one axis, and who won against whom as a heat map.
export default {
  props: { labels: Object },
  emits: ["ready"],
  template: `
    <div class="y-board" :aria-busy="!board">
      <template v-if="board">
        <p v-for="(sentence, i) in board.summary" :key="i" :class="i ? 'y-note' : 'y-verdict-line'">{{ sentence }}</p>
        <div v-if="board.rows.length" class="y-scroll" tabindex="0" role="region" :aria-label="labels.table">
          <table>
            <thead><tr><th v-for="name in columns" :key="name" scope="col">{{ labels[name] }}</th></tr></thead>
            <tbody>
              <tr v-for="row in board.rows" :key="row.model">
                <td class="y-rank">{{ row.rank }}</td>
                <th scope="row"><bdi>{{ row.model }}</bdi></th>
                <td class="y-number">{{ row.rating }}</td>
                <td class="y-interval"><span class="y-axis" aria-hidden="true">
                    <span :class="['y-reach', row.unbounded && 'y-open-' + row.unbounded]" :style="{ left: row.left + '%', width: row.width + '%' }"></span>
                    <span class="y-point" :style="{ left: row.middle + '%' }"></span></span>
                  <span class="y-facts">{{ row.interval }}<template v-if="row.note"> · {{ row.note }}</template></span></td>
                <td class="y-number">{{ row.votes }}</td>
                <td class="y-number">{{ row.outcomes }}</td>
                <td v-for="name in facts" :key="name">{{ row[name] }}</td>
              </tr>
            </tbody>
          </table>
        </div>
        <template v-if="board.heat">
          <h2>{{ labels.heat }}</h2>
          <p class="y-note">{{ labels.heatHelp }}</p>
          <div class="y-scroll" tabindex="0" role="region" :aria-label="labels.heat">
            <table class="y-heat">
              <thead><tr><td></td><th v-for="name in board.heat.names" :key="name" scope="col"><bdi>{{ name }}</bdi></th></tr></thead>
              <tbody>
                <tr v-for="(row, i) in board.heat.rows" :key="i">
                  <th scope="row"><bdi>{{ board.heat.names[i] }}</bdi></th>
                  <td v-for="(cell, j) in row" :key="j" :title="cell?.title" :style="shade(cell)">
                    <template v-if="cell">{{ cell.percent }}<small>%</small></template><template v-else>·</template></td>
                </tr>
              </tbody>
            </table>
          </div>
        </template>
      </template>
    </div>`,
  data: () => ({
    board: null,
    columns: ["rank", "model", "rating", "interval", "votes", "outcomes", "openness", "parameters", "size", "maker", "country", "speed"],
    facts: ["openness", "parameters", "size", "maker", "country", "speed"],
  }),
  mounted() {
    this.$emit("ready");
  },
  methods: {
    tell(board) {
      this.board = board;
    },
    // Few votes are pale, whatever they say; the figure says it without colours, too.
    shade(cell) {
      if (!cell) return {};
      const strength = Math.abs(cell.percent - 50) * 1.2 * Math.min(1, cell.votes / 10);
      return { background: `color-mix(in srgb, ${cell.percent >= 50 ? "var(--y-good)" : "var(--y-bad)"} ${strength}%, transparent)` };
    },
  },
};
