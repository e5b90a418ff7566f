// The page begins here: every element with data-mount gets its module, then the store begins to listen.

import { element, toast } from "/sandbox/static/api.js";
import { begin, store } from "/sandbox/static/store.js";

async function fill(spot) {
  const name = spot.dataset.mount;
  try {
    const module = await import(`/sandbox/static/${name}.js`);
    module.mount(spot, store);
  } catch (broken) {
    console.error(broken);
    spot.append(element("p", { class: "error" }, `The part “${name}” of this page did not start: ${broken.message}`));
  }
}

function showPane(pane) {
  document.body.dataset.pane = pane;
  for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.pane === pane));
}

for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => showPane(tab.dataset.pane));
store.on("pane", showPane);
showPane("chat");

await Promise.all([...document.querySelectorAll("[data-mount]")].map(fill));
try {
  await begin();
} catch (lost) {
  toast(`The sandbox does not answer: ${lost.message}`);
}
