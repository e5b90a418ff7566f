// The middle: the channel one is in, its thread beside it, and the box to write in.

import { attempt, element, post } from "/sandbox/static/api.js";
import { composer } from "/sandbox/static/composer.js";
import { head } from "/sandbox/static/head.js";
import { appTabs } from "/sandbox/static/home.js";
import { MessageList } from "/sandbox/static/list.js";
import { followModals } from "/sandbox/static/modal.js";
import { thread } from "/sandbox/static/thread.js";

const FIRST_LINE = "/inc sev1 checkout is down";

export function mount(spot, store) {
  const top = head(store);
  const tabs = appTabs(store, (tab) => turn(tab));
  const box = composer(store, {
    id: "line", label: "Message or command", inThread: false,
    send: async (text) => {
      const target = { user: store.me, channel: store.place, text };
      const done = await attempt(() => post(text.startsWith("/") ? "/command" : "/message", target), { quiet: text.startsWith("/") });
      messages.following = true;
      messages.refresh();
      return done && (done.ok || text.startsWith("/"));
    },
  });
  const closed = element("p", { class: "closed", hidden: true });
  const messages = new MessageList(store, () => firstScreen((text) => box.put(text)));
  const main = element("section", { class: "conversation", "aria-label": "Conversation" }, top.made, top.bar, tabs.bar, tabs.page, messages.element, closed, box.form);
  spot.append(main, thread(store));
  followModals(store);

  const turn = (tab) => {
    const app = store.appOf(store.place);
    const reading = !app || tab === "messages";
    messages.element.hidden = !reading;
    drawBox(reading);
  };
  const drawBox = (reading = !store.appOf(store.place) || store.tab === "messages") => {
    const channel = store.channelOf(store.place);
    const stays = !channel || channel.is_im || channel.is_mpim || (channel.is_member && !channel.is_archived);
    box.form.hidden = !reading || !stays;
    closed.hidden = !reading || stays;
    closed.textContent = channel?.is_archived ? "This channel is archived. It can be read, and nothing can be written here." : `You are looking at #${channel?.name} from outside. Join it to write here.`;
    const other = channel?.is_im ? store.user(channel.user) : store.users.find((one) => `@${one.name}` === store.place);
    box.line.placeholder = `Message ${other ? other.real_name || other.name : `#${channel?.name || ""}`}, or / for a command`;
  };

  store.on("channels", () => drawBox());
  store.on("place", ({ ts }) => {
    turn(store.tab);
    messages.show(store.place, ts);
  });
  store.on("me", () => store.place && messages.show(store.place));
  store.on("point", (ts) => messages.show(store.place, ts));
}

function firstScreen(use) {
  return element(
    "section",
    { class: "first", "aria-label": "Begin here" },
    element("h3", {}, "Nothing is on fire. Set something alight:"),
    element("p", {}, element("code", {}, FIRST_LINE), " ", element("button", { type: "button", class: "primary", onclick: () => use(FIRST_LINE) }, "Put it in the box")),
    element("p", { class: "hint" }, "A channel opens and the phone of whoever is on call buzzes. Answer it on the right; on a small screen, under “Phone & mail”."),
  );
}
