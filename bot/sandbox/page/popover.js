// What opens beside a button and closes by Escape, a click elsewhere or a choice. One at a time; the focus goes back where it came from.

import { element } from "/sandbox/static/api.js";

let open = null;

export function closePopover() {
  open?.hidePopover();
}

/** Show `content` beside `anchor`. `label` is what a screen reader says of it. */
export function openPopover(anchor, content, { label, kind = "", role = "dialog" }) {
  closePopover();
  const box = element("div", { class: `popover ${kind}`, popover: "auto", role, "aria-label": label }, content);
  const root = anchor.closest("dialog") || document.body;
  root.append(box);
  anchor.setAttribute("aria-expanded", "true");
  box.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    const inside = box.contains(document.activeElement) || document.activeElement === document.body;
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (open === box) open = null;
    if (inside && anchor.isConnected) anchor.focus();
  });
  box.showPopover();
  open = box;
  place(box, anchor.getBoundingClientRect());
  (box.querySelector("[autofocus]") || box.querySelector("input, button, a"))?.focus({ focusVisible: true });
  return box;
}

// Below the anchor where there is room, else above; never outside the window.
function place(box, at) {
  const { width, height } = box.getBoundingClientRect();
  const below = at.bottom + 4 + height <= innerHeight;
  const top = below ? at.bottom + 4 : Math.max(4, at.top - height - 4);
  box.style.top = `${top}px`;
  box.style.left = `${Math.max(4, Math.min(at.left, innerWidth - width - 4))}px`;
}

/** A menu of { label, hint, danger, pick }; null draws a line. */
export function openMenu(anchor, items, label) {
  const entries = items.map((item) =>
    item
      ? element("button", { type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "danger" : undefined,
          onclick: () => (closePopover(), item.pick()) },
        element("span", {}, item.label), item.hint ? element("small", {}, item.hint) : null)
      : element("hr"));
  const list = element("div", { class: "menu-list" }, ...entries);
  list.addEventListener("keydown", (event) => {
    const all = [...list.querySelectorAll("button")];
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all[(next + all.length) % all.length].focus();
  });
  return openPopover(anchor, list, { label, kind: "menu-box", role: "menu" });
}
