// A call: it rings, is taken, says its words, takes keys, and ends.

import { element } from "/sandbox/static/api.js";
import { transcript } from "/sandbox/static/phone_lock.js";
import { hush } from "/sandbox/static/sound.js";

const KEYS = [["1", ""], ["2", "abc"], ["3", "def"], ["4", "ghi"], ["5", "jkl"], ["6", "mno"], ["7", "pqrs"], ["8", "tuv"], ["9", "wxyz"], ["*", ""], ["0", "+"], ["#", ""]];

export function callScreen(hand, call) {
  const head = (state) => element("div", { class: `call-head ${call.status}` }, element("span", { class: "call-face", "aria-hidden": "true" }), element("b", {}, "Tocsin"),
    element("span", {}, call.from), element("span", { class: "call-state", role: "status" }, state));
  if (call.status === "ringing") return [head("Incoming call"), choices(hand, call)];
  const said = element("div", { class: "call-said", role: "log", tabindex: "0", "aria-label": "What is said" }, ...transcript(call));
  queueMicrotask(() => (said.scrollTop = said.scrollHeight));
  if (call.status === "in-progress") return [head(call.asking ? "Waits for a key" : "Connected"), said, keypad(hand, call), hangUp(hand, call)];
  const close = () => (hand.done.add(call.sid), hand.draw());
  return [head("Call ended"), said, element("div", { class: "call-foot" }, element("button", { type: "button", class: "primary", onclick: close }, "Done"))];
}

function choices(hand, call) {
  const act = (what) => () => hand.act(what, { call: call.sid });
  return element("div", { class: "call-choices" },
    element("button", { type: "button", class: "round bad", onclick: act("decline") }, element("span", { "aria-hidden": "true" }, "✕"), "Decline"),
    element("button", { type: "button", class: "round", onclick: act("voicemail") }, element("span", { "aria-hidden": "true" }, "◉◉"), "Voicemail"),
    element("button", { type: "button", class: "round good", onclick: act("answer") }, element("span", { "aria-hidden": "true" }, "✆"), "Answer"));
}

function keypad(hand, call) {
  const press = (key) => () => (hush(), hand.act("keys", { call: call.sid, digits: key }));
  return element("div", { class: "keypad", role: "group", "aria-label": "Keypad" },
    ...KEYS.map(([key, letters]) => element("button", { type: "button", "aria-label": key, onclick: press(key) }, element("b", {}, key), element("small", {}, letters))));
}

function hangUp(hand, call) {
  const end = () => (hush(), hand.act("hangup", { call: call.sid }));
  return element("div", { class: "call-foot" }, element("button", { type: "button", class: "round bad", onclick: end }, element("span", { "aria-hidden": "true" }, "✕"), "Hang up"));
}
