// The box to write in: messages, commands and what helps to write them.

import { attempt, element, post } from "/sandbox/static/api.js";
import { Completion, usage } from "/sandbox/static/complete.js";
import { pickEmoji } from "/sandbox/static/picker.js";
import { openMenu } from "/sandbox/static/popover.js";

const LARGEST_FILE = 1024 * 1024;

/** A message box. `send(text)` resolves to nothing when it was refused; then the text comes back. */
export function composer(store, { id, label, inThread, send, extra }) {
  const line = element("textarea", { id, rows: 1, "aria-label": label });
  const hint = element("p", { class: "usage-line", hidden: true });
  const offers = element("div", { class: "offers-at" });
  const completion = new Completion(line, offers, store, inThread);

  const submit = async () => {
    const text = line.value.trim();
    if (!text) return;
    line.value = "";
    grow();
    const done = await send(text);
    if (!done && !line.value) {
      line.value = text;
      grow();
    }
  };
  const grow = () => {
    const known = usage(line.value, store);
    hint.hidden = !known || inThread;
    if (known) hint.replaceChildren(element("b", {}, known.command), ` ${known.usage_hint || ""}`, element("small", {}, ` ${known.description || ""}`));
    button.disabled = !line.value.trim();
    button.textContent = line.value.startsWith("/") && !inThread ? "Run" : "Send";
  };
  const insert = (text) => {
    line.setRangeText(text, line.selectionStart, line.selectionEnd, "end");
    line.focus();
    line.dispatchEvent(new Event("input"));
  };

  const button = element("button", { type: "submit", class: "primary", disabled: true }, "Send");
  const tool = (name, sign, pick) => {
    const made = element("button", { type: "button", class: "plain", "aria-label": name, title: name }, sign);
    made.addEventListener("click", () => pick(made));
    return made;
  };
  const tools = element("div", { class: "composer-tools" });
  if (!inThread) tools.append(tool("Shortcuts", "⚡", (anchor) => shortcuts(anchor, store)), tool("Attach a text file", "📎", () => attach(store)));
  tools.append(tool("Emoji", "☺", (anchor) => pickEmoji(anchor, (name) => insert(`:${name}: `))), tool("Mention somebody", "@", () => insert("@")));
  if (!inThread) tools.append(tool("Run a command", "/", () => ((line.value = `/${line.value}`), line.focus(), line.setSelectionRange(1, 1), line.dispatchEvent(new Event("input")))));
  tools.append(extra || element("span", { class: "space" }), button);

  const form = element("form", { class: "composer", autocomplete: "off", onsubmit: (event) => (event.preventDefault(), submit()) },
    offers, element("div", { class: "box" }, hint, line, tools));
  line.addEventListener("input", grow);
  line.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (completion.key(event)) event.preventDefault();
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });
  return { form, line, put: (text) => ((line.value = text), grow(), line.focus()) };
}

function shortcuts(anchor, store) {
  const all = store.apps.flatMap((app) => (app.shortcuts || []).filter((one) => one.type === "global").map((one) => [app, one]));
  const items = all.map(([app, one]) => ({
    label: one.name, hint: one.description || app.name, pick: () => attempt(() => post("/shortcut", { user: store.me, callback_id: one.callback_id })),
  }));
  openMenu(anchor, items.length ? items : [{ label: "No app has a shortcut", pick: () => {} }], "Shortcuts");
}

function attach(store) {
  const chooser = element("input", { type: "file" });
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (!file) return;
    if (file.size > LARGEST_FILE) return attempt(() => Promise.reject(new Error("The sandbox takes files of up to 1 MB.")));
    const content = await file.text();
    return attempt(() => post("/upload", { user: store.me, channel: store.place, filename: file.name, content }));
  });
  chooser.click();
}
