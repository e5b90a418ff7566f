// Interactive elements. Outside an input block a change acts at once; inside one it waits for the submit.

import { element, post } from "/sandbox/static/api.js";
import { combo } from "/sandbox/static/combo.js";
import { textObject } from "/sandbox/static/mrkdwn.js";
import { openMenu } from "/sandbox/static/popover.js";

export function control(item, block, surface) {
  const draw = DRAW[item.type];
  if (!draw) return element("span", { class: "unknown" }, `This page cannot draw the element “${item.type}”.`);
  const waits = block.type === "input" && !block.dispatch_action;
  let drawn = null;
  const act = (value) =>
    waits ? undefined : surface.act({ action_id: item.action_id, block_id: block.block_id, value, confirm: item.confirm }, drawn);
  drawn = draw(item, act, surface, block);
  drawn.dataset.action = item.action_id || "";
  drawn.dataset.kind = item.type;
  const kept = surface.kept?.[block.block_id]?.[item.action_id];
  if (kept !== undefined) fill(drawn, kept);
  name(drawn, block.type === "input" ? block.label?.text : item.accessibility_label || words(item.placeholder) || words(block.text).split("\n")[0] || item.action_id);
  return drawn;
}

const words = (object) => object?.text || "";

// What a screen reader calls it. Buttons and menus have words of their own.
function name(drawn, label) {
  const named = drawn.matches("input,select,textarea,[role=group],[role=radiogroup]") ? drawn : drawn.querySelector("input[role=combobox]");
  if (named && label && !named.hasAttribute("aria-label")) named.setAttribute("aria-label", label);
}

function input(type, initial) {
  return (item, act) =>
    element("input", {
      type,
      value: item[initial] || item.initial_value,
      placeholder: words(item.placeholder) || undefined,
      autofocus: item.focus_on_load,
      step: type === "number" && item.is_decimal_allowed ? "any" : undefined,
      min: item.min_value,
      max: item.max_value,
      onchange: (event) => act(event.target.value),
    });
}

function written(item, act) {
  const common = {
    placeholder: words(item.placeholder) || undefined,
    maxlength: item.max_length,
    autofocus: item.focus_on_load,
    onchange: (event) => act(event.target.value),
  };
  if (item.multiline) return element("textarea", { ...common, rows: 4 }, item.initial_value || "");
  return element("input", { ...common, type: "text", value: item.initial_value });
}

const listed = (item) =>
  (item.option_groups || [{ options: item.options || [] }]).flatMap((group) => group.options.map((one) => ({ ...one, group: words(group.label) })));
const people = (item, surface) => surface.names.people().map((one) => ({ value: one.id, text: { text: one.label } }));
const places = (item, surface) => surface.names.places().map((one) => ({ value: one.id, text: { text: `#${one.name}` } }));
const oneOf = (name) => (item) => [item[name]?.value ?? item[name]].filter(Boolean);
const manyOf = (name) => (item) => (item[name] || []).map((one) => one?.value ?? one);

function choice(optionsOf, chosenOf) {
  return (item, act, surface) => {
    const made = element("select", { autofocus: item.focus_on_load, onchange: () => act(read(made)) });
    const chosen = new Set(chosenOf(item));
    made.append(element("option", { value: "" }, words(item.placeholder) || "Choose an option"));
    let into = made;
    for (const option of optionsOf(item, surface)) {
      if (option.group && into.label !== option.group) made.append((into = element("optgroup", { label: option.group })));
      into.append(element("option", { value: option.value, selected: chosen.has(option.value) }, words(option.text)));
    }
    return made;
  };
}

const shape = (option) => ({ value: option.value, label: words(option.text), description: words(option.description), group: option.group });

function several(optionsOf, chosenOf) {
  return (item, act, surface) => {
    const all = optionsOf(item, surface).map(shape);
    const wanted = new Set(chosenOf(item));
    return combo({
      many: true, most: item.max_selected_items, placeholder: words(item.placeholder) || "Choose options",
      chosen: all.filter((one) => wanted.has(one.value)),
      options: async (typed) => ({ options: all.filter((one) => one.label.toLowerCase().includes(typed.toLowerCase())) }),
      changed: (values) => act(values),
    });
  };
}

