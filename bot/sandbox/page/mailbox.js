// A person's mailbox: what SMTP has delivered, as a mail program shows it, as plain text, and its headers.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { faces, time } from "/sandbox/static/faces.js";
import { linked } from "/sandbox/static/mrkdwn.js";
import { soon } from "/sandbox/static/store.js";

const VIEWS = [["html", "Rendered"], ["text", "Plain"], ["headers", "Headers"]];
const KEPT = "sandbox.mails";
const kept = () => JSON.parse(localStorage.getItem(KEPT) || "{}");

export function mount(spot, store) {
  const state = { owner: null, people: [], mails: {}, open: null, view: "html" };
  const mine = () => state.mails[state.owner] || [];
  const count = (user) => Math.max(0, (state.mails[user]?.length || 0) - (kept()[user] || 0));
  const people = faces("Whose mail", store, (user) => hold(user), (user) => ({ count: count(user) }));
  const list = element("ul", { class: "mails", id: "mails", "aria-label": "Mails" });
  const reader = element("article", { class: "mail", hidden: true });
  spot.append(people.row, list, reader);

  const hold = (user) => {
    Object.assign(state, { owner: user, open: null });
    draw();
  };
  const refresh = soon(async () => {
    state.people = (await get("/phones")).map((phone) => phone.user);
    state.owner ||= state.people[0];
    const found = await Promise.all(state.people.map((user) => get(`/mailbox/${user}`)));
    state.mails = Object.fromEntries(state.people.map((user, at) => [user, found[at]]));
    draw();
  });
  let drawn = "";
  const draw = () => {
    if (spot.offsetParent !== null) localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [state.owner]: mine().length }));
    store.badge("mailbox", state.people.reduce((sum, user) => sum + count(user), 0));
    people.draw(state.people.filter((user) => !store.named(user)?.deleted), state.owner);
    const now = JSON.stringify([state.owner, state.open, state.view, mine().length]);
    if (now === drawn) return;
    drawn = now;
    list.replaceChildren(...mine().map(entry).reverse());
    if (!mine().length) list.append(element("li", { class: "empty" }, "No mail yet."));
    reader.hidden = state.open === null;
    if (state.open !== null) reader.replaceChildren(...read(mine()[state.open], state.open));
  };
  const entry = (mail, position) => element("li", {},
    element("button", { type: "button", class: "mail-entry", "aria-current": state.open === position ? "true" : undefined, onclick: () => (state.open = position, draw()) },
      element("b", { dir: "auto" }, mail.subject || "(no subject)"), element("time", {}, time(mail.at)), element("span", { class: "faint" }, mail.from)));
  const read = (mail, position) => [
    element("header", {}, element("h3", { dir: "auto" }, mail.subject || "(no subject)"), element("p", { class: "faint" }, `${mail.from} to ${mail.to}`),
      element("div", { class: "mail-views", role: "group", "aria-label": "Show" }, ...VIEWS.map(([name, label]) =>
        element("button", { type: "button", "aria-pressed": String(state.view === name), onclick: () => (state.view = name, draw()) }, label)))),
    shown(mail, position),
    mail.headers["Reply-To"] ? replyForm(position) : null,
  ].filter(Boolean);
  const replyForm = (position) => {
    const box = element("input", { id: "mail-reply", placeholder: "Reply, for example ack", "aria-label": "Reply by mail", autocomplete: "off" });
    return element("form", { class: "sms-form", onsubmit: async (event) => {
      event.preventDefault();
      const text = box.value;
      if (!text.trim()) return;
      if (await attempt(() => post(`/mailbox/${state.owner}/reply`, { text, position }))) box.value = "";
    } }, box, element("button", { type: "submit", class: "primary" }, "Reply"));
  };
  // The document itself forbids scripts and loading; the frame forbids them once more.
  const shown = (mail, position) => {
    if (state.view === "headers") return element("pre", {}, Object.entries(mail.headers).map(([name, value]) => `${name}: ${value}`).join("\n"));
    if (state.view === "text" || !mail.html) return element("pre", { dir: "auto" }, linked(mail.text || "(no plain text)"));
    return element("iframe", { class: "mail-frame", src: `/sandbox/mail/${state.owner}/${position}`, title: mail.subject, sandbox: "allow-popups allow-popups-to-escape-sandbox" });
  };
  for (const kind of ["open", "mail", "users", "shown"]) store.on(kind, refresh);
}
