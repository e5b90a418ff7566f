// The page: who I am, where I am, and everything that is shown again when the workspace says that something changed.

import { attempt, element, get, post, toast } from "/sandbox/static/api.js";
import { drawMessages, firstScreen, inThreads } from "/sandbox/static/chat.js";
import { devices, refreshDevices, showOwner } from "/sandbox/static/devices.js";
import { showModal, sure } from "/sandbox/static/modal.js";

const $ = (id) => document.getElementById(id);
const state = { me: null, id: null, place: null, thread: null, users: [], channels: [], apps: [], drawn: {}, moved: true, known: null };

const names = {
  user: (id) => state.users.find((one) => one.id === id)?.name,
  channel: (id) => state.channels.find((one) => one.id === id)?.name,
  people: () => state.users.filter((one) => !one.deleted && !one.is_bot).map((one) => ({ id: one.id, label: one.real_name || one.name })),
  places: () => state.channels.filter((one) => one.name && !one.is_archived),
};

function here() {
  return {
    me: state.me, id: state.id, place: state.place, names, moved: state.moved, refresh,
    shortcuts: state.apps.flatMap((app) => app.shortcuts || []).filter((one) => one.type === "message"),
    reply: (ts) => setThread(ts),
    act: async ({ confirm, ...action }) => {
      if (!(await sure(confirm))) return;
      await attempt(() => post("/click", { user: state.me, ...action, value: action.value ?? null }));
      refresh();
    },
  };
}

// Draw only what is different, so that focus, menus and the selection survive.
function changed(what, value) {
  const now = JSON.stringify(value);
  if (state.drawn[what] === now) return false;
  state.drawn[what] = now;
  return true;
}

async function refresh() {
  try {
    await Promise.all([refreshPlaces().then(refreshMessages), refreshView(), refreshBot(), refreshDevices()]);
  } catch (lost) {
    $("bot-state").textContent = "The sandbox does not answer";
  }
}

async function refreshPlaces() {
  [state.users, state.channels, state.apps] = await Promise.all([get("/users"), get(`/channels?user=${state.me}`), get("/apps")]);
  state.id = state.users.find((one) => one.name === state.me)?.id;
  const named = state.channels.filter((one) => one.name && !one.is_im);
  state.known ||= new Set(named.map((one) => one.id));
  const general = named.find((one) => one.is_general) || named[0];
  if (!state.place) state.place = general?.id;
  if (!changed("places", [state.users, state.channels, state.place, state.me])) return;
  named.sort((a, b) => Number(a.is_archived) - Number(b.is_archived) || a.name.localeCompare(b.name));
  $("channels").replaceChildren(...named.map((one) => placeEntry(one.id, `${one.is_private ? "🔒" : "#"} ${one.name}`, one.is_archived)));
  const others = state.users.filter((one) => !one.deleted && one.name !== state.me && one.name !== "slackbot");
  others.sort((a, b) => Number(b.is_bot) - Number(a.is_bot));
  $("directs").replaceChildren(...others.map((one) => placeEntry(direct(one), one.real_name || one.name, false)));
  drawHead();
}

const direct = (user) => state.channels.find((one) => one.is_im && one.user === user.id)?.id || `@${user.name}`;

function placeEntry(id, label, archived) {
  const current = id === state.place;
  const go = () => (goTo(id), showPane("chat"));
  const fresh = id.startsWith("C") && !state.known.has(id); // opened since this page was, and not looked at yet
  const kind = archived ? "faint" : fresh ? "fresh" : undefined;
  return element("li", {}, element("button", { type: "button", class: kind, "aria-current": current ? "page" : undefined, onclick: go }, label));
}

function goTo(id) {
  state.place = id;
  state.known.add(id);
  state.moved = true;
  setThread(null);
  state.drawn = {};
  refresh();
}

function drawHead() {
  const place = state.channels.find((one) => one.id === state.place);
  const other = place?.is_im ? state.users.find((one) => one.id === place.user) : state.users.find((one) => `@${one.name}` === state.place);
  $("place-name").textContent = other ? other.real_name || other.name : `# ${place?.name ?? "…"}`;
  $("place-topic").textContent = [place?.topic?.value, place?.is_archived ? "(archived)" : ""].filter(Boolean).join(" ");
  $("join").hidden = !place || place.is_im || place.is_member || place.is_archived;
}

