// Interactive elements. Outside an input block a change acts at once; inside one it waits for the submit.

import { element } from "/sandbox/static/api.js";
import { textObject } from "/sandbox/static/mrkdwn.js";

export function control(item, block, surface) {
  const draw = DRAW[item.type];
  if (!draw) return element("span", { class: "unknown" }, `This page cannot draw the element “${item.type}”.`);
  const waits = block.type === "input" && !block.dispatch_action;
  const act = (value) =>
    waits ? undefined : surface.act({ action_id: item.action_id, block_id: block.block_id, value, confirm: item.confirm });
  const drawn = draw(item, act, surface, block);
  drawn.dataset.action = item.action_id || "";
  drawn.dataset.kind = item.type;
  const kept = surface.kept?.[block.block_id]?.[item.action_id];
  if (kept !== undefined) fill(drawn, kept);
  return drawn;
}

const words = (object) => object?.text || "";

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

function choice(many, optionsOf, chosenOf) {
  return (item, act, surface) => {
    const made = element("select", { multiple: many, onchange: () => act(read(made)) });
    const chosen = new Set(chosenOf(item));
    if (!many) made.append(element("option", { value: "" }, words(item.placeholder) || "Choose…"));
    for (const entry of optionsOf(item, surface)) {
      const into = entry.options ? element("optgroup", { label: words(entry.label) }) : made;
      for (const option of entry.options || [entry]) {
        into.append(element("option", { value: option.value, selected: chosen.has(option.value) }, words(option.text)));
      }
      if (into !== made) made.append(into);
    }
    return made;
  };
}

const listed = (item) => item.option_groups || item.options || [];
const people = (item, surface) => surface.names.people().map((one) => ({ value: one.id, text: { text: one.label } }));
const places = (item, surface) => surface.names.places().map((one) => ({ value: one.id, text: { text: `#${one.name}` } }));
const oneOf = (name) => (item) => [item[name]?.value ?? item[name]];
const manyOf = (name) => (item) => (item[name] || []).map((one) => one?.value ?? one);

function external(many) {
  return (item, act, surface, block) => {
    const made = element("span", { class: "external" });
    const select = choice(many, () => [], () => [])({ placeholder: item.placeholder }, act, surface);
    const box = element("input", { type: "text", placeholder: "Type to search", "aria-label": "Search" });
    box.addEventListener("input", async () => {
      const offered = await surface.suggest({ action_id: item.action_id, block_id: block.block_id, value: box.value });
      const options = (offered?.option_groups || []).flatMap((group) => group.options).concat(offered?.options || []);
      select.replaceChildren(element("option", { value: "" }, "Choose…"));
      for (const option of options) select.append(element("option", { value: option.value }, words(option.text)));
    });
    made.append(box, select);
    return made;
  };
}

function ticks(type) {
  return (item, act) => {
    const made = element("span", { class: "ticks" });
    const name = `${item.action_id}-${Math.random()}`;
    const chosen = new Set((item.initial_options || [item.initial_option]).filter(Boolean).map((one) => one.value));
    for (const option of item.options) {
      const box = element("input", { type, name, value: option.value, checked: chosen.has(option.value), onchange: () => act(read(made)) });
      made.append(element("label", {}, box, " ", textObject(option.text)));
    }
    return made;
  };
}

const DRAW = {
  button: (item, act) => {
    const label = textObject(item.text);
    if (item.url) {
      return element("a", { class: `button ${item.style || ""}`, href: item.url, target: "_blank", rel: "noopener noreferrer", onclick: () => act(item.value) }, label);
    }
    return element("button", { type: "button", class: item.style || "", onclick: () => act(item.value) }, label);
  },
  overflow: (item, act) => {
    const menu = element("details", { class: "overflow" }, element("summary", { "aria-label": "More" }, "⋯"));
    const entries = element("div", { class: "menu" });
    for (const option of item.options) {
      entries.append(element("button", { type: "button", onclick: () => ((menu.open = false), act(option.value)) }, textObject(option.text)));
    }
    menu.append(entries);
    return menu;
  },
  plain_text_input: written,
  email_text_input: input("email"),
  url_text_input: input("url"),
  number_input: input("number"),
  datepicker: input("date", "initial_date"),
  timepicker: input("time", "initial_time"),
  datetimepicker: (item, act) => {
    const initial = item.initial_date_time ? new Date((item.initial_date_time - new Date().getTimezoneOffset() * 60) * 1000) : null;
    const value = initial ? initial.toISOString().slice(0, 16) : undefined;
    return element("input", { type: "datetime-local", value, onchange: (event) => act(seconds(event.target)) });
  },
  static_select: choice(false, listed, oneOf("initial_option")),
  multi_static_select: choice(true, listed, manyOf("initial_options")),
  users_select: choice(false, people, oneOf("initial_user")),
  multi_users_select: choice(true, people, manyOf("initial_users")),
  channels_select: choice(false, places, oneOf("initial_channel")),
  multi_channels_select: choice(true, places, manyOf("initial_channels")),
  conversations_select: choice(false, places, oneOf("initial_conversation")),
  multi_conversations_select: choice(true, places, manyOf("initial_conversations")),
  external_select: external(false),
  multi_external_select: external(true),
  checkboxes: ticks("checkbox"),
  radio_buttons: ticks("radio"),
  image: (item) => element("span", { class: "picture" }, `🖼 ${item.alt_text || ""}`),
};

function seconds(field) {
  return field.value ? Math.floor(new Date(field.value).getTime() / 1000) : null;
}

// The plain value of a drawn element, as the control API takes it: null when nothing is filled in.
export function read(drawn) {
  if (drawn.classList.contains("ticks")) {
    const chosen = [...drawn.querySelectorAll("input:checked")].map((box) => box.value);
    return drawn.querySelector("input[type=radio]") ? chosen[0] ?? null : chosen;
  }
  const field = drawn.classList.contains("external") ? drawn.querySelector("select") : drawn;
  if (field.multiple) return [...field.selectedOptions].map((option) => option.value).filter(Boolean);
  if (field.type === "datetime-local") return seconds(field);
  return field.value === "" || field.value === undefined ? null : field.value;
}

function fill(drawn, value) {
  if (drawn.classList.contains("ticks")) {
    const chosen = [].concat(value ?? []);
    for (const box of drawn.querySelectorAll("input")) box.checked = chosen.includes(box.value);
  } else if (drawn.multiple) {
    for (const option of drawn.options) option.selected = (value || []).includes(option.value);
  } else if (drawn.matches("input:not([type=datetime-local]),select,textarea")) {
    drawn.value = value ?? "";
  }
}

// Every value under an element, as {block_id: {action_id: value}}, input blocks and others alike.
export function readAll(root) {
  const values = {};
  for (const block of root.querySelectorAll("[data-block]")) {
    for (const drawn of block.querySelectorAll("[data-action]")) {
      if (["button", "overflow", "image"].includes(drawn.dataset.kind)) continue;
      (values[block.dataset.block] ||= {})[drawn.dataset.action] = read(drawn);
    }
  }
  return values;
}
