// Signing in, and making the first account: name and password go to the API, which sets the session's cookie.
const theme = document.documentElement.dataset.theme;
const isDark = theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);

async function submit(event) {
  event.preventDefault();
  const form = event.target;
  const error = form.querySelector(".y-error");
  const button = form.querySelector("button");
  const { username, password, repeated } = form.elements;
  if (form.dataset.secret && password.value !== repeated.value) {
    error.textContent = form.dataset.different;
    return;
  }
  const body = { name: username.value, password: password.value };
  if (form.dataset.secret) body.secret = form.dataset.secret;
  button.disabled = true;
  error.textContent = "";
  try {
    const response = await fetch(form.dataset.path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
      body: JSON.stringify(body),
    });
    if (response.ok) return location.replace("/");
    error.textContent = (await response.json()).error.message;
  } catch {
    error.textContent = form.dataset.unreachable;
  }
  button.disabled = false;
}

document.addEventListener("DOMContentLoaded", () => {
  document.body.classList.toggle("body--dark", isDark);
  document.querySelector("form").addEventListener("submit", submit);
  document.querySelector("[data-language]").addEventListener("click", (event) => {
    document.cookie = `yoriai_language=${event.target.dataset.language}; path=/; max-age=31536000; samesite=lax`;
    location.reload();
  });
});
