// The lock screen: the time, and what has come since one last looked.

import { attempt, element, post } from "/sandbox/static/api.js";
import { time } from "/sandbox/static/faces.js";
import { clockOf } from "/sandbox/static/phones.js";

const ENDINGS = { "no-answer": "Missed call", busy: "Declined call", canceled: "Missed call", failed: "Call cut off" };
const MOST = 12;

/** The other side of a text, as a number. */
export const otherOf = (sms) => (sms.direction === "in" ? sms.from : sms.to);

export function lockScreen(hand) {
  const now = clockOf(hand);
  const notes = [...threads(hand), ...calls(hand), ...pushes(hand)].sort((a, b) => b.at.localeCompare(a.at)).slice(0, MOST);
  return [
    element("div", { class: "lock-clock" },
      element("time", {}, now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })),
      element("span", {}, now.toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" }))),
    element("ul", { class: "notes", "aria-label": "Messages and calls" }, ...notes.map((note) => note.made),
      notes.length ? null : element("li", { class: "calm" }, "All is quiet.")),
  ];
}

function threads(hand) {
  const byOther = new Map();
  for (const sms of hand.phone.sms) byOther.set(otherOf(sms), [...(byOther.get(otherOf(sms)) || []), sms]);
  return [...byOther].map(([other, texts]) => {
    const last = texts.at(-1);
    const open = () => hand.show({ name: "texts", other });
    const made = element("li", {}, element("button", { type: "button", class: "note", onclick: open },
      element("span", { class: "note-head" }, element("b", {}, "Tocsin"), element("span", {}, texts.length > 1 ? `${texts.length} messages` : "Message"), element("time", {}, time(last.at))),
      element("span", { class: "note-text", dir: "auto" }, (last.direction === "out" ? "You: " : "") + last.body)));
    return { at: last.at, made };
  });
}

function pushes(hand) {
  return hand.phone.pushes.filter((push) => !push.cleared).map((push) => {
    const open = (url) => hand.show({ name: "web", url });
    const tap = async (action) => {
      const done = await attempt(() => post(`/phones/${hand.owner}/tap`, { id: push.id, label: action.label }));
      if (done?.opens) open(done.opens);
      else hand.refresh();
    };
    const body = [
      element("span", { class: "note-head" }, element("b", {}, "ntfy"), element("span", {}, push.priority === "max" ? "Push, loud" : "Push"), element("time", {}, time(push.at))),
      element("b", { class: "note-text", dir: "auto" }, push.title),
      element("span", { class: "note-text", dir: "auto" }, push.text),
    ];
    const face = push.click ? element("button", { type: "button", class: "note-open", onclick: () => open(push.click) }, ...body) : element("div", {}, ...body);
    const buttons = push.actions.map((action) => element("button", { type: "button", class: "note-action", onclick: () => tap(action) }, action.label));
    const made = element("li", {}, element("div", { class: "note" }, face, push.error ? element("p", { class: "error" }, push.error) : null,
      buttons.length ? element("div", { class: "note-actions" }, ...buttons) : null));
    return { at: push.at, made };
  });
}

function calls(hand) {
  return hand.phone.calls.filter((call) => call.ended_at).map((call) => {
    const answered = call.answered_by === "machine_start" ? "Voicemail" : call.answered_by ? "Answered call" : ENDINGS[call.status] || `Call: ${call.status}`;
    const heard = call.spoken.length || call.digits || call.error;
    const head = element("span", { class: "note-head" }, element("b", {}, `📞 ${answered}`), element("span", {}, "Tocsin"), element("time", {}, time(call.at)));
    const made = element("li", {}, heard ? element("details", { class: "note" }, element("summary", {}, head), ...transcript(call)) : element("div", { class: "note" }, head));
    return { at: call.at, made };
  });
}

/** What was said and pressed, line by line. */
export function transcript(call) {
  return [
    ...call.spoken.map((line) => element("p", { class: "spoken", dir: "auto" }, `“${line}”`)),
    call.digits ? element("p", { class: "pressed" }, `Pressed ${call.digits}`) : null,
    call.error ? element("p", { class: "error" }, call.error) : null,
  ].filter(Boolean);
}
