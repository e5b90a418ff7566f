// Comments stand under what they are about, and each block has a button to say something about it. Tab stops at one of them; arrows move.
const document_ = document.querySelector("#document");
const form = document.querySelector("#new-comment");
const blocks = [...document_.querySelectorAll("[data-block]:not(thead *)")];
const home = form?.parentElement; // there is none for who may not write
const notes = [];

/** Put something under a block, where HTML lets it stand. */
function under(block, what) {
  if (block.tagName === "TR") block.closest("table").after(what);
  else if (block.tagName === "LI") block.append(what);
  else block.after(what);
}

for (const thread of [...document.querySelectorAll(".thread[data-on]")].reverse()) {
  const block = document_.querySelector(`[data-block="${thread.dataset.on}"]`);
  if (!block) continue;
  under(block, thread);
  thread.classList.add("placed");
  block.classList.add("commented");
}

function open(block, note) {
  form.elements.block.value = block.dataset.block;
  form.querySelector("label").textContent = `A comment on “${words(block).slice(0, 60)}”`;
  form.classList.add("placed");
  under(block, form);
  form.elements.text.focus();
  form.dataset.from = String(notes.indexOf(note));
}

function close() {
  form.elements.block.value = "";
  form.querySelector("label").textContent = "A comment about the whole document";
  form.classList.remove("placed");
  home.append(form);
  notes[Number(form.dataset.from)]?.focus();
}

function words(block) {
  const copy = block.cloneNode(true);
  for (const inner of copy.querySelectorAll(".note, .thread, form, ul, ol")) inner.remove();
  return copy.textContent.trim().replace(/\s+/g, " ");
}

for (const block of form ? blocks : []) {
  const note = document.createElement("button");
  note.type = "button";
  note.className = "note";
  note.textContent = "Comment";
  note.setAttribute("aria-label", `Comment on “${words(block).slice(0, 40)}”`);
  note.tabIndex = notes.length ? -1 : 0;
  note.addEventListener("click", () => open(block, note));
  const inside = block.tagName === "TR" ? block.lastElementChild : block;
  const inner = inside.querySelector(":scope > ul, :scope > ol, :scope > .thread");
  if (inside.tagName === "CODE") inside.after(note);
  else if (inner) inner.before(note);
  else inside.append(note);
  notes.push(note);
}

// A finger points by tapping: the block's button shows until another one is tapped.
document_.addEventListener("click", (event) => {
  const block = event.target.closest("[data-block]:not(thead *)");
  if (event.target.closest("a, button, summary, textarea")) return;
  document_.querySelector(".pointed")?.classList.remove("pointed");
  block?.classList.add("pointed");
});

document_.addEventListener("keydown", (event) => {
  const at = notes.indexOf(event.target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (at < 0 || !step || !notes[at + step]) return;
  event.preventDefault();
  notes[at].tabIndex = -1;
  notes[at + step].tabIndex = 0;
  notes[at + step].focus();
});

form?.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && form.classList.contains("placed")) close();
});
