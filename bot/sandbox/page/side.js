// The right column: one tab for each panel that index.html puts into it.

import { element } from "/sandbox/static/api.js";

export function mount(side, store) {
  const panels = [...side.querySelectorAll(":scope > [data-panel]")];
  const bar = element("div", { class: "side-tabs", role: "tablist", "aria-label": "Outside Slack" });
  const tabs = new Map();
  const counts = new Map();

  const show = (name) => {
    if (!tabs.has(name)) return;
    for (const panel of panels) panel.hidden = panel.dataset.panel !== name;
    for (const [one, tab] of tabs) {
      tab.setAttribute("aria-selected", String(one === name));
      tab.tabIndex = one === name ? 0 : -1;
    }
    store.emit("shown", name);
  };

  for (const panel of panels) {
    const name = panel.dataset.panel;
    panel.id = `panel-${name}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", `tab-${name}`);
    const count = element("span", { class: "count", hidden: true });
    const tab = element(
      "button",
      { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": panel.id, onclick: () => show(name) },
      panel.dataset.title, count,
    );
    tabs.set(name, tab);
    counts.set(name, count);
    bar.append(tab);
  }
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = [...tabs.keys()];
    const at = names.findIndex((name) => tabs.get(name) === document.activeElement);
    const next = names[(at + step + names.length) % names.length];
    show(next);
    tabs.get(next).focus();
  });
  side.prepend(bar);
  bar.hidden = panels.length < 2;

  store.on("panel", show);
  store.on("badge", ({ name, count }) => {
    const badge = counts.get(name);
    if (!badge) return;
    badge.hidden = !count;
    badge.textContent = String(count);
    const all = [...counts.values()].reduce((sum, one) => sum + (one.hidden ? 0 : Number(one.textContent)), 0);
    const below = document.querySelector(".tabs [data-pane=side] .count");
    below.hidden = !all;
    below.textContent = String(all);
  });
  show(panels[0]?.dataset.panel);
}
