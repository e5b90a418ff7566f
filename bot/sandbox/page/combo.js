// A select one can type into: several choices as chips, or options that an app offers for what is typed.

import { element } from "/sandbox/static/api.js";

const PAUSE_MS = 150;
let count = 0;

// `options(typed)` resolves to { options: [{ value, label, description, group }], trouble }. `changed(values)` hears of every choice.
export function combo({ many, most, options, chosen, placeholder, least = 0, changed }) {
  const id = `combo-${(count += 1)}`;
  const field = element("input", { type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", placeholder, autocomplete: "off" });
  const list = element("ul", { class: "combo-list", role: "listbox", id, popover: "manual", "aria-label": placeholder || "Options" });
  const chips = element("span", { class: "chips" });
  const made = element("div", { class: "combo" }, chips, field, list);
  let offered = [];
  let at = 0;
  let asked = 0;
  let timer = null;
  made.chosen = chosen;
  made.many = many;

  const drawChips = () => {
    chips.replaceChildren(...(many ? made.chosen : []).map((one) =>
      element("span", { class: "pick" }, one.label, element("button", { type: "button", class: "plain", "aria-label": `Remove ${one.label}`, onclick: () => drop(one.value) }, "✕"))));
    if (!many) field.value = made.chosen[0]?.label || "";
  };
  const tell = () => {
    drawChips();
    changed(made.chosen.map((one) => one.value));
  };
  const drop = (value) => {
    made.chosen = made.chosen.filter((one) => one.value !== value);
    tell();
    field.focus();
  };
  const take = (one) => {
    made.chosen = many ? [...made.chosen.filter((other) => other.value !== one.value), one] : [one];
    if (many) field.value = "";
    close();
    tell();
  };
  const close = () => {
    clearTimeout(timer);
    asked += 1;
    if (list.matches(":popover-open")) list.hidePopover();
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const draw = (words) => {
    list.replaceChildren();
    let group = null;
    offered.forEach((one, number) => {
      if (one.group && one.group !== group) list.append(element("li", { class: "group", role: "presentation" }, (group = one.group)));
      list.append(element("li", { role: "option", id: `${id}-${number}`, "aria-selected": String(number === at), onmousedown: (event) => (event.preventDefault(), take(one)) },
        one.label, one.description ? element("small", {}, one.description) : null));
    });
    if (!offered.length) list.append(element("li", { class: "empty", role: "option", "aria-disabled": "true", "aria-selected": "false" }, words));
    if (!list.matches(":popover-open")) list.showPopover();
    const box = field.getBoundingClientRect();
    list.style.left = `${box.left}px`;
    list.style.minWidth = `${box.width}px`;
    const below = box.bottom + list.offsetHeight < innerHeight;
    list.style.top = below ? `${box.bottom + 2}px` : `${Math.max(4, box.top - list.offsetHeight - 2)}px`;
    field.setAttribute("aria-expanded", "true");
    if (offered.length) field.setAttribute("aria-activedescendant", `${id}-${at}`);
  };
  const look = async (typed) => {
    const mine = (asked += 1);
    if (typed.length < least) {
      offered = [];
      draw(least === 1 ? "Type to search" : `Type at least ${least} letters`);
      return;
    }
    const slow = setTimeout(() => mine === asked && ((offered = []), draw("Loading…")), 120);
    const found = await options(typed);
    clearTimeout(slow);
    if (mine !== asked || !made.isConnected) return;
    const taken = new Set(many ? made.chosen.map((one) => one.value) : []);
    offered = found.options.filter((one) => !taken.has(one.value));
    at = 0;
    draw(found.trouble || "Nothing fits");
  };
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => look(field.value), PAUSE_MS);
  };

  field.addEventListener("focus", () => !most || made.chosen.length < most || many === false ? look(many ? field.value : "") : null);
  field.addEventListener("input", () => {
    if (!many && !field.value && made.chosen.length) {
      made.chosen = [];
      changed([]);
    }
    soon();
  });
  field.addEventListener("blur", () => {
    close();
    if (!many) field.value = made.chosen[0]?.label || "";
    else field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    const open = list.matches(":popover-open");
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && open && offered.length) {
      at = (at + (event.key === "ArrowDown" ? 1 : -1) + offered.length) % offered.length;
      draw("");
      list.children[at]?.scrollIntoView?.({ block: "nearest" });
    } else if (event.key === "ArrowDown" && !open) look(field.value);
    else if (event.key === "Enter" && open && offered.length) take(offered[at]);
    else if (event.key === "Escape" && open) close();
    else if (event.key === "Backspace" && many && !field.value && made.chosen.length) drop(made.chosen.at(-1).value);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  made.fill = (values) => {
    made.chosen = values;
    drawChips();
  };
  drawChips();
  return made;
}
