// Signing in, and making the first account: name and password go to the API, which sets the session's cookie.
import { attempt, call } from "/plain_page.js";

const form = document.querySelector("form");

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const { username, password, repeated } = form.elements;
  const { path, secret, different } = form.dataset;
  attempt(form, form.querySelector("button"), async () => {
    if (secret && password.value !== repeated.value) throw new Error(different);
    const body = { name: username.value, password: password.value };
    await call("POST", path, secret ? { ...body, secret } : body);
    location.replace("/");
  });
});
