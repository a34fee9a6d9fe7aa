// The account page's one question before something that can't be undone. The name in it is text, never markup.
const question = document.querySelector("#question");

export async function agrees(words, name, yes) {
  question.querySelector("#question-text span").textContent = words;
  question.querySelector("bdi").textContent = name;
  question.querySelector(".y-danger").textContent = yes;
  question.returnValue = "";
  question.showModal();
  await new Promise((resolve) => question.addEventListener("close", resolve, { once: true }));
  return question.returnValue === "yes";
}
