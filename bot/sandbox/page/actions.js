// What can be done to a message: one small bar that goes to the message under the pointer or the focus, and the menu behind its dots.

import { attempt, element, post, toast } from "/sandbox/static/api.js";
import { sure } from "/sandbox/static/act.js";
import { emoji } from "/sandbox/static/emoji.js";
import { asTyped } from "/sandbox/static/message.js";
import { pickEmoji } from "/sandbox/static/picker.js";
import { openMenu } from "/sandbox/static/popover.js";

const QUICK = ["eyes", "white_check_mark", "+1"];

/** The bar of a list. `at(ts)` finds the message, `context()` says where we are; `list` is the <ol>. */
export function actionBar(list, at, context) {
  const bar = element("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" });

  const show = (item) => {
    if (!item || bar.parentNode === item || !list.contains(item)) return;
    if (bar.querySelector("[aria-expanded=true]")) return; // its menu is open
    if (item.querySelector(".edit-box")) return;
    const message = at(item.dataset.ts);
    if (!message) return;
    fill(bar, message, context());
    item.append(bar);
  };
  list.addEventListener("mouseover", (event) => {
    if (!bar.contains(document.activeElement) || !document.activeElement.matches(":focus-visible")) show(event.target.closest(".message"));
  });
  list.addEventListener("focusin", (event) => show(event.target.closest(".message")));
  list.addEventListener("click", (event) => {
    if (!event.target.closest("a, button, input, select, textarea, label, summary")) show(event.target.closest(".message"));
  });
  list.addEventListener("keydown", (event) => {
    if (event.target !== event.target.closest(".message")) return;
    const message = at(event.target.dataset.ts);
    if (!message) return;
    if (event.key === "t" || event.key === "T") context().store.openThread(message.thread_ts || message.ts);
    else if (event.key === "r" || event.key === "R") bar.querySelector("[data-do=react]")?.click();
    else if (event.key === "e" || event.key === "E") edit(event.target, message, context());
    else return;
    event.preventDefault();
  });
  return bar;
}

function fill(bar, message, context) {
  const { store, channel } = context;
  const target = { user: store.me, channel, ts: message.ts };
  const tool = (label, sign, pick, name) => {
    const made = element("button", { type: "button", class: "plain", "aria-label": label, title: label, "data-do": name }, sign);
    made.addEventListener("click", () => pick(made));
    return made;
  };
  bar.replaceChildren();
  if (message.is_ephemeral) {
    bar.append(tool("Dismiss this message", "✕", () => attempt(() => post("/delete", target)), "dismiss"));
    return;
  }
  const react = (name) => attempt(() => post("/react", { ...target, name }));
  for (const name of QUICK) bar.append(tool(`React with :${name}:`, emoji(name), () => react(name)));
  bar.append(tool("Find another reaction", "☺+", (button) => pickEmoji(button, react), "react"));
  if (!context.inThread && message.subtype !== "tombstone") bar.append(tool("Reply in thread", "💬", () => store.openThread(message.thread_ts || message.ts), "reply"));
  const more = tool("More actions", "⋯", (button) => openMenu(button, entries(message, context, bar), "Message actions"), "more");
  more.setAttribute("aria-haspopup", "menu");
  bar.append(more);
}

function entries(message, context, bar) {
  const { store, channel } = context;
  const target = { user: store.me, channel, ts: message.ts };
  const item = bar.closest(".message");
  const shortcuts = store.apps.flatMap((app) => (app.shortcuts || []).filter((one) => one.type === "message").map((one) => [app, one]));
  const list = shortcuts.map(([app, one]) => ({
    label: one.name, hint: app.name, pick: () => attempt(() => post("/message_action", { ...target, callback_id: one.callback_id })),
  }));
  if (list.length) list.push(null);
  const pinned = Boolean(message.pinned_to);
  list.push({ label: pinned ? "Unpin from channel" : "Pin to channel", pick: () => attempt(() => post(pinned ? "/unpin" : "/pin", target)) });
  list.push({ label: "Copy link", pick: () => copyLink(channel, message.ts) });
  const mine = message.user === store.id;
  const admin = store.user(store.id)?.is_admin;
  if (mine && !message.subtype) list.push(null, { label: "Edit message", hint: "E", pick: () => edit(item, message, context) });
  if (mine || admin) list.push({ label: "Delete message…", danger: true, pick: () => remove(target) });
  return list;
}

async function copyLink(channel, ts) {
  const link = `${location.origin}/archives/${channel}/p${ts.replace(".", "")}`;
  try {
    await navigator.clipboard.writeText(link);
    toast("The link was copied.");
  } catch {
    toast(link);
  }
}

async function remove(target) {
  const question = {
    title: { text: "Delete message" }, text: { text: "Are you sure? This cannot be undone." }, confirm: { text: "Delete" }, deny: { text: "Cancel" }, style: "danger",
  };
  if (await sure(question)) await attempt(() => post("/delete", target));
}

function edit(item, message, { store, channel }) {
  if (message.user !== store.id || message.subtype || item.querySelector(".edit-box")) return;
  const box = element("textarea", { class: "edit-line", rows: 2, "aria-label": "Edit message" }, asTyped(message.text, store.names));
  const body = item.querySelector(".body");
  const leave = () => {
    form.remove();
    body.hidden = false;
    item.focus();
  };
  const save = async () => {
    const text = box.value.trim();
    if (!text) return leave();
    const done = await attempt(() => post("/edit", { user: store.me, channel, ts: message.ts, text }));
    if (done?.ok) leave();
  };
  const form = element("form", { class: "edit-box", onsubmit: (event) => (event.preventDefault(), save()) }, box,
    element("div", { class: "modal-foot" }, element("button", { type: "button", onclick: leave }, "Cancel"), element("button", { type: "submit", class: "primary" }, "Save")));
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  });
  body.hidden = true;
  body.after(form);
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}
