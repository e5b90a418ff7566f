// The messages of the channel in front: days, what is new, and more of it as one scrolls.

import { element, post } from "/sandbox/static/api.js";
import { actionBar } from "/sandbox/static/actions.js";
import { drawMessage, goesOn, authorOf } from "/sandbox/static/message.js";
import { keep } from "/sandbox/static/rows.js";
import { Stretch } from "/sandbox/static/stretch.js";
import { soon } from "/sandbox/static/store.js";

const CHANGES = ["message", "message_changed", "message_deleted", "ephemeral", "reaction", "pin", "file"];
const NEAR_PX = 700;
const END_PX = 60;

export class MessageList {
  constructor(store, first) {
    this.store = store;
    this.first = first; // what stands above the messages while nothing has happened yet; null for none
    this.stretch = new Stretch();
    this.rows = new Map();
    this.newFrom = null;
    this.list = element("ol", { id: "messages", tabindex: "0", "aria-label": "Messages" });
    this.said = element("div", { class: "sr", role: "log", "aria-live": "polite", "aria-label": "New messages" });
    this.down = element("button", { type: "button", class: "to-end", hidden: true, "aria-label": "Latest messages", onclick: () => this.toEnd() },
      "↓", element("span", {}, " Latest messages"));
    this.element = element("div", { class: "messages" }, this.list, this.down, this.said);
    this.bar = actionBar(this.list, (ts) => this.stretch.messages.find((one) => one.ts === ts), () => this.context());
    this.refresh = soon(() => this.again());
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.walk(event));
    for (const kind of CHANGES) store.on(kind, (change) => change.channel === this.stretch.id && this.refresh());
    for (const kind of ["open", "users"]) store.on(kind, this.refresh);
    store.on("channels", () => this.drawFirst());
    document.addEventListener("visibilitychange", () => this.read());
    new ResizeObserver(() => this.following && this.toBottom()).observe(this.list);
  }

  context() {
    return { store: this.store, channel: this.stretch.id, inThread: false };
  }

  /** Show a channel from its end, or one message of it. */
  async show(place, ts = null) {
    this.stretch.reset(place, this.store.me);
    this.newFrom = undefined;
    this.rows.clear();
    this.list.replaceChildren();
    this.following = !ts;
    if (!place || !(await this.stretch.open(ts))) return;
    this.draw();
    if (ts) this.point(ts);
    else this.toBottom();
    this.offerEnd();
    this.read();
    if (this.late) this.refresh();
    this.late = false;
  }

  async again() {
    if (!this.stretch.channel) return;
    if (this.stretch.opening) {
      this.late = true; // something changed while the channel was being opened: look once more then
      return;
    }
    const last = this.stretch.messages.at(-1)?.ts;
    if (!(await this.stretch.again(this.following))) return;
    this.keepPlace(() => this.draw());
    this.announce(last);
    this.read();
  }

  async toEnd() {
    this.following = true;
    if (await this.stretch.open()) this.draw();
    this.toBottom();
    this.read();
  }

  draw() {
    const { messages, older } = this.stretch;
    const wanted = [];
    let before = null;
    let day = null;
    this.markNew();
    if (!older) wanted.push({ id: "beginning", key: this.stretch.channel, draw: () => this.beginning() });
    for (const message of messages) {
      const today = new Date(Number(message.ts) * 1000).toDateString();
      if (today !== day) wanted.push({ id: `day ${today}`, key: today, draw: () => divider("day", dayName(today)) });
      if (message.ts === this.newFrom) wanted.push({ id: "new", key: "new", draw: () => divider("new", "New") });
      const together = today === day && message.ts !== this.newFrom && goesOn(before, message);
      const key = JSON.stringify([message, together, this.store.me, this.store.users.length]);
      wanted.push({ id: message.ts, key, draw: () => drawMessage(message, { ...this.context(), together }) });
      before = message;
      day = today;
    }
    keep(this.list, this.rows, wanted);
    this.drawFirst();
    if (!this.list.querySelector(".message[tabindex='0']")) this.list.querySelector(".message:last-of-type")?.setAttribute("tabindex", "0");
  }

  drawFirst() {
    const calm = this.first && this.stretch.known && !this.store.channels.some((one) => /^inc-/.test(one.name || ""));
    const shown = this.element.querySelector(".first");
    if (calm && !shown) this.list.before(this.first());
    else if (!calm) shown?.remove();
  }

  beginning() {
    const channel = this.store.channelOf(this.stretch.channel);
    const other = channel?.is_im ? this.store.user(channel.user) : null;
    const name = other ? other.real_name || other.name : `#${channel?.name || ""}`;
    const words = other ? `This is the beginning of your messages with ${name}.` : `This is the very beginning of ${name}. ${channel?.purpose?.value || ""}`;
    return element("li", { class: "beginning" }, element("b", {}, name), element("p", { class: "faint" }, words));
  }

  // Where the unread begins is settled when one comes here, and stays until one goes.
  markNew() {
    if (this.newFrom !== undefined) return;
    const last = this.store.channelOf(this.stretch.channel)?.last_read;
    const fresh = last && this.stretch.messages.find((one) => one.ts > last && one.user !== this.store.id && !one.is_ephemeral);
    this.newFrom = fresh?.ts ?? null;
  }

  /** Draw, and let what one looks at stay where it is. */
  keepPlace(draw) {
    if (this.following) {
      draw();
      this.toBottom();
      return;
    }
    const top = this.list.getBoundingClientRect().top;
    const anchor = [...this.list.children].find((row) => row.dataset.ts && row.getBoundingClientRect().bottom > top);
    const offset = anchor?.getBoundingClientRect().top;
    draw();
    const same = anchor && (anchor.isConnected ? anchor : this.rows.get(anchor.dataset.ts)?.made);
    if (same) this.list.scrollTop += same.getBoundingClientRect().top - offset;
  }

  toBottom() {
    this.list.scrollTop = this.list.scrollHeight;
    this.offerEnd();
  }

  offerEnd() {
    const { list, stretch } = this;
    this.down.hidden = list.scrollHeight - list.scrollTop - list.clientHeight < 400 && !stretch.newer;
  }

  point(ts) {
    const row = this.rows.get(ts)?.made;
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.classList.add("pointed");
    row.focus({ preventScroll: true });
    setTimeout(() => row.classList.remove("pointed"), 2500);
  }

  async scrolled() {
    const { list, stretch } = this;
    const below = list.scrollHeight - list.scrollTop - list.clientHeight;
    this.following = below < END_PX && !stretch.newer;
    this.offerEnd();
    if (this.following) this.read();
    if (this.busy) return;
    const side = list.scrollTop < NEAR_PX && stretch.older ? "older" : below < NEAR_PX && stretch.newer ? "newer" : null;
    if (!side) return;
    this.busy = true;
    try {
      if (await stretch.more(side)) this.keepPlace(() => this.draw());
    } finally {
      this.busy = false;
    }
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = event.target.closest(".message");
    if (event.target === this.list && step) {
      event.preventDefault();
      [...this.list.querySelectorAll(".message")].at(-1)?.focus();
    } else if (step && event.target === row) {
      event.preventDefault();
      const all = [...this.list.querySelectorAll(".message")];
      const next = all[all.indexOf(row) + step];
      if (!next) return;
      row.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    }
  }

  announce(last) {
    if (!last || !this.following) return;
    for (const message of this.stretch.messages) {
      if (message.ts <= last || message.user === this.store.id) continue;
      this.said.append(element("p", {}, `${authorOf(message, this.store).name}: ${message.text}`));
    }
    while (this.said.childElementCount > 5) this.said.firstChild.remove();
  }

  // What stands at the end and is looked at has been read.
  read() {
    const { store, stretch } = this;
    const last = stretch.messages.findLast((one) => !one.is_ephemeral)?.ts;
    const channel = store.channel(stretch.id);
    if (!last || !channel || document.hidden || !this.following || stretch.newer || (channel.last_read || "") >= last) return;
    if (!channel.is_im && !channel.is_member) return;
    channel.last_read = last;
    post("/read", { user: stretch.user, channel: stretch.id, ts: last }).catch(() => {});
  }
}

function divider(kind, words) {
  return element("li", { class: `divider ${kind}` }, element("span", {}, words));
}

function dayName(day) {
  const at = new Date(day);
  const days = Math.round((new Date(new Date().toDateString()) - at) / 86400000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return at.toLocaleDateString([], { weekday: "long", month: "long", day: "numeric", year: at.getFullYear() === new Date().getFullYear() ? undefined : "numeric" });
}
