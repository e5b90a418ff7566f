// Block Kit as elements: what the bot uses is drawn, what is not known is shown as such, never dropped.

import { element } from "/sandbox/static/api.js";
import { emoji } from "/sandbox/static/emoji.js";
import { inline, link, mrkdwn, textObject } from "/sandbox/static/mrkdwn.js";
import { control } from "/sandbox/static/elements.js";
import { markdown } from "/sandbox/static/markdown.js";

// `surface`: { names, act(action), suggest(action), errors?: {block_id: sentence}, modal: boolean }
export function blocks(list, surface) {
  const out = element("div", { class: "blocks" });
  for (const block of list || []) {
    const draw = DRAW[block.type];
    const drawn = draw ? attempted(draw, block, surface) : unknown(`block “${block.type}”`, block);
    drawn.dataset.block = block.block_id || "";
    out.append(drawn);
  }
  return out;
}

// One block that is not what its type says must not take the rest of the message with it.
function attempted(draw, block, surface) {
  try {
    return draw(block, surface);
  } catch (broken) {
    console.info(broken);
    return unknown(`block “${block.type}”`, block);
  }
}

export function unknown(what, thing) {
  const words = thing.text?.text || thing.text || thing.alt_text || "";
  return element("div", { class: "unknown" }, `This page cannot draw the ${what}. `, typeof words === "string" ? words : "");
}

const DRAW = {
  header: (block) => element("h3", { class: "block header" }, textObject(block.text)),
  divider: () => element("hr"),
  section: (block, surface) => {
    const made = element("div", { class: "block section" });
    const words = element("div", { class: "words" });
    if (block.text) words.append(textObject(block.text, surface.names));
    if (block.fields) {
      const fields = element("div", { class: "fields" });
      for (const field of block.fields) fields.append(element("div", {}, textObject(field, surface.names)));
      words.append(fields);
    }
    made.append(words);
    if (block.accessory) made.append(element("div", { class: "accessory" }, control(block.accessory, block, surface)));
    return made;
  },
  context: (block, surface) => {
    const made = element("div", { class: "block context" });
    for (const item of block.elements) made.append(item.type === "image" ? picture(item) : textObject(item, surface.names));
    return made;
  },
  actions: (block, surface) => {
    const made = element("div", { class: "block actions" });
    for (const item of block.elements) made.append(control(item, block, surface));
    return made;
  },
  image: (block) => {
    const made = element("figure", { class: "block" });
    if (block.title) made.append(element("figcaption", {}, textObject(block.title)));
    made.append(picture(block));
    return made;
  },
  input: (block, surface) => {
    const error = surface.errors?.[block.block_id];
    const made = element("div", { class: error ? "block input wrong" : "block input" });
    const label = element("div", { class: "label" }, textObject(block.label));
    if (block.optional) label.append(element("span", { class: "optional" }, " (optional)"));
    const field = control(block.element, block, surface);
    const focusable = field.matches("input,select,textarea") ? field : field.querySelector("input,select,textarea");
    made.append(label, field);
    if (error) {
      const id = `error-${block.block_id}`;
      made.append(element("p", { class: "error", role: "alert", id }, error));
      focusable?.setAttribute("aria-invalid", "true");
      focusable?.setAttribute("aria-describedby", id);
    }
    if (block.hint) made.append(element("p", { class: "hint" }, textObject(block.hint)));
    return made;
  },
  markdown: (block) => element("div", { class: "block" }, markdown(block.text)),
  context_actions: (block, surface) => {
    const made = element("div", { class: "block actions quiet" });
    for (const item of block.elements) made.append(control(item, block, surface));
    return made;
  },
  table: (block, surface) => {
    const rows = block.rows.map((row, number) => element("tr", {}, ...row.map((cell) => drawCell(cell, number ? "td" : "th", surface))));
    return element("div", { class: "block table", tabindex: "0" }, element("table", {}, element("thead", {}, rows[0] || ""), element("tbody", {}, ...rows.slice(1))));
  },
  video: (block) => {
    const made = element("div", { class: "block video" }, element("b", {}, "▶ ", link(block.title_url || block.video_url, block.title.text)));
    if (block.description) made.append(element("p", { class: "faint" }, textObject(block.description)));
    return made;
  },
  file: (block) => element("div", { class: "block faint" }, `📄 A file from elsewhere (${block.source || "remote"})`),
  rich_text: (block, surface) => {
    const made = element("div", { class: "block rich", dir: "auto" });
    for (const part of block.elements) made.append(rich(part, surface.names));
    return made;
  },
};

function drawCell(cell, tag, surface) {
  if (cell.type === "raw_text") return element(tag, {}, cell.text);
  if (cell.type === "rich_text") return element(tag, {}, ...cell.elements.map((part) => rich(part, surface.names)));
  return element(tag, {}, unknown(`cell “${cell.type}”`, cell));
}

function picture(image) {
  // Pictures live elsewhere, and this page asks nobody but its own server: the words stand for them.
  const own = image.image_url && new URL(image.image_url, location.href).origin === location.origin;
  if (own) return element("img", { src: image.image_url, alt: image.alt_text || "" });
  return element("span", { class: "picture", role: "img", "aria-label": image.alt_text || "" }, element("span", { "aria-hidden": "true" }, "🖼 "), image.alt_text || "");
}

function rich(part, names) {
  const children = () => (part.elements || []).map((one) => rich(one, names));
  switch (part.type) {
    case "rich_text_section":
      return element("div", {}, ...children());
    case "rich_text_preformatted":
      return element("pre", {}, ...children());
    case "rich_text_quote":
      return element("blockquote", {}, ...children());
    case "rich_text_list":
      return element(part.style === "ordered" ? "ol" : "ul", {}, ...children().map((one) => element("li", {}, one)));
    case "text":
      return styled(part);
    case "link":
      return link(part.url, part.text || part.url);
    case "emoji":
      return document.createTextNode(emoji(part.name));
    case "user":
      return inline(`<@${part.user_id}>`, names);
    case "channel":
      return inline(`<#${part.channel_id}>`, names);
    case "broadcast":
      return inline(`<!${part.range}>`, names);
    case "usergroup":
      return element("span", { class: "mention" }, "@group");
    case "date":
      return inline(`<!date^${part.timestamp}^${part.format}|${part.fallback || ""}>`, names);
    case "color":
      return element("code", {}, part.value);
    default:
      return unknown(`text “${part.type}”`, part);
  }
}

function styled(part) {
  let made = document.createTextNode(part.text);
  for (const [style, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) {
    if (part.style?.[style]) made = element(tag, {}, made);
  }
  return made;
}
