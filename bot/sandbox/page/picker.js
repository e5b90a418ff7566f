// Choosing an emoji: type a name, or take one from the grid.

import { element } from "/sandbox/static/api.js";
import { emoji, findEmoji } from "/sandbox/static/emoji.js";
import { closePopover, openPopover } from "/sandbox/static/popover.js";

const MOST = 96;

export function pickEmoji(anchor, pick) {
  const field = element("input", { type: "search", placeholder: "Search emoji", "aria-label": "Search emoji", autofocus: true });
  const grid = element("div", { class: "emoji-grid" });
  const choose = (name) => {
    closePopover();
    pick(name);
  };
  const draw = () => {
    const found = findEmoji(field.value.trim().toLowerCase().replaceAll(":", "").replaceAll(" ", "_"), MOST);
    grid.replaceChildren(
      ...found.map((name) => element("button", { type: "button", class: "plain", title: `:${name}:`, "aria-label": name.replaceAll("_", " "), onclick: () => choose(name) }, emoji(name))),
    );
    if (!found.length) grid.append(element("p", { class: "empty" }, "No emoji is called so."));
  };
  field.addEventListener("input", draw);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      grid.querySelector("button")?.click();
    }
  });
  draw();
  openPopover(anchor, element("div", { class: "emoji-picker" }, field, grid), { label: "Choose an emoji" });
}
