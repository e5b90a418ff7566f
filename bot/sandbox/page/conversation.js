// The middle: the channel one is in, and the box to write in.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { drawMessages, firstScreen, inThreads } from "/sandbox/static/chat.js";
import { showModal, sure } from "/sandbox/static/modal.js";
import { soon } from "/sandbox/static/store.js";

const CHANGES = ["message", "message_changed", "message_deleted", "ephemeral", "reaction", "pin"];

export function mount(spot, store) {
  const state = { drawn: "", moved: true, thread: null };
  const name = element("h2", { id: "place-name" }, "…");
  const topic = element("p", { id: "place-topic" });
  const join = element("button", { type: "button", id: "join", hidden: true, onclick: () => enter() }, "Join");
  const list = element("ol", { id: "messages", "aria-live": "polite" });
  const line = element("textarea", { id: "line", rows: 1, placeholder: "Message, or / for a command" });
  const note = element("p", { id: "thread-note", hidden: true }, "Replying in a thread ",
    element("button", { type: "button", onclick: () => setThread(null) }, "Back to the channel"));
  const composer = element("form", { id: "composer", autocomplete: "off" }, note,
    element("label", { class: "sr", for: "line" }, "Message or command"), line,
    element("button", { type: "submit", class: "primary" }, "Send"));
  spot.append(element("div", { class: "place-head" }, name, topic, join), list, composer,
    element("dialog", { id: "modal", "aria-labelledby": "modal-title" }), element("dialog", { id: "confirm" }));

  const enter = () => attempt(() => post("/join", { user: store.me, channel: store.place }));
  const names = {
    user: (id) => store.user(id)?.name,
    channel: (id) => store.channel(id)?.name,
    people: () => store.people().map((one) => ({ id: one.id, label: one.real_name || one.name })),
    places: () => store.channels.filter((one) => one.name && !one.is_archived),
  };
  const here = () => ({
    me: store.me, id: store.id, place: store.place, names, moved: state.moved, refresh,
    shortcuts: store.apps.flatMap((app) => app.shortcuts || []).filter((one) => one.type === "message"),
    reply: (ts) => setThread(ts),
    act: async ({ confirm, ...action }) => {
      if (!(await sure(confirm))) return;
      await attempt(() => post("/click", { user: store.me, ...action, value: action.value ?? null }));
      refresh();
    },
  });

  const refreshMessages = async () => {
    const { place, me } = store;
    if (!place) return;
    let messages = [];
    try {
      messages = await get(`/messages/${encodeURIComponent(place)}?user=${me}`);
    } catch (refused) {
      if (!String(place).startsWith("@")) throw refused; // a direct message that nobody has begun yet
    }
    const calm = !store.channels.some((one) => /^inc-/.test(one.name || ""));
    const now = JSON.stringify([place, me, messages, store.users.length, calm]);
    if (place !== store.place || now === state.drawn) return;
    state.drawn = now;
    drawMessages(list, inThreads(messages), here());
    if (calm) {
      list.querySelector(".empty")?.remove();
      list.prepend(firstScreen((text) => ((line.value = text), line.focus())));
    }
    state.moved = false;
  };
  const refreshView = async () => {
    const views = await get(`/views/${store.me}`);
    showModal(views.find((view) => view.type === "modal"), here());
  };
  const refresh = soon(() => Promise.all([refreshMessages(), refreshView()]));

  function setThread(ts) {
    state.thread = ts;
    note.hidden = !ts;
    if (ts) line.focus();
  }
  function drawHead() {
    const place = store.channel(store.place);
    const other = place?.is_im ? store.user(place.user) : store.users.find((one) => `@${one.name}` === store.place);
    name.textContent = other ? other.real_name || other.name : `# ${place?.name ?? "…"}`;
    topic.textContent = [place?.topic?.value, place?.is_archived ? "(archived)" : ""].filter(Boolean).join(" ");
    join.hidden = !place || place.is_im || place.is_member || place.is_archived;
  }
  async function send() {
    const text = line.value.trim();
    if (!text) return;
    line.value = "";
    const target = { user: store.me, channel: store.place, text };
    // Slack runs no commands inside threads: there a slash is a message like any other.
    const command = text.startsWith("/") && !state.thread;
    const body = command || !state.thread ? target : { ...target, thread_ts: state.thread };
    const result = await attempt(() => post(command ? "/command" : "/message", body));
    if (!result) line.value = text;
    state.moved = true;
    refresh();
  }

  composer.addEventListener("submit", (event) => (event.preventDefault(), send()));
  line.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      send();
    }
  });
  for (const kind of [...CHANGES, "view", "open", "users"]) store.on(kind, refresh);
  store.on("channels", () => (drawHead(), refresh()));
  for (const kind of ["place", "me"]) {
    store.on(kind, () => {
      state.moved = true;
      setThread(null);
      drawHead();
      refresh();
    });
  }
}