function external(many) {
  return (item, act, surface, block) => {
    const initial = many ? item.initial_options || [] : [item.initial_option].filter(Boolean);
    return combo({
      many, most: item.max_selected_items, placeholder: words(item.placeholder) || "Type to search", least: item.min_query_length ?? 3,
      chosen: initial.map(shape),
      options: async (typed) => {
        const offered = await surface.suggest({ action_id: item.action_id, block_id: block.block_id, value: typed });
        const groups = offered.option_groups?.length ? offered.option_groups : [{ options: offered.options || [] }];
        return { options: groups.flatMap((group) => group.options.map((one) => shape({ ...one, group: words(group.label) }))), trouble: offered.ok === false ? offered.shown : "" };
      },
      changed: (values) => act(many ? values : values[0] ?? null),
    });
  };
}

function ticks(type) {
  return (item, act) => {
    const made = element("div", { class: "ticks", role: type === "radio" ? "radiogroup" : "group" });
    const group = `${item.action_id}-${Math.random()}`;
    const chosen = new Set((item.initial_options || [item.initial_option]).filter(Boolean).map((one) => one.value));
    for (const option of item.options) {
      const box = element("input", { type, name: group, value: option.value, checked: chosen.has(option.value), onchange: () => act(read(made)) });
      const said = option.description ? element("small", {}, textObject(option.description)) : null;
      made.append(element("label", {}, box, element("span", {}, textObject(option.text), said)));
    }
    return made;
  };
}

function button(item, act) {
  const label = textObject(item.text);
  const common = { class: `button ${item.style || ""}`, "aria-label": item.accessibility_label };
  if (item.url) return element("a", { ...common, href: safe(item.url), target: "_blank", rel: "noopener noreferrer", onclick: () => act(item.value) }, label);
  return element("button", { ...common, type: "button", onclick: () => act(item.value) }, label);
}

function safe(address) {
  try {
    return ["http:", "https:"].includes(new URL(address, location.href).protocol) ? address : undefined;
  } catch {
    return undefined;
  }
}

