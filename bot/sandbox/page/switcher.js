// Who am I? Any seeded person; another window can be another one. And how the page looks: as the system wants it, light or dark.

import { element } from "/sandbox/static/api.js";
import { openPopover } from "/sandbox/static/popover.js";

const THEMES = { auto: ["◐", "Colours: as the system"], light: ["☀", "Colours: light"], dark: ["☾", "Colours: dark"] };
const KEYS = [
  ["Ctrl K", "go to a channel or person"], ["Alt ↑ ↓", "the channel above or below"], ["↑ ↓", "from message to message, once one is focused"],
  ["T", "open its thread"], ["R", "react to it"], ["E", "edit it, if it is yours"], ["Enter", "send"], ["Shift Enter", "a new line"], ["Esc", "close what is open"],
];

export function mount(spot, store) {
  const select = element("select", { id: "me", "aria-label": "I am", onchange: () => store.become(select.value) });
  const other = tool("Be somebody else in a second window", "+", (anchor) => openPopover(anchor, windows(store), { label: "Open a second window as" }));
  const keys = tool("Keyboard shortcuts", "?", (anchor) => openPopover(anchor, help(), { label: "Keyboard shortcuts" }));
  const theme = tool("", "", () => setTheme(themes[(themes.indexOf(now()) + 1) % themes.length]));
  const themes = Object.keys(THEMES);
  const now = () => localStorage.getItem("theme") || "auto";
  const setTheme = (name) => {
    if (name === "auto") {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem("theme", name);
      document.documentElement.dataset.theme = name;
    }
    [theme.textContent, theme.title] = THEMES[name];
    theme.setAttribute("aria-label", THEMES[name][1]);
  };
  setTheme(THEMES[now()] ? now() : "auto");
  spot.append(element("label", { class: "who", for: "me" }, "I am"), select, other, theme, keys);
  const draw = () => {
    select.replaceChildren(...store.people().map((one) => element("option", { value: one.name, selected: one.name === store.me }, one.real_name || one.name)));
    select.value = store.me;
    document.title = `${store.me} · Tocsin sandbox`;
  };
  store.on("users", draw);
  store.on("me", draw);
}

function tool(name, sign, pick) {
  const made = element("button", { type: "button", "aria-label": name, title: name }, sign);
  made.addEventListener("click", () => pick(made));
  return made;
}

function windows(store) {
  const link = (one) => element("li", {}, element("a", { href: `/?as=${one.name}`, target: "_blank", rel: "noopener" }, one.real_name || one.name));
  return element("div", {}, element("p", { class: "faint" }, "Open a second window as"), element("ul", { class: "people" }, ...store.people().filter((one) => one.name !== store.me).map(link)));
}

function help() {
  return element("dl", { class: "keys" }, ...KEYS.flatMap(([key, what]) => [element("dt", {}, element("kbd", {}, key)), element("dd", {}, what)]));
}
