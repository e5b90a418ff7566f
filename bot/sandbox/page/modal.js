// The front modal of a person. What is typed stays while the app changes the view; errors stand at their fields.

import { attempt, element, post, toast } from "/sandbox/static/api.js";
import { blocks } from "/sandbox/static/blocks.js";
import { readAll } from "/sandbox/static/elements.js";

let dialog = null;
let shown = null;

export function showModal(view, here) {
  dialog ||= prepared(document.getElementById("modal"));
  if (!view) {
    shown = null;
    if (dialog.open) dialog.close();
    return;
  }
  const key = `${here.me} ${view.id} ${view.hash}`;
  if (shown?.key === key) return;
  const kept = shown?.id === view.id ? readAll(dialog) : {};
  shown = { key, id: view.id };
  draw(view, here, kept, {});
}

function draw(view, here, kept, errors) {
  const surface = {
    names: here.names,
    modal: true,
    kept,
    errors,
    act: (action) => here.act({ ...action, view_id: view.id }),
    suggest: (action) => post("/suggest", { user: here.me, view_id: view.id, ...action }),
  };
  const close = () => attempt(() => post("/close", { user: here.me, view_id: view.id }));
  const form = element("form", { autocomplete: "off", novalidate: true });
  form.append(
    element("div", { class: "modal-head" }, element("h2", { id: "modal-title" }, view.title.text),
      element("button", { type: "button", "aria-label": "Close", onclick: close }, "✕")),
    blocks(view.blocks, surface),
  );
  const foot = element("div", { class: "modal-foot" }, element("button", { type: "button", onclick: close }, view.close?.text || "Cancel"));
  if (view.submit) foot.append(element("button", { type: "submit", class: "primary" }, view.submit.text));
  form.append(foot);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(view, here, form);
  });
  dialog.replaceChildren(form);
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector(errorsFirst(errors)) || dialog.querySelector("[autofocus], .input input, .input textarea, .input select");
  first?.focus();
}

const errorsFirst = (errors) => (Object.keys(errors).length ? "[aria-invalid]" : "[data-none]");

async function submit(view, here, form) {
  const values = readAll(form);
  const button = form.querySelector("[type=submit]");
  button.disabled = true;
  const body = { user: here.me, view_id: view.id, values: onlyInputs(view, values) };
  // What is wrong with a field stands at the field; only the rest is told below.
  const result = await attempt(async () => {
    const answered = await post("/submit", body);
    return answered.errors ? { errors: answered.errors } : answered;
  });
  button.disabled = false;
  if (result?.errors) {
    draw(view, here, values, result.errors);
    const known = new Set(view.blocks.map((block) => block.block_id));
    for (const [block, sentence] of Object.entries(result.errors)) if (!known.has(block)) toast(sentence);
  } else if (result?.ok) {
    shown = null; // whatever is in front now is drawn afresh
  }
  here.refresh();
}

// A static accessory or an action has been told to the app already; only inputs are filled in at the submit.
function onlyInputs(view, values) {
  const inputs = new Set(view.blocks.filter((block) => block.type === "input").map((block) => block.block_id));
  return Object.fromEntries(Object.entries(values).filter(([block]) => inputs.has(block)));
}

function prepared(made) {
  made.addEventListener("cancel", (event) => {
    event.preventDefault();
    made.querySelector(".modal-head button")?.click();
  });
  return made;
}

// "Are you sure?" as the element's confirm object words it.
export function sure(confirm) {
  if (!confirm) return Promise.resolve(true);
  const box = document.getElementById("confirm");
  return new Promise((resolve) => {
    const done = (answer) => () => (box.close(), resolve(answer));
    box.replaceChildren(
      element("h2", {}, confirm.title.text),
      element("p", {}, confirm.text.text),
      element("div", { class: "modal-foot" },
        element("button", { type: "button", onclick: done(false) }, confirm.deny?.text || "Cancel"),
        element("button", { type: "button", class: confirm.style || "primary", onclick: done(true) }, confirm.confirm?.text || "Yes")),
    );
    box.addEventListener("cancel", () => resolve(false), { once: true });
    box.showModal();
  });
}
