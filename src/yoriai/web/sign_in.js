// Name and password, sent to the API by the browser itself: they never pass through the page's websocket.
export default {
  props: { labels: Object, path: String, secret: String, language: String, isNew: Boolean },
  template: `
    <form class="y-sign-in" @submit.prevent="submit">
      <h1>{{ labels.title }}</h1>
      <p v-if="labels.explanation">{{ labels.explanation }}</p>
      <label>{{ labels.name }}<input v-model="name" name="username" autocomplete="username" autocapitalize="none"
             spellcheck="false" required maxlength="64" autofocus /></label>
      <label>{{ labels.password }}<input v-model="password" type="password" name="password" required
             :autocomplete="isNew ? 'new-password' : 'current-password'" :minlength="isNew ? 8 : 1" /></label>
      <label v-if="isNew">{{ labels.repeat }}<input v-model="repeated" type="password" required
             autocomplete="new-password" /></label>
      <p v-if="error" class="y-error" role="alert">{{ error }}</p>
      <q-btn type="submit" unelevated no-caps color="primary" :label="labels.submit" :loading="waiting" />
    </form>`,
  data: () => ({ name: "", password: "", repeated: "", error: "", waiting: false }),
  methods: {
    async submit() {
      if (this.isNew && this.password !== this.repeated) {
        this.error = this.labels.different;
        return;
      }
      this.waiting = true;
      this.error = "";
      const body = { name: this.name, password: this.password };
      if (this.isNew) body.secret = this.secret;
      try {
        const response = await fetch(this.path, {
          method: "POST",
          headers: { "Content-Type": "application/json", "Accept-Language": this.language },
          body: JSON.stringify(body),
        });
        if (response.ok) return location.replace("/");
        this.error = (await response.json()).error.message;
      } catch {
        this.error = this.labels.unreachable;
      }
      this.waiting = false;
    },
  },
};
