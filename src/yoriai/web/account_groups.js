// Groups: everybody sees those that they are in, administrators manage them. Names become text here, never markup.
import { attempt, call } from "/plain_page.js";
import { agrees } from "/question.js";

const find = (selector, part = document) => part.querySelector(selector);
const section = find("#groups");
const words = section.dataset;
const manages = Boolean(words.manages);
const path = (...parts) => ["/api/groups", ...parts.map(encodeURIComponent)].join("/");
let accounts = [];

function copy(template) {
  return find(template).content.firstElementChild.cloneNode(true);
}

// A button that does something to `name`; a screen reader hears both.
function act(button, name, work) {
  button.setAttribute("aria-label", `${button.textContent}: ${name}`);
  button.addEventListener("click", () => attempt(section, button, work));
}

function person(group, member) {
  const item = copy("#person");
  find("bdi", item).textContent = member.name;
  find(".y-facts", item).hidden = member.active;
  const button = find("button", item);
  button.hidden = !manages;
  act(button, member.name, async () => {
    await call("DELETE", path(group.id, "members", member.id));
    await list();
  });
  return item;
}

function row(group) {
  const item = copy("#group");
  find("h3 bdi", item).textContent = group.name;
  find("ul", item).replaceChildren(...group.members.map((member) => person(group, member)));
  find(".y-nobody", item).hidden = group.members.length > 0;
  find(".y-managing", item).hidden = !manages;
  if (manages) manage(group, item);
  return item;
}

function manage(group, item) {
  const [adding, renaming] = [find(".y-adding", item), find(".y-renaming", item)];
  const inside = new Set(group.members.map((member) => member.id));
  const outside = accounts.filter((account) => !inside.has(account.id));
  adding.hidden = !outside.length;
  find("select", adding).replaceChildren(...outside.map((account) => new Option(account.name, account.id)));
  const users = () => find("select", adding).value;
  submitted(adding, () => call("PUT", path(group.id, "members", users())));
  const field = find("input", renaming);
  field.value = group.name;
  submitted(renaming, () => call("PATCH", path(group.id), { name: field.value }));
  const [rename, remove] = item.querySelectorAll(".y-deeds button");
  rename.setAttribute("aria-label", `${rename.textContent}: ${group.name}`);
  rename.addEventListener("click", () => {
    renaming.hidden = !renaming.hidden;
    if (!renaming.hidden) field.focus();
  });
  act(remove, group.name, async () => {
    if (!(await agrees(words.question, group.name, words.yes))) return;
    await call("DELETE", path(group.id));
    await list();
    find("h2", section).focus(); // the button that had it is gone
  });
}

function submitted(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(section, find("button", form), async () => {
      await work();
      await list();
    });
  });
}

async function list() {
  if (manages) accounts = (await call("GET", "/api/users")).users;
  const { groups } = await call("GET", "/api/groups");
  find(".y-groups", section).replaceChildren(...groups.map(row));
  find("#no-groups").hidden = groups.length > 0;
}

const create = find("#create-group");
create.hidden = !manages;
submitted(create, async () => {
  await call("POST", "/api/groups", { name: create.elements.group.value });
  create.reset();
});
attempt(section, find("button", create), list);