function overflow(item, act) {
  const made = element("button", { type: "button", class: "overflow", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": item.accessibility_label || "More options" }, "⋯");
  const entries = item.options.map((option) => ({
    label: textObject(option.text), hint: option.description ? textObject(option.description) : null, pick: () => act(option.value),
  }));
  made.addEventListener("click", () => openMenu(made, entries, "More options"));
  return made;
}

function feedback(item, act) {
  const both = [["positive_button", "👍"], ["negative_button", "👎"]].filter(([side]) => item[side]);
  return element("span", { class: "feedback", role: "group", "aria-label": "Feedback" }, ...both.map(([side, sign]) =>
    element("button", { type: "button", class: "plain", title: words(item[side].text), "aria-label": item[side].accessibility_label || words(item[side].text), onclick: () => act(item[side].value) }, sign)));
}

function files(item, act) {
  const made = element("input", { type: "file", multiple: (item.max_files ?? 10) > 1, accept: (item.filetypes || []).map((one) => `.${one}`).join(",") || undefined });
  made.uploaded = [];
  made.addEventListener("change", async () => {
    const user = document.getElementById("me")?.value;
    made.uploaded = [];
    for (const file of made.files) {
      const done = await post("/upload", { user, filename: file.name, content: await file.text() });
      made.uploaded.push(done.file);
    }
    act(made.uploaded);
  });
  return made;
}

const rich = (text) => ({ type: "rich_text", elements: [{ type: "rich_text_section", elements: [{ type: "text", text }] }] });
const plainOf = (value) => (value?.elements || []).flatMap((part) => part.elements || []).map((one) => one.text || one.url || (one.name ? `:${one.name}:` : "")).join("");

const DRAW = {
  button,
  workflow_button: button,
  icon_button: (item, act) => element("button", { type: "button", class: "plain", onclick: () => act(item.value) }, `${item.icon === "trash" ? "🗑 " : ""}${words(item.text)}`),
  feedback_buttons: feedback,
  overflow,
  plain_text_input: written,
  email_text_input: input("email"),
  url_text_input: input("url"),
  number_input: input("number"),
  rich_text_input: (item, act) => {
    const made = element("textarea", { rows: 4, placeholder: words(item.placeholder) || undefined, autofocus: item.focus_on_load, onchange: () => act(read(made)) }, plainOf(item.initial_value));
    return made;
  },
  file_input: files,
  datepicker: input("date", "initial_date"),
  timepicker: input("time", "initial_time"),
  datetimepicker: (item, act) => {
    const value = item.initial_date_time ? local(item.initial_date_time) : undefined;
    return element("input", { type: "datetime-local", value, onchange: (event) => act(seconds(event.target)) });
  },
  static_select: choice(listed, oneOf("initial_option")),
  users_select: choice(people, oneOf("initial_user")),
  channels_select: choice(places, oneOf("initial_channel")),
  conversations_select: choice(places, oneOf("initial_conversation")),
  multi_static_select: several(listed, manyOf("initial_options")),
  multi_users_select: several(people, manyOf("initial_users")),
  multi_channels_select: several(places, manyOf("initial_channels")),
  multi_conversations_select: several(places, manyOf("initial_conversations")),
  external_select: external(false),
  multi_external_select: external(true),
  checkboxes: ticks("checkbox"),
  radio_buttons: ticks("radio"),
  image: (item) => element("span", { class: "picture", role: "img", "aria-label": item.alt_text || "" }, `🖼 ${item.alt_text || ""}`),
};

const local = (at) => new Date((at - new Date(at * 1000).getTimezoneOffset() * 60) * 1000).toISOString().slice(0, 16);
const seconds = (field) => (field.value ? Math.floor(new Date(field.value).getTime() / 1000) : null);

// The plain value of a drawn element, as the control API takes it: null when nothing is filled in.
export function read(drawn) {
  if (drawn.classList.contains("ticks")) {
    const chosen = [...drawn.querySelectorAll("input:checked")].map((box) => box.value);
    return drawn.querySelector("input[type=radio]") ? chosen[0] ?? null : chosen;
  }
  if (drawn.classList.contains("combo")) {
    const values = drawn.chosen.map((one) => one.value);
    return drawn.many ? values : values[0] ?? null;
  }
  if (drawn.type === "file") return drawn.uploaded;
  if (drawn.type === "datetime-local") return seconds(drawn);
  if (drawn.dataset.kind === "rich_text_input") return drawn.value ? rich(drawn.value) : null;
  return drawn.value === "" || drawn.value === undefined ? null : drawn.value;
}

// What was there before a view was drawn again: for a select one types into, its choices with their labels.
function fill(drawn, value) {
  if (drawn.classList.contains("ticks")) {
    const chosen = [].concat(value ?? []);
    for (const box of drawn.querySelectorAll("input")) box.checked = chosen.includes(box.value);
  } else if (drawn.classList.contains("combo")) drawn.fill(value);
  else if (drawn.type === "datetime-local") drawn.value = value ? local(value) : "";
  else if (drawn.dataset.kind === "rich_text_input") drawn.value = plainOf(value);
  else if (drawn.type !== "file" && drawn.matches("input,select,textarea")) drawn.value = value ?? "";
}

const MUTE = ["button", "workflow_button", "icon_button", "feedback_buttons", "overflow", "image"];

// Every value under an element, as {block_id: {action_id: value}}. `kept`: as `fill` wants it back, not as the API takes it.
export function readAll(root, { kept = false } = {}) {
  const values = {};
  for (const block of root.querySelectorAll("[data-block]")) {
    for (const drawn of block.querySelectorAll("[data-action]")) {
      if (MUTE.includes(drawn.dataset.kind)) continue;
      (values[block.dataset.block] ||= {})[drawn.dataset.action] = kept && drawn.classList.contains("combo") ? drawn.chosen : read(drawn);
    }
  }
  return values;
}
