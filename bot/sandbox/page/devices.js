// One person's phone and mailbox, and a ring that is heard whoever's phone is shown.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { linked } from "/sandbox/static/mrkdwn.js";
import { soon } from "/sandbox/static/store.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];
const $ = (id) => document.getElementById(id);
let page = null; // the store of the page

const devices = { owner: null, seen: {}, drawn: "", phones: [] };

async function refreshDevices() {
  devices.phones = await get("/phones");
  if (!devices.owner) return;
  const [phone, mails] = await Promise.all([get(`/phones/${devices.owner}`), get(`/mailbox/${devices.owner}`)]);
  const drawn = JSON.stringify([devices.phones, phone, mails]);
  if (drawn === devices.drawn) return;
  devices.drawn = drawn;
  $("number").textContent = phone.number;
  drawRinging();
  drawThread(phone);
  drawMails(mails);
  drawBadge();
}

function showOwner(user) {
  devices.owner = user;
  devices.drawn = "";
  $("owner").value = user;
  refreshDevices();
}

const act = (user, what, body) => attempt(() => post(`/phones/${user}/${what}`, body)).then(refreshDevices);

function drawRinging() {
  const ringing = devices.phones.filter((phone) => phone.ringing);
  $("ringing").replaceChildren(
    ...ringing.map((phone) =>
      element("li", {},
        element("span", {}, `📞 ${phone.user}’s phone rings`),
        element("button", { type: "button", class: "primary", onclick: () => (showOwner(phone.user), act(phone.user, "answer", { call: phone.ringing })) }, "Answer"),
        element("button", { type: "button", class: "danger", onclick: () => act(phone.user, "decline", { call: phone.ringing }) }, "Decline"),
        element("button", { type: "button", onclick: () => act(phone.user, "voicemail", { call: phone.ringing }) }, "Voicemail"))),
  );
}

// Texts and calls in the order in which they came.
function drawThread(phone) {
  const entries = [...phone.sms.map((sms) => [sms.at, drawSms(sms)]), ...phone.calls.map((call) => [call.at, drawCall(phone.user, call)])];
  entries.sort((a, b) => a[0].localeCompare(b[0]));
  $("texts").replaceChildren(...entries.map(([, made]) => made));
  if (!entries.length) $("texts").append(element("li", { class: "empty" }, "No texts and no calls yet."));
  $("texts").scrollTop = $("texts").scrollHeight;
  devices.seen[phone.user] = phone.sms.length + phone.calls.length;
}

const time = (at) => new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function drawSms(sms) {
  const made = element("li", { class: `sms ${sms.direction}` }, element("p", { dir: "auto" }, linked(sms.body)));
  made.append(element("p", { class: "faint" }, `${time(sms.at)} ${sms.direction === "in" ? `from ${sms.from}` : sms.status}`));
  if (sms.error) made.append(element("p", { class: "error" }, sms.error));
  return made;
}

function drawCall(user, call) {
  const made = element("li", { class: "call" }, element("p", {}, element("b", {}, `📞 Call, ${call.status}`), ` ${time(call.at)}`));
  for (const line of call.spoken) made.append(element("p", { class: "spoken" }, `“${line}”`));
  if (call.digits) made.append(element("p", { class: "faint" }, `Pressed ${call.digits}`));
  if (call.error) made.append(element("p", { class: "error" }, call.error));
  if (call.status === "in-progress") {
    const pad = element("div", { class: "keypad", role: "group", "aria-label": "Keypad" });
    for (const key of KEYS) pad.append(element("button", { type: "button", onclick: () => act(user, "keys", { call: call.sid, digits: key }) }, key));
    made.append(pad, element("button", { type: "button", class: "danger", onclick: () => act(user, "hangup", { call: call.sid }) }, "Hang up"));
  }
  return made;
}

function drawMails(mails) {
  $("mails").replaceChildren(
    ...mails.map((mail) =>
      element("li", {},
        element("details", {},
          element("summary", {}, element("b", {}, mail.subject || "(no subject)"), element("span", { class: "faint" }, ` ${mail.from} ${time(mail.at)}`)),
          element("pre", { dir: "auto" }, linked(mail.text || "(only HTML)"))))),
  );
  if (!mails.length) $("mails").append(element("li", { class: "empty" }, "No mail yet."));
}

function drawBadge() {
  page.badge("devices", devices.phones.reduce((sum, phone) => sum + Math.max(0, phone.count - (devices.seen[phone.user] || 0)), 0));
  for (const option of $("owner").options) {
    const phone = devices.phones.find((one) => one.user === option.value);
    const unseen = phone ? phone.count - (devices.seen[phone.user] || 0) : 0;
    option.textContent = `${option.value}${phone?.ringing ? " 📞" : ""}${unseen > 0 ? ` (${unseen} new)` : ""}`;
  }
}

export function mount(spot, store) {
  page = store;
  const owner = element("select", { id: "owner", onchange: () => showOwner(owner.value) });
  const box = element("input", { id: "sms-text", placeholder: "Reply by SMS, for example: a" });
  const sms = element("form", { id: "sms", autocomplete: "off" },
    element("label", { class: "sr", for: "sms-text" }, "Text message"), box, element("button", { type: "submit" }, "Send"));
  spot.append(
    element("div", { class: "device-head" }, element("label", {}, "Phone and mail of ", owner), element("span", { id: "number" })),
    element("ul", { id: "ringing", "aria-live": "assertive" }),
    element("section", { id: "phone", "aria-label": "Phone" }, element("ol", { id: "texts" }), sms),
    element("section", { id: "mail", "aria-label": "Mailbox" }, element("h2", {}, "Mailbox"), element("ol", { id: "mails" })),
  );
  sms.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = box.value;
    if (!text.trim()) return;
    box.value = "";
    act(devices.owner, "reply", { text });
  });
  const refresh = soon(refreshDevices);
  for (const kind of ["open", "phone", "mail"]) store.on(kind, refresh);
  get("/phones").then((phones) => {
    owner.replaceChildren(...phones.map((phone) => element("option", { value: phone.user }, phone.user)));
    if (phones.length) showOwner(phones[0].user);
  });
}
