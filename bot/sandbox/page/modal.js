// The modals in front of a person: a stack of which the front one is shown. What is typed stays while the app changes the view; errors stand
// at their fields.

import { act, suggest } from "/sandbox/static/act.js";
import { attempt, element, get, post, toast } from "/sandbox/static/api.js";
import { blocks } from "/sandbox/static/blocks.js";
import { readAll } from "/sandbox/static/elements.js";
import { soon } from "/sandbox/static/store.js";

/** Keep the dialog at what the workspace has in front of me, from now on. */
export function followModals(store) {
  const modal = new Modal(store, document.getElementById("modal"));
  const refresh = soon(async () => {
    const me = store.me;
    const stack = (await get(`/views/${me}`)).filter((view) => view.type === "modal");
    if (me === store.me) modal.show(stack);
  });
  modal.refresh = refresh;
  for (const kind of ["view", "me", "open"]) store.on(kind, refresh);
}

class Modal {
  constructor(store, dialog) {
    Object.assign(this, { store, dialog, shown: null, kept: new Map() });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.close(true);
    });
  }

  show(stack) {
    const [view] = stack;
    if (!view) {
      this.shown = null;
      this.kept.clear();
      if (this.dialog.open) this.dialog.close();
      return;
    }
    const key = `${this.store.me} ${view.id} ${view.hash}`;
    if (this.shown?.key === key && this.dialog.open) return;
    if (this.shown) this.kept.set(this.shown.view.id, readAll(this.dialog, { kept: true }));
    this.shown = { key, view };
    this.draw(view, stack.length, this.kept.get(view.id) || {}, {});
  }

  draw(view, depth, kept, errors, trouble) {
    const { store, dialog } = this;
    const place = { view_id: view.id };
    const surface = {
      names: store.names, modal: true, kept, errors,
      act: (action, drawn) => act(store, place, action, drawn),
      suggest: (action) => suggest(store, place, action),
    };
    const again = dialog.open && this.drawn === view.id;
    const focused = again ? document.activeElement?.closest("[data-action]")?.dataset : null;
    const back = depth > 1 ? element("button", { type: "button", class: "plain", "aria-label": "Back", onclick: () => this.close() }, "‹") : null;
    const form = element("form", { autocomplete: "off", novalidate: true, onsubmit: (event) => (event.preventDefault(), this.submit(view, depth, form)) },
      element("div", { class: "modal-head" }, back, element("h2", { id: "modal-title" }, view.title.text),
        element("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => this.close(true) }, "✕")),
      element("div", { class: "modal-body", tabindex: "-1" }, trouble ? element("p", { class: "trouble", role: "alert" }, `⚠️ ${trouble}`) : null, blocks(view.blocks, surface)));
    const foot = element("div", { class: "modal-foot" }, element("span", { class: "by" }, appName(store, view)),
      element("button", { type: "button", onclick: () => this.close() }, view.close?.text || "Close"));
    if (view.submit) foot.append(element("button", { type: "submit", class: "primary" }, view.submit.text));
    form.append(foot);
    dialog.replaceChildren(form);
    this.drawn = view.id;
    this.depth = depth;
    if (!dialog.open) dialog.showModal();
    const same = focused && form.querySelector(`[data-action="${CSS.escape(focused.action)}"]`);
    const first = Object.keys(errors).length ? form.querySelector("[aria-invalid]") : same || form.querySelector("[autofocus], .input input, .input textarea, .input select");
    (first?.matches("input,select,textarea,button,summary") ? first : first?.querySelector("input,button"))?.focus();
  }

  async submit(view, depth, form) {
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    const body = { user: this.store.me, view_id: view.id, values: onlyInputs(view, readAll(form)) };
    // What is wrong with a field stands at the field, what is wrong with the whole above it.
    const result = await attempt(() => post("/submit", body), { quiet: true });
    button.disabled = false;
    button.removeAttribute("aria-busy");
    if (!result) return;
    if (result.errors || !result.ok) {
      const errors = result.errors || {};
      this.draw(view, depth, readAll(form, { kept: true }), errors, result.errors ? "" : result.shown || result.error);
      const known = new Set(view.blocks.map((block) => block.block_id));
      for (const [block, sentence] of Object.entries(errors)) if (!known.has(block)) toast(sentence);
    } else if (result.response_action !== "push" && result.response_action !== "update") {
      this.shown = null; // whatever is in front now is drawn afresh
      this.kept.delete(view.id);
    } else if (result.response_action === "update") {
      this.shown = null;
      this.kept.set(view.id, readAll(form, { kept: true }));
    }
    this.refresh();
  }

  /** Close the front one, or the whole stack by the cross. */
  async close(all = false) {
    const { view } = this.shown || {};
    if (view) await attempt(() => post("/close", { user: this.store.me, view_id: view.id, all }));
    this.refresh();
  }
}

const appName = (store, view) => store.apps.find((app) => app.id === view.app_id)?.name || "";

// A static accessory or an action has been told to the app already; only inputs are filled in at the submit.
function onlyInputs(view, values) {
  const inputs = new Set(view.blocks.filter((block) => block.type === "input").map((block) => block.block_id));
  return Object.fromEntries(Object.entries(values).filter(([block]) => inputs.has(block)));
}
