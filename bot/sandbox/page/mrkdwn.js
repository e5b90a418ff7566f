// Slack's mrkdwn as elements. Everything that comes from a message goes through textContent; addresses are checked before they become links.

import { element } from "/sandbox/static/api.js";
import { emoji, isEmoji } from "/sandbox/static/emoji.js";

const EMOJI_NAME = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/;

function plain(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

function allowed(address) {
  try {
    return ["http:", "https:", "mailto:", "tel:"].includes(new URL(address, location.href).protocol);
  } catch {
    return false;
  }
}

export function link(address, label) {
  if (!allowed(address)) return document.createTextNode(label);
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, label);
}

// The marks, in the order in which they win where two begin at the same place.
const MARKS = [
  { at: /`([^`\n]+)`/, make: (m) => element("code", {}, plain(m[1])) },
  { at: /<([^<>\n]+)>/, make: (m, names) => angle(m[1], names) },
  { at: EMOJI_NAME, make: (m) => drawEmoji(m[1]) },
  { at: /(?<![\w*])\*(?=\S)([^*\n]*[^*\s])\*(?![\w*])/, make: (m, names) => span("strong", m[1], names) },
  { at: /(?<![\w_])_(?=\S)([^_\n]*[^_\s])_(?![\w_])/, make: (m, names) => span("em", m[1], names) },
  { at: /(?<![\w~])~(?=\S)([^~\n]*[^~\s])~(?![\w~])/, make: (m, names) => span("s", m[1], names) },
];

function span(tag, inner, names) {
  const made = element(tag);
  made.append(inline(inner, names));
  return made;
}

function angle(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : plain(inside.slice(bar + 1));
  const id = target.slice(1);
  if (target.startsWith("@")) return element("span", { class: "mention" }, `@${names.user(id) || label || id}`);
  if (target.startsWith("#")) return element("span", { class: "mention" }, `#${names.channel(id) || label || id}`);
  if (target.startsWith("!date^")) return element("time", {}, date(target) || label);
  if (target.startsWith("!subteam^")) return element("span", { class: "mention" }, label || "@group");
  if (target.startsWith("!")) return element("span", { class: "mention loud" }, label || `@${id}`);
  return link(plain(target), label || plain(target));
}

function date(target) {
  const [, seconds, format] = target.split("^");
  const at = new Date(Number(seconds) * 1000);
  if (Number.isNaN(at.getTime())) return "";
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const day = at.toLocaleDateString([], { year: "numeric", month: "short", day: "numeric" });
  return format.replace(/\{time(_secs)?\}/g, time).replace(/\{date\w*\}/g, day).replace(/\{ago\}/g, `${day} ${time}`);
}

export function inline(text, names) {
  const out = document.createDocumentFragment();
  let rest = text;
  while (rest) {
    let first = null;
    for (const mark of MARKS) {
      const match = mark.at.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { mark, match };
    }
    if (!first) break;
    if (first.match.index) out.append(plain(rest.slice(0, first.match.index)));
    out.append(first.mark.make(first.match, names));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  out.append(plain(rest));
  return out;
}

function lines(text, names) {
  const out = document.createDocumentFragment();
  let quote = null;
  text.split("\n").forEach((line, index) => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (quote) quote.append(element("br"));
      else out.append((quote = element("blockquote")));
      quote.append(inline(quoted[1], names));
      return;
    }
    if (index && !quote) out.append(element("br"));
    quote = null;
    out.append(inline(line, names));
  });
  return out;
}

export function mrkdwn(text, names) {
  const out = element("div", { class: "mrkdwn", dir: "auto" });
  text.split("```").forEach((piece, index, all) => {
    const code = index % 2 === 1 && index < all.length - 1;
    if (code) out.append(element("pre", {}, plain(piece.replace(/^\n|\n$/g, ""))));
    else if (piece) out.append(lines(index % 2 ? `\`\`\`${piece}` : piece, names));
  });
  return out;
}

// A text object of Block Kit: plain_text stays plain, mrkdwn is marked up.
export function textObject(object, names) {
  if (!object) return document.createTextNode("");
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return element("span", { dir: "auto" }, object.text.replace(new RegExp(EMOJI_NAME, "g"), (all, name) => emoji(name)));
}

function drawEmoji(name) {
  if (!isEmoji(name.replace(/::.*/, ""))) return document.createTextNode(`:${name}:`);
  return element("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, emoji(name));
}

// Bare addresses in a text message become links.
export function linked(text) {
  const out = document.createDocumentFragment();
  for (const piece of text.split(/(https?:\/\/[^\s]+)/)) {
    out.append(/^https?:\/\//.test(piece) ? link(piece, piece) : piece);
  }
  return out;
}
