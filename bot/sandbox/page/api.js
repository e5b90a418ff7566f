// The control API, and small helpers to build elements. User text only ever becomes text nodes.

export async function get(path) {
  const answer = await fetch(`/control${path}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `${answer.status} from ${path}`);
  return body;
}

export async function post(path, body) {
  const answer = await fetch(`/control${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const result = await answer.json();
  if (!answer.ok) throw new Error(result.error || `${answer.status} from ${path}`);
  return result;
}

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (value === true) made.setAttribute(name, "");
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function toast(sentence) {
  const shown = element("p", { class: "toast" }, sentence);
  for (const same of document.querySelectorAll(".toast")) if (same.textContent === sentence) same.remove();
  const all = document.getElementById("toasts");
  all.append(shown);
  all.hidePopover?.(); // shown again, it lies above a modal that was opened meanwhile
  all.showPopover?.();
  setTimeout(() => shown.remove(), 8000);
}

// Do something that may be refused; the refusal is shown, and the promise is never rejected. Quiet: what Slack refuses is shown elsewhere.
export async function attempt(work, { quiet = false } = {}) {
  try {
    const result = await work();
    if (!quiet && result && result.ok === false && (result.shown || result.error)) toast(result.shown || result.error);
    return result;
  } catch (refused) {
    toast(refused.message);
    return null;
  }
}

// Made once: making a format takes longer than using it a hundred times.
const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
const MOMENT = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

export const clock = (seconds) => CLOCK.format(seconds * 1000);
export const moment = (seconds) => MOMENT.format(seconds * 1000);
