// What a person does with something interactive: the question that comes first, the wait, and what Slack shows when the app is late.

import { attempt, element, post } from "/sandbox/static/api.js";

/** Press or choose in `place` ({channel, ts} or {view_id}). `drawn` is marked while the app thinks; a failure stands under its block. */
export async function act(store, place, { confirm, ...action }, drawn) {
  if (!(await sure(confirm))) return null;
  const block = drawn?.closest("[data-block]");
  block?.querySelector(":scope > .failed")?.remove();
  drawn?.setAttribute("aria-busy", "true");
  const result = await attempt(() => post("/click", { user: store.me, ...place, ...action, value: action.value ?? null }), { quiet: Boolean(block) });
  drawn?.removeAttribute("aria-busy");
  if (block && result && result.ok === false) {
    block.append(element("p", { class: "failed", role: "alert" }, `⚠️ ${result.shown || result.error}`));
  }
  return result;
}

/** What an app offers for what was typed into an external select. */
export async function suggest(store, place, action) {
  try {
    return await post("/suggest", { user: store.me, ...place, ...action });
  } catch (refused) {
    return { ok: false, shown: refused.message, options: [], option_groups: [] };
  }
}

/** "Are you sure?", as the element's confirm object words it. */
export function sure(confirm) {
  if (!confirm) return Promise.resolve(true);
  const box = document.getElementById("confirm");
  return new Promise((resolve) => {
    let answered = false;
    const done = (answer) => () => ((answered = answer), box.close());
    const yes = confirm.style === "danger" ? "danger solid" : "primary";
    box.replaceChildren(
      element("h2", { id: "confirm-title" }, confirm.title?.text || "Are you sure?"),
      element("p", {}, confirm.text?.text || ""),
      element("div", { class: "modal-foot" },
        element("button", { type: "button", onclick: done(false) }, confirm.deny?.text || "Cancel"),
        element("button", { type: "button", class: yes, onclick: done(true) }, confirm.confirm?.text || "Yes")),
    );
    box.addEventListener("close", () => resolve(answered), { once: true });
    box.showModal();
  });
}
