// The editor: shows how the text will look, keeps it on the server while it is typed, and in this browser until the server has it.
import { ask } from "./ask.js";

const form = document.querySelector("#editor");
const text = form.elements.markdown;
const base = form.elements.base;
const preview = document.querySelector("#preview");
const kept = document.querySelector("#kept");
const news = document.querySelector("#news");
const place = `tocsin:${location.pathname}`;
const PREVIEW_MS = 400, KEEP_MS = 1200, LOOK_MS = 8000;

let typed = text.value;      // what the server has
let version = Number(base.value);
let left = false;            // saved or discarded: nothing is to be kept any more
let running = null;

function tell(words, isTrouble = false) {
  kept.textContent = words;
  kept.classList.toggle("trouble", isTrouble);
}

function later(what, wait) {
  let timer = 0;
  return () => { clearTimeout(timer); timer = setTimeout(what, wait()); };
}

// Until the server has it, this browser does: a private window may not keep anything, and then the server alone does.
function remember() {
  try { localStorage.setItem(place, JSON.stringify({ text: text.value, base: base.value })); } catch { /* no room, or not allowed */ }
}
function forget() {
  try { localStorage.removeItem(place); } catch { /* as above */ }
}
function remembered() {
  try { return JSON.parse(localStorage.getItem(place)); } catch { return null; }
}

// One at a time, and after a long document a longer pause: to show one takes the server a while.
let showing = false, shown = text.value, pause = PREVIEW_MS;
async function show() {
  if (showing || shown === text.value) return;
  showing = true;
  const began = performance.now(), now = text.value;
  try {
    preview.innerHTML = (await ask(form.dataset.preview, { markdown: now })).html; // made safe by the server
    shown = now;
  } catch { /* the next key tries again; keeping says what is wrong */ }
  pause = Math.max(PREVIEW_MS, 2 * (performance.now() - began));
  showing = false;
  if (shown === now && shown !== text.value) previewSoon();
}

function seen({ others, version: newest, by }) {
  const words = [];
  if (newest > version) words.push(`${by} saved version ${newest} meanwhile; yours is merged with it when you save.`);
  for (const other of others) words.push(`${other} edits this, too.`);
  news.hidden = !words.length;
  if (news.textContent !== words.join(" ")) news.textContent = words.join(" ");
}

/** Tell the server how far we are, if that is news, and that we are here. One at a time: the last one wins. */
async function keep(more = {}) {
  if (left) return;
  if (running) await running;
  const now = text.value;
  const isNews = now !== typed;
  running = ask(form.dataset.unsaved, isNews ? { base: base.value, markdown: now } : { base: base.value }, more)
    .then((said) => {
      seen(said);
      if (!isNews) return;
      typed = now;
      if (text.value === now) forget();
      tell(`Kept at ${said.at}; not in the document yet.`);
    })
    .catch((trouble) => {
      if (trouble.status === 401) askToSignIn();
      else if (isNews || trouble.status !== 0) tell(`${trouble.message} What you type stays in this browser, and is sent again.`, true);
    })
    .finally(() => { running = null; });
  await running;
}

function askToSignIn() {
  tell("You are not signed in any more. What you type stays in this browser. ", true);
  const link = Object.assign(document.createElement("a"), { href: form.dataset.signin, textContent: "Sign in and go on" });
  kept.append(link);
}

const previewSoon = later(show, () => pause), keepSoon = later(keep, () => KEEP_MS);

text.addEventListener("input", () => { remember(); previewSoon(); keepSoon(); });
setInterval(keep, LOOK_MS);
window.addEventListener("focus", () => keep());
document.addEventListener("visibilitychange", () => { if (document.hidden && text.value !== typed) keep({ keepalive: true }); });

form.addEventListener("submit", async (event) => {
  if (event.submitter?.formAction?.includes("/drop")) { left = true; forget(); return; }
  event.preventDefault();
  if (running) await running;
  tell("Saving…");
  try {
    const said = await ask(form.getAttribute("action"), { base: base.value, markdown: text.value, as_json: 1 });
    left = true;
    forget();
    location.assign(said.next);
  } catch (trouble) {
    if (trouble.status === 401) askToSignIn();
    else tell(`It is not saved: ${trouble.message}`, true);
  }
});

text.addEventListener("keydown", (event) => {
  if (event.key === "s" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(document.querySelector("#save")); }
});

const tabs = document.querySelector(".tabs");
tabs.hidden = false;
form.classList.add("has-tabs");
for (const tab of tabs.querySelectorAll("button")) {
  tab.addEventListener("click", () => {
    form.dataset.shown = tab.dataset.show;
    for (const other of tabs.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === tab));
  });
}

const mine = remembered();
if (mine && mine.text !== text.value) {
  text.value = mine.text;
  base.value = mine.base;
  version = Number(mine.base);
  tell("Here is what you had typed in this browser; it is sent to the server now.");
  show();
  keep();
}
