// Faces: initials on a colour that is always the same for the same person. Pictures would have to come from elsewhere.

import { element } from "/sandbox/static/api.js";

const TONES = 8;

export function avatar(user, kind = "") {
  const name = user?.real_name || user?.name || "?";
  const words = name.replace(/[^\p{L}\p{N} ]/gu, "").split(" ").filter(Boolean);
  const initials = words.length > 1 ? words[0][0] + words.at(-1)[0] : (words[0] || "?").slice(0, 1);
  const bot = user?.is_bot || user?.bot;
  return element("span", { class: `avatar ${kind} ${bot ? "bot" : `tone${tone(user?.id || name)}`}`, "aria-hidden": "true" }, bot ? "" : initials.toUpperCase());
}

function tone(id) {
  let sum = 0x811c9dc5;
  for (const letter of id) sum = Math.imul(sum ^ letter.codePointAt(0), 0x01000193);
  return (sum >>> 12) % TONES;
}
