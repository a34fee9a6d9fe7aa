// What the pages of plain HTML share: colours, the language's button, calls of the API.
const root = document.documentElement;
const isDark =
  root.dataset.theme === "dark" ||
  (root.dataset.theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);

document.body.classList.toggle("body--dark", isDark);
document.querySelector("[data-language]").addEventListener("click", (event) => {
  document.cookie = `yoriai_language=${event.currentTarget.dataset.language}; path=/; max-age=31536000; samesite=lax`;
  location.reload();
});

// The API's answer; throws an Error whose message is in the page's language.
export async function call(method, path, body) {
  let response, answer;
  try {
    response = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "Accept-Language": root.lang },
      body: body && JSON.stringify(body),
    });
    answer = response.status === 204 ? null : await response.json();
  } catch {
    throw new Error(root.dataset.unreachable);
  }
  if (!response.ok) throw new Error(answer.error.message);
  return answer;
}

// Do `work` once at a time; what goes wrong is said in the part's own place.
export async function attempt(part, button, work) {
  const error = part.querySelector(".y-error");
  error.textContent = "";
  button.disabled = true;
  try {
    await work();
  } catch (reason) {
    error.textContent = reason.message;
  }
  button.disabled = false;
}
