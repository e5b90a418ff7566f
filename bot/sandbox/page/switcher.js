// Who am I? Any seeded person; another window can be another one.

import { element } from "/sandbox/static/api.js";

export function mount(spot, store) {
  const select = element("select", { id: "me", "aria-label": "I am", onchange: () => store.become(select.value) });
  spot.append(element("label", { class: "who", for: "me" }, "I am"), select);
  const draw = () => {
    select.replaceChildren(...store.people().map((one) => element("option", { value: one.name, selected: one.name === store.me }, one.name)));
    select.value = store.me;
  };
  store.on("users", draw);
  store.on("me", draw);
}
