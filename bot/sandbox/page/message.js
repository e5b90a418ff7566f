// One message: its face, its words, what hangs on it. Everything a person may do to it is in actions.js.

import { attempt, clock, element, moment, post } from "/sandbox/static/api.js";
import { act, suggest } from "/sandbox/static/act.js";
import { avatar } from "/sandbox/static/avatar.js";
import { blocks, unknown } from "/sandbox/static/blocks.js";
import { emoji } from "/sandbox/static/emoji.js";
import { mrkdwn } from "/sandbox/static/mrkdwn.js";
import { pickEmoji } from "/sandbox/static/picker.js";

const TOGETHER_S = 300;
const NOTES = new Set([
  "channel_join", "channel_leave", "group_join", "group_leave", "channel_topic", "group_topic", "channel_purpose", "group_purpose", "channel_name",
  "group_name", "channel_archive", "group_archive", "channel_unarchive", "group_unarchive", "pinned_item",
]);

/** Whether a message goes on under the face of the one before it. */
export function goesOn(before, message) {
  if (!before || before.user !== message.user || before.username !== message.username || NOTES.has(before.subtype) || NOTES.has(message.subtype)) return false;
  if (before.is_ephemeral || message.is_ephemeral || message.pinned_to || message.subtype === "tombstone" || before.subtype === "tombstone") return false;
  return Number(message.ts) - Number(before.ts) < TOGETHER_S;
}

export function authorOf(message, store) {
  const user = store.user(message.user);
  return { id: message.user, name: message.username || user?.real_name || message.bot_profile?.name || user?.name || message.user || "", bot: Boolean(message.bot_id || user?.is_bot), user };
}

// `context`: { store, channel, inThread, together, editing }
export function drawMessage(message, context) {
  const { store, together } = context;
  const note = NOTES.has(message.subtype);
  const author = authorOf(message, store);
  const kinds = ["message", message.is_ephemeral && "alone", together && "together", note && "happened", message.pinned_to && "pinned", author.bot && "bot"];
  const made = element("li", { class: kinds.filter(Boolean).join(" "), "data-ts": message.ts, tabindex: "-1" });
  const time = when(message.ts);
  if (message.pinned_to) made.append(element("p", { class: "mark" }, "📌 Pinned"));
  if (message.is_ephemeral) made.append(element("p", { class: "mark" }, element("span", { "aria-hidden": "true" }, "👁 "), "Only visible to you"));
  if (message.subtype === "thread_broadcast" && !context.inThread) made.append(element("p", { class: "mark" }, "↳ replied to a thread"));
  const gutter = element("div", { class: "gutter" }, together ? time : avatar({ id: author.id, real_name: author.name, bot: author.bot }, "big"));
  const head = element("div", { class: "head" }, element("b", {}, author.name));
  if (author.bot && message.user !== "USLACKBOT") head.append(element("span", { class: "tag" }, "APP"));
  if (!together) head.append(time);
  if (together) head.classList.add("sr");
  if (note) gutter.replaceChildren(avatar({ id: author.id, real_name: author.name, bot: author.bot }));
  const main = element("div", { class: "main" }, head, body(message, context));
  for (const file of message.files || []) main.append(drawFile(file));
  if (message.reactions?.length) main.append(reactions(message, context));
  if (message.reply_count && !context.inThread) main.append(threadLink(message, context));
  made.append(gutter, main);
  return made;
}

function when(ts) {
  const at = new Date(Number(ts) * 1000);
  return element("time", { datetime: at.toISOString(), title: moment(Number(ts)) }, clock(Number(ts)));
}

export function surfaceOf(message, { store, channel }) {
  const place = { channel, ts: message.ts };
  return {
    names: store.names,
    act: (action, drawn) => act(store, place, action, drawn),
    suggest: (action) => suggest(store, place, action),
  };
}