async function refreshMessages() {
  const place = state.place;
  let messages = [];
  try {
    messages = await get(`/messages/${encodeURIComponent(place)}?user=${state.me}`);
  } catch (refused) {
    if (!String(place).startsWith("@")) throw refused; // a direct message that nobody has begun yet
  }
  if (place !== state.place || !changed("messages", [place, state.me, messages, state.users.length])) return;
  drawMessages($("messages"), inThreads(messages), here());
  const calm = !state.channels.some((one) => /^inc-/.test(one.name || ""));
  if (calm) {
    $("messages").querySelector(".empty")?.remove();
    $("messages").prepend(firstScreen((line) => (($("line").value = line), $("line").focus())));
  }
  state.moved = false;
}

async function refreshView() {
  const views = await get(`/views/${state.me}`);
  showModal(views.find((view) => view.type === "modal"), here());
}

async function refreshBot() {
  const bot = await get("/bot");
  document.body.dataset.bot = bot.running ? "up" : "down";
  $("bot-state").textContent = bot.running ? "Tocsin runs" : `Tocsin is ${bot.state || "not running"}`;
}

function setThread(ts) {
  state.thread = ts;
  $("thread-note").hidden = !ts;
  if (ts) $("line").focus();
}

async function send() {
  const text = $("line").value.trim();
  if (!text) return;
  $("line").value = "";
  const target = { user: state.me, channel: state.place, text };
  // Slack runs no commands inside threads: there a slash is a message like any other.
  const command = text.startsWith("/") && !state.thread;
  const result = await attempt(() => post(command ? "/command" : "/message", command || !state.thread ? target : { ...target, thread_ts: state.thread }));
  if (!result) $("line").value = text;
  state.moved = true;
  refresh();
}

function showPane(pane) {
  document.body.dataset.pane = pane;
  for (const tab of document.querySelectorAll(".tabs button")) tab.setAttribute("aria-pressed", String(tab.dataset.pane === pane));
}

$("composer").addEventListener("submit", (event) => (event.preventDefault(), send()));
$("line").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
$("leave-thread").addEventListener("click", () => setThread(null));
$("join").addEventListener("click", () => attempt(() => post("/join", { user: state.me, channel: state.place })).then(refresh));
$("me").addEventListener("change", (event) => {
  state.me = event.target.value;
  state.drawn = {};
  if (String(state.place).startsWith("D")) state.place = null;
  refresh();
});
for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => showPane(tab.dataset.pane));
for (const button of document.querySelectorAll("[data-bot]")) {
  button.addEventListener("click", () => attempt(() => post("/bot", { action: button.dataset.bot })).then(refresh));
}
for (const button of document.querySelectorAll("[data-advance]")) {
  button.addEventListener("click", () =>
    attempt(() => post("/clock", { advance_s: Number(button.dataset.advance) })).then((done) => (done && toast("The clock was moved."), refresh())));
}

async function begin() {
  const [users, phones] = await Promise.all([get("/users"), get("/phones")]);
  const people = users.filter((one) => !one.is_bot && !one.deleted && one.name !== "slackbot").map((one) => one.name);
  $("me").replaceChildren(...people.map((name) => element("option", { value: name }, name)));
  state.me = people.includes("kim") ? "kim" : people[0];
  $("me").value = state.me;
  $("owner").replaceChildren(...phones.map((phone) => element("option", { value: phone.user }, phone.user)));
  devices.owner = phones[0]?.user;
  showPane("chat");
  await refresh();
  if (devices.owner) showOwner(devices.owner);
  let waiting = null;
  const soon = () => (waiting ||= setTimeout(() => ((waiting = null), refresh()), 80));
  const events = new EventSource("/control/events");
  events.onmessage = soon;
  events.onopen = soon;
  setInterval(refresh, 3000); // what no event tells of: a phone, the mailbox, the bot's own end
}

begin();
