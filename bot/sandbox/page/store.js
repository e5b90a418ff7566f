// What every part of the page shares: who I am, where I am, what the workspace holds, and who wants to hear of a change.
//
// store.on(kind, listener) hears
//   - each change that the sandbox tells of, by its type ("message", "view", "phone", "mail" …), with the change itself
//   - "users", "channels", "apps" once they have been read again; "me", "place", "thread" when somebody goes elsewhere
//   - "open" when the stream of changes is (again) connected: whatever may have been missed is to be read again
// A listener that asks the server should use `soon`, so that a burst of changes makes one question.

import { get } from "/sandbox/static/api.js";

const ASKED = new URLSearchParams(location.search).get("as") || "kim";
const listeners = new Map();

export const store = {
  me: null, // the name of the person who looks
  id: null, // and their user id
  place: null, // a channel's id, or "@name" for a direct message that nobody has begun
  tab: "messages", // of an app: home, messages or about
  thread: null, // the ts of the message whose thread is open
  users: [],
  channels: [],
  apps: [],

  on(kind, listener) {
    listeners.set(kind, [...(listeners.get(kind) || []), listener]);
  },
  emit(kind, about) {
    for (const listener of listeners.get(kind) || []) listener(about);
  },

  user: (id) => store.users.find((one) => one.id === id),
  named: (name) => store.users.find((one) => one.name === name),
  channel: (id) => store.channels.find((one) => one.id === id),
  channelOf: (place) => store.channel(place) || store.channels.find((one) => one.is_im && `@${store.user(one.user)?.name}` === place),
  people: () => store.users.filter((one) => !one.deleted && !one.is_bot && one.name !== "slackbot"),

  names: {
    user: (id) => store.user(id)?.name,
    channel: (id) => store.channel(id)?.name,
    people: () => store.users.filter((one) => !one.deleted && one.name !== "slackbot").map((one) => ({ id: one.id, label: one.real_name || one.name })),
    places: () => store.channels.filter((one) => one.name && !one.is_archived && !one.is_mpim),
  },
  /** The app behind a direct message, if there is one. */
  appOf(place) {
    const id = store.channel(place)?.user || store.users.find((one) => `@${one.name}` === place)?.id;
    return store.apps.find((app) => app.bot_user_id === id);
  },

  /** Become somebody else. */
  become(name) {
    if (!store.named(name)) return;
    store.me = name;
    store.id = store.named(name).id;
    const address = new URL(location.href);
    address.searchParams.set("as", name);
    history.replaceState(null, "", address);
    store.thread = null;
    if (!String(store.place).startsWith("C")) store.place = null;
    store.emit("me", name);
    refreshChannels();
  },

  /** Go to a channel, and to one message there when its ts is given. */
  go(place, ts = null) {
    store.place = place;
    store.thread = null;
    store.tab = "messages";
    store.emit("place", { ts });
    store.emit("pane", "chat");
  },

  openThread(ts) {
    store.thread = ts;
    store.emit("thread", ts);
  },

  /** Turn the right column to a panel; on a small screen, show that column. */
  showPanel(name) {
    store.emit("panel", name);
    store.emit("pane", "side");
  },
  /** Mark a panel's tab with a number; 0 takes the mark away. */
  badge(name, count) {
    store.emit("badge", { name, count });
  },
};

/** Call `work` a moment later, once for many asks; what is asked while it runs makes one more run. */
export function soon(work, after = 40) {
  let timer = null;
  let running = false;
  const run = async () => {
    timer = null;
    if (running) return ask();
    running = true;
    try {
      await work();
    } catch (lost) {
      store.emit("lost", lost);
    } finally {
      running = false;
    }
  };
  const ask = () => {
    timer ||= setTimeout(run, after);
  };
  return ask;
}

async function readUsers() {
  store.users = await get("/users");
  store.id = store.named(store.me)?.id ?? null;
  store.emit("users");
}

async function readApps() {
  store.apps = await get("/apps");
  store.emit("apps");
}

async function readChannels() {
  const me = store.me;
  const channels = await get(`/channels?user=${me}`);
  if (me === store.me) takeChannels(channels);
}

function takeChannels(channels) {
  store.channels = channels;
  if (!store.place || (!store.place.startsWith("@") && !store.channel(store.place))) {
    const named = channels.filter((one) => one.name && !one.is_im);
    store.place = (named.find((one) => one.is_general && one.is_member) || named.find((one) => one.is_member) || named[0])?.id ?? null;
    store.emit("place", { ts: null });
  }
  store.emit("channels");
}

const refreshUsers = soon(readUsers);
const refreshApps = soon(readApps);
export const refreshChannels = soon(readChannels);

function wanted() {
  const people = store.people().map((one) => one.name);
  return [ASKED, "kim"].find((name) => people.includes(name)) || people[0];
}

function fromAddress() {
  const [channel, ts] = decodeURIComponent(location.hash.slice(1)).split("/");
  if (store.channel(channel)) store.go(channel, ts || null);
}

function hear(change) {
  store.emit(change.type, change);
  if (change.type === "users") refreshUsers();
  else if (change.type === "apps") refreshApps();
  if (change.channel || change.type === "socket") refreshChannels();
  store.emit("change", change);
}

/** Read everything once, then follow the stream of changes for as long as the page is open. */
export async function begin() {
  const theirs = get(`/channels?user=${encodeURIComponent(ASKED)}`).catch(() => null); // nobody has that name: asked again below
  const [users, apps, channels] = await Promise.all([get("/users"), get("/apps"), theirs]);
  Object.assign(store, { users, apps });
  store.me = wanted();
  store.id = store.named(store.me)?.id ?? null;
  const mine = channels && store.me === ASKED ? channels : await get(`/channels?user=${store.me}`);
  store.emit("users");
  store.emit("apps");
  store.emit("me", store.me);
  takeChannels(mine);
  fromAddress();
  addEventListener("hashchange", fromAddress);
  const events = new EventSource("/control/events");
  let before = false;
  events.onmessage = (event) => hear(JSON.parse(event.data));
  events.onopen = () => {
    if (before) for (const again of [refreshUsers, refreshApps, refreshChannels]) again();
    before = true;
    store.emit("open");
  };
  events.onerror = () => store.emit("lost", new Error("the stream of changes broke off"));
}
