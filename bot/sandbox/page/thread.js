// A thread, beside its channel.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { actionBar } from "/sandbox/static/actions.js";
import { composer } from "/sandbox/static/composer.js";
import { drawMessage } from "/sandbox/static/message.js";
import { keep } from "/sandbox/static/rows.js";
import { soon } from "/sandbox/static/store.js";

const CHANGES = ["message", "message_changed", "message_deleted", "ephemeral", "reaction", "pin", "open", "users"];

export function thread(store) {
  const rows = new Map();
  let messages = [];
  let channel = null;
  const list = element("ol", { class: "thread-list", "aria-label": "Thread" });
  const also = element("input", { type: "checkbox" });
  const alsoLabel = element("label", { class: "also" }, also, element("span", {}, "Also send to the channel"));
  const box = composer(store, {
    id: "thread-line", label: "Reply", inThread: true, extra: alsoLabel,
    send: async (text) => {
      const body = { user: store.me, channel: store.place, text, thread_ts: store.thread };
      const done = await attempt(() => post("/message", also.checked ? { ...body, broadcast: true } : body));
      also.checked = false;
      return done?.ok;
    },
  });
  box.line.placeholder = "Reply…";
  const where = element("span", { class: "faint" });
  const close = () => store.openThread(null);
  const made = element("section", { class: "thread", "aria-label": "Thread", hidden: true },
    element("div", { class: "thread-head" }, element("h3", {}, "Thread"), where, element("button", { type: "button", class: "plain", "aria-label": "Close the thread", onclick: close }, "✕")),
    list, box.form);
  actionBar(list, (ts) => messages.find((one) => one.ts === ts), () => ({ store, channel, inThread: true }));
  made.addEventListener("keydown", (event) => event.key === "Escape" && !event.defaultPrevented && close());

  const read = async () => {
    const { thread: ts, place, me } = store;
    if (!ts) return;
    const found = await get(`/messages/${encodeURIComponent(place)}?user=${me}&thread_ts=${ts}`);
    if (ts !== store.thread || place !== store.place) return;
    const grew = found.length > messages.length;
    messages = found;
    channel = store.channelOf(place)?.id || place;
    where.textContent = store.channelOf(place)?.name ? `#${store.channelOf(place).name}` : "";
    const wanted = messages.map((message) => ({
      id: message.ts, key: JSON.stringify([message, me, store.users.length]), draw: () => drawMessage(message, { store, channel, inThread: true }),
    }));
    if (messages.length > 1) {
      const count = messages.length === 2 ? "1 reply" : `${messages.length - 1} replies`;
      wanted.splice(1, 0, { id: "count", key: count, draw: () => element("li", { class: "divider count-line" }, element("span", {}, count)) });
    }
    keep(list, rows, wanted);
    if (grew) list.scrollTop = list.scrollHeight;
  };
  const refresh = soon(read);
  for (const kind of CHANGES) store.on(kind, (change) => (!change?.channel || change.channel === channel) && refresh());
  const turn = () => {
    made.hidden = !store.thread;
    document.body.classList.toggle("in-thread", Boolean(store.thread));
    messages = [];
    rows.clear();
    list.replaceChildren();
    if (!store.thread) return;
    channel = store.channelOf(store.place)?.id || store.place;
    box.line.focus();
    refresh();
  };
  store.on("thread", (ts) => {
    turn();
    if (!ts) document.getElementById("line")?.focus();
  });
  for (const kind of ["place", "me"]) store.on(kind, turn);
  return made;
}
