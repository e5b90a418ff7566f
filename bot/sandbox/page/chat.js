// The channel in front of a person: its messages as they see them, and what they do with them.

import { attempt, clock, element, post } from "/sandbox/static/api.js";
import { blocks, unknown } from "/sandbox/static/blocks.js";
import { emoji, mrkdwn } from "/sandbox/static/mrkdwn.js";

const QUICK = ["eyes", "white_check_mark", "+1"];

// `here`: { me, place, names, act, reply(ts), shortcuts }
export function drawMessages(list, messages, here) {
  const near = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  if (messages.length) list.replaceChildren(...messages.map((message) => drawMessage(message, here)));
  else list.replaceChildren(element("li", { class: "empty" }, "No messages here yet."));
  if (near || here.moved) list.scrollTop = list.scrollHeight;
}

export function firstScreen(use) {
  const line = "/inc sev1 checkout is down";
  return element(
    "li",
    { class: "first" },
    element("h3", {}, "Nothing is on fire. Set something alight:"),
    element("p", {}, "Type this below, as you would in Slack, and send it:"),
    element("p", {}, element("code", {}, line), " ", element("button", { type: "button", class: "primary", onclick: () => use(line) }, "Put it in the box")),
    element("p", { class: "hint" }, "A channel opens and the phone of whoever is on call buzzes. Answer it on the right; on a small screen, under “Phone & mail”."),
  );
}

function drawMessage(message, here) {
  const alone = message.is_ephemeral;
  const reply = message.thread_ts && message.thread_ts !== message.ts;
  const kinds = ["message", alone && "alone", reply && "reply", message.bot_id && "bot", message.subtype && "quiet"].filter(Boolean);
  const made = element("li", { class: kinds.join(" "), "data-ts": message.ts });
  const author = message.username || here.names.user(message.user) || message.bot_profile?.name || message.user || "";
  const head = element("div", { class: "head" }, element("b", {}, author));
  if (message.bot_id) head.append(element("span", { class: "tag" }, "APP"));
  head.append(element("time", {}, clock(Number(message.ts))));
  if (message.edited) head.append(element("span", { class: "faint" }, "(edited)"));
  if (message.pinned_to) head.append(element("span", { class: "faint" }, "📌 pinned"));
  made.append(head);
  if (alone) made.append(element("p", { class: "only-you" }, "Only visible to you"));
  made.append(body(message, here));
  for (const file of message.files || []) made.append(element("p", { class: "file" }, `📄 ${file.title || file.name}`));
  if (!alone) made.append(below(message, here));
  return made;
}

function body(message, here) {
  const out = element("div", { class: "body" });
  const surface = {
    names: here.names,
    act: (action) => here.act({ ...action, channel: here.place, ts: message.ts }),
    suggest: (action) => post("/suggest", { user: here.me, channel: here.place, ts: message.ts, ...action }),
  };
  // What a person typed is the text; the rich_text beside it says the same again.
  const typed = !message.bot_id && message.text && (message.blocks || []).every((block) => block.type === "rich_text");
  if (message.blocks?.length && !typed) out.append(blocks(message.blocks, surface));
  else if (message.text) out.append(mrkdwn(message.text, here.names));
  for (const attachment of message.attachments || []) {
    const box = element("div", { class: "attachment" });
    if (attachment.blocks) box.append(blocks(attachment.blocks, surface));
    else if (attachment.text || attachment.fallback) box.append(mrkdwn(attachment.text || attachment.fallback, here.names));
    else box.append(unknown("attachment", attachment));
    out.append(box);
  }
  return out;
}

function below(message, here) {
  const row = element("div", { class: "below" });
  const mine = (reaction) => reaction.users.includes(here.id);
  const target = { user: here.me, channel: here.place, ts: message.ts };
  for (const reaction of message.reactions || []) {
    const toggle = () => attempt(() => post(mine(reaction) ? "/unreact" : "/react", { ...target, name: reaction.name }));
    const chip = { type: "button", class: mine(reaction) ? "chip mine" : "chip", title: `:${reaction.name}:`, onclick: toggle };
    row.append(element("button", chip, `${emoji(reaction.name)} ${reaction.count}`));
  }
  const menu = element("span", { class: "tools" });
  const missing = QUICK.filter((name) => !(message.reactions || []).some((one) => one.name === name));
  for (const name of missing) {
    const react = () => attempt(() => post("/react", { ...target, name }));
    menu.append(element("button", { type: "button", title: `React with :${name}:`, onclick: react }, emoji(name)));
  }
  if (!message.subtype) menu.append(element("button", { type: "button", onclick: () => here.reply(message.thread_ts || message.ts) }, "Reply"));
  for (const shortcut of here.shortcuts) {
    const start = () => attempt(() => post("/message_action", { ...target, callback_id: shortcut.callback_id }));
    menu.append(element("button", { type: "button", onclick: start }, shortcut.name));
  }
  row.append(menu);
  return row;
}

// Threads are shown in place: each reply right after its parent.
export function inThreads(messages) {
  const replies = new Map();
  const top = [];
  for (const message of messages) {
    const parent = message.thread_ts && message.thread_ts !== message.ts ? message.thread_ts : null;
    if (!parent) top.push(message);
    else replies.set(parent, [...(replies.get(parent) || []), message]);
  }
  const out = top.flatMap((message) => {
    const under = replies.get(message.ts) || [];
    replies.delete(message.ts);
    return [message, ...under];
  });
  return out.concat(...replies.values());
}
