// Tocsin's own page on the phone: what opens when the link in a text is tapped.

import { element } from "/sandbox/static/api.js";
import { backBar } from "/sandbox/static/phone_texts.js";

export function webScreen(hand) {
  const { url, from } = hand.view;
  const address = new URL(url);
  const frame = element("iframe", { class: "web", src: url, title: `The page at ${address.pathname}`, referrerpolicy: "no-referrer" });
  return [backBar(address.host, address.pathname, () => hand.show(from || { name: "lock" })), frame];
}
