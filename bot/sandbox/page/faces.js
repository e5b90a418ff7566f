// A row of faces to choose from: whose phone, whose mail.

import { element } from "/sandbox/static/api.js";
import { avatar } from "/sandbox/static/avatar.js";

/** `about(user)` tells {count, rings}; `choose(user)` is called with the name. Returns the row and a function that draws it again. */
export function faces(label, store, choose, about) {
  const row = element("div", { class: "faces", role: "group", "aria-label": label });
  const draw = (users, chosen) => {
    const focused = row.contains(document.activeElement) ? document.activeElement.dataset.user : null;
    row.replaceChildren(...users.map((user) => face(user, user === chosen, about(user))));
    if (focused) row.querySelector(`[data-user="${focused}"]`)?.focus();
  };
  const face = (user, chosen, { count, rings }) =>
    element("button", {
      type: "button", class: `face${rings ? " rings" : ""}`, "data-user": user, "aria-pressed": String(chosen), title: user,
      "aria-label": `${user}${rings ? ", rings" : ""}${count ? `, ${count} new` : ""}`, onclick: () => choose(user),
    }, avatar(store.named(user) || { name: user }, "big"), element("span", { class: "face-name" }, user),
    count ? element("span", { class: "count", "aria-hidden": "true" }, String(count)) : null);
  return { row, draw };
}

export const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
