// What a message box offers while one types: commands from the apps' manifests with their usage, people, channels, emoji.

import { element } from "/sandbox/static/api.js";
import { avatar } from "/sandbox/static/avatar.js";
import { emoji, findEmoji } from "/sandbox/static/emoji.js";

const MOST = 8;
let count = 0;

export const commandsOf = (store) => store.apps.flatMap((app) => (app.commands || []).map((one) => ({ ...one, app: app.name })));

/** The command a line begins with and its usage, once the command stands there whole. */
export function usage(line, store) {
  const name = /^(\/\S+)\s/.exec(line)?.[1];
  return commandsOf(store).find((one) => one.command === name);
}

export class Completion {
  /** `box` is the textarea, `under` where the list stands, `inThread` leaves commands out: Slack runs none there. */
  constructor(box, under, store, inThread) {
    Object.assign(this, { box, store, inThread, offers: [], chosen: 0 });
    this.id = `offers-${(count += 1)}`;
    this.list = element("ul", { class: "offers", role: "listbox", id: this.id, "aria-label": "Suggestions", hidden: true });
    under.append(this.list);
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", this.id);
    box.addEventListener("input", () => this.look());
    box.addEventListener("click", () => this.look());
    box.addEventListener("blur", () => setTimeout(() => this.close(), 150));
  }

  get isOpen() {
    return !this.list.hidden;
  }

  look() {
    const before = this.box.value.slice(0, this.box.selectionStart);
    const found = this.found(before);
    this.offers = found.offers;
    this.start = before.length - found.typed;
    this.chosen = 0;
    this.draw();
  }

  found(before) {
    const command = /^\/\S*$/.exec(before);
    if (command && !this.inThread) return { typed: before.length, offers: this.commands(before) };
    const word = /(?:^|\s)([@#:])([\p{L}\p{N}._+-]*)$/u.exec(before);
    if (!word) return { typed: 0, offers: [] };
    const [, sign, typed] = word;
    const offers = { "@": () => this.people(typed), "#": () => this.places(typed), ":": () => this.emoji(typed) }[sign]();
    return { typed: typed.length + 1, offers };
  }

  commands(typed) {
    return commandsOf(this.store)
      .filter((one) => one.command.startsWith(typed))
      .slice(0, MOST)
      .map((one) => ({ insert: `${one.command} `, sign: "⚡", label: one.command, usage: one.usage_hint, hint: `${one.description || ""} · ${one.app}` }));
  }

  people(typed) {
    const wanted = typed.toLowerCase();
    const fits = (one) => [one.name, ...(one.real_name || "").split(" ")].some((word) => word.toLowerCase().startsWith(wanted));
    const people = this.store.users.filter((one) => !one.deleted && one.name !== "slackbot" && fits(one)).slice(0, MOST)
      .map((one) => ({ insert: `@${one.name} `, face: avatar(one), label: one.real_name || one.name, usage: `@${one.name}` }));
    const all = [["here", "everyone who is online"], ["channel", "everyone in this channel"]].filter(([name]) => name.startsWith(wanted))
      .map(([name, hint]) => ({ insert: `@${name} `, sign: "📣", label: `@${name}`, hint }));
    return [...people, ...all].slice(0, MOST);
  }

  places(typed) {
    return this.store.names.places().filter((one) => one.name.includes(typed.toLowerCase())).slice(0, MOST)
      .map((one) => ({ insert: `#${one.name} `, sign: one.is_private ? "🔒" : "#", label: one.name }));
  }

  emoji(typed) {
    if (typed.length < 2) return [];
    return findEmoji(typed.toLowerCase(), MOST).map((name) => ({ insert: `:${name}: `, sign: emoji(name), label: `:${name}:` }));
  }

  draw() {
    this.list.hidden = !this.offers.length;
    this.list.replaceChildren(...this.offers.map((offer, at) => {
      const one = element("li", { role: "option", id: `${this.id}-${at}`, "aria-selected": String(at === this.chosen) },
        offer.face || element("span", { class: "sign", "aria-hidden": "true" }, offer.sign),
        element("span", { class: "offer" }, element("b", {}, offer.label), offer.usage ? element("span", { class: "usage" }, ` ${offer.usage}`) : null,
          offer.hint ? element("small", {}, offer.hint) : null));
      one.addEventListener("mousedown", (event) => (event.preventDefault(), this.take(at)));
      return one;
    }));
    if (this.isOpen) this.box.setAttribute("aria-activedescendant", `${this.id}-${this.chosen}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  take(at) {
    const { box } = this;
    const { insert } = this.offers[at];
    box.setRangeText(insert, this.start, box.selectionStart, "end");
    this.close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  }

  close() {
    this.offers = [];
    this.draw();
  }

  /** True when a key was for the list. Enter on a command that already stands there whole is not. */
  key(event) {
    if (!this.isOpen) return false;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.chosen = (this.chosen + (event.key === "ArrowDown" ? 1 : -1) + this.offers.length) % this.offers.length;
      this.draw();
      return true;
    }
    if (event.key === "Escape") return this.close(), true;
    if (event.key === "Tab" || event.key === "Enter") {
      if (event.key === "Enter" && this.box.value.trim() === this.offers[this.chosen].insert.trim()) return this.close(), false;
      this.take(this.chosen);
      return true;
    }
    return false;
  }
}
