// The part of a channel that is drawn: never more than MOST messages, however many there are. More are read as one scrolls.

import { get } from "/sandbox/static/api.js";

const PAGE = 40;
const MOST = 150;

export class Stretch {
  constructor() {
    this.reset(null, null);
  }

  reset(channel, user) {
    this.turn = {}; // an answer to a question of an earlier turn is not taken any more
    this.channel = channel;
    this.user = user;
    this.messages = [];
    this.older = false;
    this.newer = false;
    this.known = false;
  }

  ask(where) {
    const query = new URLSearchParams({ user: this.user, ...where });
    return get(`/timeline/${encodeURIComponent(this.channel)}?${query}`);
  }

  take(found, before = []) {
    this.messages = before.concat(found.messages);
    this.known = true;
    this.id = found.channel;
  }

  /** The end of the channel, or what lies around one message. */
  async open(ts = null) {
    const { turn } = this;
    this.opening = turn;
    const found = await this.ask(ts ? { around: ts, limit: PAGE } : { limit: PAGE }).finally(() => {
      if (this.opening === turn) this.opening = null;
    });
    if (turn !== this.turn) return false;
    this.take(found);
    this.older = found.older;
    this.newer = found.newer;
    return true;
  }

  /** Read what is drawn again; at the end of the channel, with what has come since. `atEnd`: whoever looks follows the end. */
  async again(atEnd) {
    const { turn } = this;
    if (this.opening) return false; // perhaps elsewhere than at its end
    if (!this.messages.length) return this.open();
    const first = this.messages[0].ts;
    const limit = this.newer ? this.messages.length : Math.min(500, this.messages.length + PAGE);
    const found = await this.ask({ since: first, limit });
    if (turn !== this.turn || this.messages[0]?.ts !== first) return false;
    if (!this.newer && found.newer && atEnd) return this.open(); // more came than fits: go on from the end
    this.take(found);
    this.newer = found.newer;
    if (atEnd) this.cut("older");
    else this.cut("newer");
    return true;
  }

  async more(side) {
    const { turn } = this;
    const older = side === "older";
    const edge = older ? this.messages[0]?.ts : this.messages.at(-1)?.ts;
    if (!edge) return false;
    const found = await this.ask(older ? { before: edge, limit: PAGE } : { since: edge, limit: PAGE + 1 });
    if (turn !== this.turn) return false;
    if (older) {
      this.messages = found.messages.concat(this.messages);
      this.older = found.older;
      this.cut("newer");
    } else {
      this.messages = this.messages.filter((one) => one.ts < edge).concat(found.messages);
      this.newer = found.newer;
      this.cut("older");
    }
    return true;
  }

  // Let go of what is too much, on this side.
  cut(side) {
    const over = this.messages.length - MOST;
    if (over <= 0) return;
    if (side === "older") {
      this.messages = this.messages.slice(over);
      this.older = true;
    } else {
      this.messages = this.messages.slice(0, MOST);
      this.newer = true;
    }
  }
}
