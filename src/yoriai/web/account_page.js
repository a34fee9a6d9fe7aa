// Password and API tokens. Whatever the API says becomes text here, never markup: a token's name can be anything.
import { copyText } from "/copying.js";
import { attempt, call } from "/plain_page.js";
import { agrees } from "/question.js";
import "/account_groups.js";

const find = (selector, part = document) => part.querySelector(selector);
const time = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
const tokens = find("#tokens");
const made = find("#made");
const secret = find("#secret");

// ---- password
const passwordForm = find("#password");
passwordForm.addEventListener("submit", (event) => {
  event.preventDefault();
  const { old, fresh, repeated } = passwordForm.elements;
  const done = find(".y-done", passwordForm);
  done.textContent = "";
  attempt(passwordForm, find("button", passwordForm), async () => {
    if (fresh.value !== repeated.value) throw new Error(passwordForm.dataset.different);
    await call("POST", "/api/password", { old: old.value, new: fresh.value });
    for (const field of [old, fresh, repeated]) field.value = "";
    done.textContent = passwordForm.dataset.done;
  });
});

// ---- tokens
function row(token) {
  const item = find("#row").content.firstElementChild.cloneNode(true);
  const [name, button] = [find("bdi", item), find("button", item)];
  name.textContent = token.name;
  name.id = `name-${token.id}`;
  button.id = `revoke-${token.id}`;
  button.setAttribute("aria-labelledby", `${button.id} ${name.id}`);
  button.addEventListener("click", () => revoke(token, button));
  showTime(find(".y-created", item), token.created_at);
  if (token.last_used_at) showTime(find(".y-used", item), token.last_used_at);
  return item;
}

function showTime(place, moment) {
  const element = document.createElement("time");
  element.dateTime = moment;
  element.textContent = time.format(new Date(moment));
  place.replaceChildren(element);
}

async function list() {
  const answer = await call("GET", "/api/tokens");
  find("ul", tokens).replaceChildren(...answer.tokens.map(row));
  find("#none").hidden = answer.tokens.length > 0;
}

function showSecret(token = "", id = "") {
  secret.textContent = token;
  made.dataset.id = id;
  made.hidden = !token;
  find("#copy").textContent = find("#copy").dataset.copy;
}

async function revoke(token, button) {
  if (!(await agrees(tokens.dataset.question, token.name, tokens.dataset.yes))) return;
  await attempt(tokens, button, async () => {
    await call("DELETE", `/api/tokens/${encodeURIComponent(token.id)}`);
    if (made.dataset.id === token.id) showSecret();
    await list();
    find("h2", tokens).focus(); // the button that had it is gone
  });
}

const create = find("#create");
create.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(tokens, find("button", create), async () => {
    const answer = await call("POST", "/api/tokens", { name: create.elements.token.value });
    create.reset();
    showSecret(answer.token, answer.details.id);
    await list();
  });
});

find("#copy").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  try {
    await copyText(secret.textContent);
    button.textContent = button.dataset.copied;
  } catch {
    getSelection().selectAllChildren(secret); // the browser forbids it: Ctrl+C still works
  }
});

addEventListener("pagehide", () => showSecret()); // nobody finds it by going back
attempt(tokens, find("button", create), list);
