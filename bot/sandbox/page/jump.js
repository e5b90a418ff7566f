// Ctrl K: go to a channel or person by typing a part of the name. Alt and the arrows go to the next one.

import { element } from "/sandbox/static/api.js";

const MOST = 9;

export function mount(spot, store) {
  const field = element("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "jump-list", "aria-label": "Go to", placeholder: "Go to a channel or person…", autocomplete: "off" });
  const list = element("ul", { id: "jump-list", role: "listbox", "aria-label": "Places", class: "offers" });
  const dialog = element("dialog", { class: "jump", "aria-label": "Go to" }, field, list);
  let offers = [];
  let chosen = 0;
  spot.append(dialog);

  const places = () => [
    ...store.channels.filter((one) => one.name && !one.is_mpim).map((one) => ({ id: one.id, sign: one.is_private ? "🔒" : "#", label: one.name })),
    ...store.users.filter((one) => !one.deleted && one.name !== "slackbot" && one.id !== store.id).map((one) => ({
      id: store.channels.find((channel) => channel.is_im && channel.user === one.id)?.id || `@${one.name}`, sign: "@", label: one.real_name || one.name,
    })),
  ];
  const draw = () => {
    const typed = field.value.trim().toLowerCase().replace(/^[#@]/, "");
    offers = places().filter((one) => one.label.toLowerCase().includes(typed)).slice(0, MOST);
    chosen = Math.min(chosen, Math.max(0, offers.length - 1));
    list.replaceChildren(...offers.map((one, at) => {
      const made = element("li", { role: "option", id: `jump-${at}`, "aria-selected": String(at === chosen) }, element("span", { class: "sign", "aria-hidden": "true" }, one.sign), one.label);
      made.addEventListener("click", () => go(one));
      return made;
    }));
    if (offers.length) field.setAttribute("aria-activedescendant", `jump-${chosen}`);
  };
  const go = (one) => {
    dialog.close();
    store.go(one.id);
    document.getElementById("line")?.focus();
  };
  field.addEventListener("input", () => ((chosen = 0), draw()));
  field.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && offers.length) chosen = (chosen + step + offers.length) % offers.length;
    else if (event.key === "Enter" && offers[chosen]) go(offers[chosen]);
    else return;
    event.preventDefault();
    if (step) draw();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      field.value = "";
      chosen = 0;
      dialog.showModal();
      draw();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown") && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      const all = [...document.querySelectorAll(".places .place")];
      const at = all.findIndex((one) => one.getAttribute("aria-current"));
      all[at + (event.key === "ArrowDown" ? 1 : -1)]?.click();
    }
  });
}
