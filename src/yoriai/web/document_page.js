// The viewer of a document: brings the marked passage into sight, draws its boxes on the page's picture.
import "/plain_page.js";

const sheet = document.querySelector(".y-sheet");
const mark = document.getElementById("passage");
const said = document.getElementById("said");

if (mark && !mark.closest("details")) mark.scrollIntoView({ block: "center" });
if (sheet?.dataset.boxes) draw();
sheet?.querySelector("img").addEventListener("error", failed);

async function draw() {
  let boxes = [];
  try {
    const response = await fetch(sheet.dataset.boxes, { headers: { "Accept-Language": document.documentElement.lang } });
    if (response.ok) boxes = (await response.json()).boxes;
  } catch {
    // said below
  }
  for (const box of boxes) sheet.append(drawn(box));
  said.textContent = boxes.length ? said.dataset.found : said.dataset.lost;
  if (boxes.length) sheet.querySelector(".y-box").scrollIntoView({ block: "center" });
  else document.querySelector("details.y-page-text").open = true;
}

function drawn(box) {
  const element = document.createElement("span");
  element.className = "y-box";
  for (const side of ["left", "top", "width", "height"]) element.style[side] = `${100 * box[side]}%`;
  return element;
}

function failed() {
  sheet.hidden = true;
  said.textContent = said.dataset.broken;
  document.querySelector("details.y-page-text").open = true;
}
