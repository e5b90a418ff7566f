// Block Kit as elements: what the bot uses is drawn, what is not known is shown as such, never dropped.

import { element } from "/sandbox/static/api.js";
import { emoji, inline, link, mrkdwn, textObject } from "/sandbox/static/mrkdwn.js";
import { control } from "/sandbox/static/elements.js";

// `surface`: { names, act(action), suggest(action), errors?: {block_id: sentence}, modal: boolean }
export function blocks(list, surface) {
  const out = element("div", { class: "blocks" });
  for (const block of list || []) {
    const draw = DRAW[block.type];
    const drawn = draw ? draw(block, surface) : unknown(`block “${block.type}”`, block);
    drawn.dataset.block = block.block_id || "";
    out.append(drawn);
  }
  return out;
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
    if (block.accessory) made.append(control(block.accessory, block, surface));
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
  image: (block) => element("div", { class: "block" }, picture(block)),
  input: (block, surface) => {
    const error = surface.errors?.[block.block_id];
    const made = element("div", { class: error ? "block input wrong" : "block input" });
    const label = element("div", { class: "label" }, textObject(block.label));
    if (block.optional) label.append(element("span", { class: "optional" }, " (optional)"));
    const field = control(block.element, block, surface);
    const focusable = field.matches("input,select,textarea") ? field : field.querySelector("input,select,textarea");
    focusable?.setAttribute("aria-label", block.label?.text || "");
    made.append(label, field);
    if (error) {
      made.append(element("p", { class: "error", role: "alert" }, error));
      focusable?.setAttribute("aria-invalid", "true");
    }
    if (block.hint) made.append(element("p", { class: "hint" }, textObject(block.hint)));
    return made;
  },
  markdown: (block, surface) => {
    const made = element("div", { class: "block" });
    made.append(mrkdwn(block.text.replace(/\*\*(.+?)\*\*/g, "*$1*").replace(/^#+ (.*)$/gm, "*$1*"), surface.names));
    return made;
  },
  rich_text: (block, surface) => {
    const made = element("div", { class: "block rich", dir: "auto" });
    for (const part of block.elements) made.append(rich(part, surface.names));
    return made;
  },
};

function picture(image) {
  // Pictures live elsewhere, and this page asks nobody but its own server: the words stand for them.
  return element("span", { class: "picture" }, `🖼 ${image.alt_text || ""}`);
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