function body(message, context) {
  const { store } = context;
  const out = element("div", { class: "body" });
  const surface = surfaceOf(message, context);
  // What a person typed is the text; the rich_text beside it says the same again.
  const typed = !message.bot_id && message.text && (message.blocks || []).every((block) => block.type === "rich_text");
  if (message.subtype === "tombstone") out.append(element("p", { class: "faint" }, "🗑 This message was deleted."));
  else if (message.blocks?.length && !typed) out.append(blocks(message.blocks, surface));
  else if (message.text) out.append(mrkdwn(NOTES.has(message.subtype) ? message.text.replace(/^<@\w+> /, "") : message.text, store.names));
  for (const attachment of message.attachments || []) out.append(drawAttachment(attachment, surface, store.names));
  if (message.edited && message.subtype !== "tombstone") (out.querySelector(".mrkdwn:last-child") || out).append(element("span", { class: "faint edited" }, " (edited)"));
  return out;
}

function drawAttachment(attachment, surface, names) {
  const box = element("div", { class: "attachment" });
  if (/^#?[0-9a-f]{6}$/i.test(attachment.color || "")) box.style.borderLeftColor = `#${attachment.color.replace("#", "")}`;
  if (attachment.pretext) box.append(mrkdwn(attachment.pretext, names));
  if (attachment.title) box.append(element("h4", {}, attachment.title));
  if (attachment.blocks) box.append(blocks(attachment.blocks, surface));
  else if (attachment.text || attachment.fallback) box.append(mrkdwn(attachment.text || attachment.fallback, names));
  else if (!attachment.title) box.append(unknown("attachment", attachment));
  for (const field of attachment.fields || []) box.append(element("p", {}, element("b", {}, `${field.title}: `), field.value));
  if (attachment.footer) box.append(element("p", { class: "faint" }, attachment.footer));
  return box;
}

function drawFile(file) {
  const size = file.size < 1024 ? `${file.size} B` : `${Math.round(file.size / 1024)} KB`;
  return element("a", { class: "file", href: new URL(file.url_private_download || "#", location.href).pathname, download: file.name },
    element("span", { "aria-hidden": "true" }, "📄"), element("span", {}, element("b", {}, file.title || file.name), element("small", {}, `${file.pretty_type || ""} · ${size}`)));
}

function reactions(message, { store, channel }) {
  const row = element("div", { class: "reactions" });
  const target = { user: store.me, channel, ts: message.ts };
  for (const reaction of message.reactions) {
    const mine = reaction.users.includes(store.id);
    const who = reaction.users.map((id) => (id === store.id ? "you" : store.names.user(id) || id)).join(", ");
    const toggle = () => attempt(() => post(mine ? "/unreact" : "/react", { ...target, name: reaction.name }));
    row.append(element("button", { type: "button", class: mine ? "chip mine" : "chip", "aria-pressed": String(mine), title: `${who} reacted with :${reaction.name}:`,
      "aria-label": `${reaction.name.replaceAll("_", " ")}, ${reaction.count}, ${who}`, onclick: toggle }, emoji(reaction.name), element("span", {}, ` ${reaction.count}`)));
  }
  const more = element("button", { type: "button", class: "chip add", "aria-label": "Add a reaction", title: "Add a reaction" }, "☺+");
  more.addEventListener("click", () => pickEmoji(more, (name) => attempt(() => post("/react", { ...target, name }))));
  row.append(more);
  return row;
}

function threadLink(message, { store }) {
  const faces = message.reply_users.slice(0, 4).map((id) => avatar(store.user(id) || { id }));
  const count = message.reply_count === 1 ? "1 reply" : `${message.reply_count} replies`;
  const last = message.latest_reply ? `Last reply ${clock(Number(message.latest_reply))}` : "";
  return element("button", { type: "button", class: "thread-link", onclick: () => store.openThread(message.ts) },
    ...faces, element("b", {}, count), element("span", { class: "faint" }, last));
}

/** What a person would have to type for this text: mentions by name, links bare. */
export function asTyped(text, names) {
  return text
    .replace(/<@(\w+)(?:\|[^>]*)?>/g, (all, id) => `@${names.user(id) || id}`)
    .replace(/<#(\w+)(?:\|([^>]*))?>/g, (all, id, name) => `#${names.channel(id) || name || id}`)
    .replace(/<!(here|channel|everyone)>/g, "@$1")
    .replace(/<([^<>|]+)(?:\|[^<>]*)?>/g, "$1")
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
