// Standard Markdown, as the `markdown` block takes it: headings, lists, code, quotes, tables, and marks within a line.

import { element } from "/sandbox/static/api.js";
import { emoji } from "/sandbox/static/emoji.js";
import { link } from "/sandbox/static/mrkdwn.js";

const MARKS = [
  [/`([^`\n]+)`/, (m) => element("code", {}, m[1])],
  [/\[([^\]\n]+)\]\(([^()\s]+)\)/, (m) => link(m[2], m[1])],
  [/<(https?:\/\/[^>\s]+)>/, (m) => link(m[1], m[1])],
  [/(?<!\()\bhttps?:\/\/[^\s<>)]+/, (m) => link(m[0], m[0])],
  [/\*\*(?=\S)(.+?)\*\*/, (m) => span("strong", m[1])],
  [/(?<![\w*])[*_](?=\S)([^*_\n]+?)[*_](?![\w*])/, (m) => span("em", m[1])],
  [/~~(?=\S)(.+?)~~/, (m) => span("s", m[1])],
  [/:([a-z0-9_+-]+):/, (m) => document.createTextNode(emoji(m[1]))],
];

function span(tag, text) {
  const made = element(tag);
  made.append(inline(text));
  return made;
}

function inline(text) {
  const out = document.createDocumentFragment();
  let rest = text;
  while (rest) {
    let first = null;
    for (const [at, make] of MARKS) {
      const match = at.exec(rest);
      if (match && (!first || match.index < first.match.index)) first = { match, make };
    }
    if (!first) break;
    out.append(rest.slice(0, first.match.index), first.make(first.match));
    rest = rest.slice(first.match.index + first.match[0].length);
  }
  out.append(rest);
  return out;
}

const ITEM = /^(\s*)([-*+]|\d+[.)]) +(.*)$/;
const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());

export function markdown(text) {
  const out = element("div", { class: "markdown", dir: "auto" });
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) at = part(lines, at, out);
  return out;
}

// Draw what begins at this line; the number of the line after it.
function part(lines, at, out) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  if (/^\s*```/.test(line)) {
    const end = lines.findIndex((one, number) => number > at && /^\s*```/.test(one));
    const stop = end < 0 ? lines.length : end;
    out.append(element("pre", {}, lines.slice(at + 1, stop).join("\n")));
    return stop + 1;
  }
  const heading = /^(#{1,6}) +(.*)$/.exec(line);
  if (heading) {
    out.append(span(heading[1].length < 3 ? "h3" : "h4", heading[2]));
    return at + 1;
  }
  if (/^\s*([-*_])\s*(\1\s*){2,}$/.test(line)) {
    out.append(element("hr"));
    return at + 1;
  }
  if (/^\s*\|.*\|\s*$/.test(line) && /^\s*\|[\s:|-]+\|\s*$/.test(lines[at + 1] || "")) return table(lines, at, out);
  if (ITEM.test(line)) return list(lines, at, out);
  if (/^> ?/.test(line)) return gather(lines, at, out, /^> ?/, "blockquote");
  return gather(lines, at, out, /^/, "p");
}

function gather(lines, at, out, sign, tag) {
  const made = element(tag);
  let end = at;
  const goesOn = (line) => line?.trim() && sign.test(line) && (tag !== "p" || end === at || !/^(\s*```|#{1,6} |> ?|\s*\|.*\|\s*$)/.test(line) && !ITEM.test(line));
  while (goesOn(lines[end])) {
    if (end > at) made.append(element("br"));
    made.append(inline(lines[end].replace(sign, "")));
    end += 1;
  }
  out.append(made);
  return Math.max(end, at + 1);
}

function list(lines, at, out) {
  const depth = ITEM.exec(lines[at])[1].length;
  const made = element(/\d/.test(ITEM.exec(lines[at])[2]) ? "ol" : "ul");
  let last = null;
  let end = at;
  for (let found; (found = ITEM.exec(lines[end] || "")) && found[1].length >= depth; ) {
    if (found[1].length > depth + 1 && last) {
      end = list(lines, end, last);
      continue;
    }
    const box = /^\[([ xX])\] +(.*)$/.exec(found[3]);
    last = element("li");
    last.append(inline(box ? `${box[1] === " " ? "☐" : "☑"} ${box[2]}` : found[3]));
    made.append(last);
    end += 1;
  }
  out.append(made);
  return end;
}

function table(lines, at, out) {
  const row = (line, tag) => element("tr", {}, ...cells(line).map((cell) => span(tag, cell)));
  const body = element("tbody");
  let end = at + 2;
  while (/^\s*\|.*\|\s*$/.test(lines[end] || "")) body.append(row(lines[end++], "td"));
  out.append(element("div", { class: "table", tabindex: "0" }, element("table", {}, element("thead", {}, row(lines[at], "th")), body)));
  return end;
}
