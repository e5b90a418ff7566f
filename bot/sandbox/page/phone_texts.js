// A thread of texts, and a line to answer in. Links to Tocsin open on the phone itself.

import { element } from "/sandbox/static/api.js";
import { time } from "/sandbox/static/faces.js";
import { linked } from "/sandbox/static/mrkdwn.js";
import { otherOf } from "/sandbox/static/phone_lock.js";

export function textsScreen(hand) {
  const texts = hand.phone.sms.filter((sms) => otherOf(sms) === hand.view.other);
  const list = element("ol", { class: "texts", id: "texts", tabindex: "0", "aria-label": "Messages" }, ...texts.map((sms) => bubble(hand, sms)));
  const box = element("input", { id: "sms-text", placeholder: "Reply, for example 1a", "aria-label": "Text message", autocomplete: "off", value: hand.draft || "" });
  box.addEventListener("input", () => (hand.draft = box.value));
  const form = element("form", { class: "sms-form", onsubmit: (event) => send(event, hand, box) }, box, element("button", { type: "submit", class: "primary" }, "Send"));
  const focused = document.activeElement?.id === "sms-text";
  queueMicrotask(() => {
    list.scrollTop = list.scrollHeight;
    if (focused) box.focus();
  });
  return [backBar("Tocsin", hand.view.other, () => hand.show({ name: "lock" })), list, form];
}

/** The bar above a screen that one came to from another. */
export function backBar(title, below, back) {
  return element("div", { class: "phone-head" }, element("button", { type: "button", class: "plain back", onclick: back, "aria-label": "Back" }, "‹"),
    element("b", {}, title), element("span", { class: "faint" }, below));
}

async function send(event, hand, box) {
  event.preventDefault();
  const text = box.value;
  if (!text.trim()) return;
  hand.draft = box.value = "";
  await hand.act("reply", { text, to: hand.view.other });
}

function bubble(hand, sms) {
  const text = element("p", { dir: "auto" }, linked(sms.body));
  for (const link of text.querySelectorAll("a")) {
    if (new URL(link.href).origin !== location.origin) continue;
    link.addEventListener("click", (event) => {
      event.preventDefault();
      hand.show({ name: "web", url: link.href, from: hand.view });
    });
  }
  const state = sms.direction === "out" ? (sms.error ? "not answered" : "sent") : "";
  return element("li", { class: `sms ${sms.direction}` }, text, sms.error ? element("p", { class: "error" }, sms.error) : null,
    element("p", { class: "sms-at" }, [time(sms.at), state].filter(Boolean).join(" · ")));
}
