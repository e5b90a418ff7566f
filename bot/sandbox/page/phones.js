// Phones: whose is in the hand, what is on its screen, and a ring that is noticed wherever one looks.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { faces } from "/sandbox/static/faces.js";
import { callScreen } from "/sandbox/static/phone_call.js";
import { lockScreen } from "/sandbox/static/phone_lock.js";
import { textsScreen } from "/sandbox/static/phone_texts.js";
import { webScreen } from "/sandbox/static/phone_web.js";
import { hush, isQuiet, ring, setQuiet, speak } from "/sandbox/static/sound.js";
import { soon } from "/sandbox/static/store.js";

const KEPT = "sandbox.phones";
const CALLS = [["ring", "Rings"], ["answer", "Is answered"], ["decline", "Is declined"], ["voicemail", "Goes to voicemail"]];
const RECEIPTS = [["deliver", "Arrive"], ["silent", "Arrive without a receipt"], ["undelivered", "Do not arrive"]];

const kept = () => JSON.parse(localStorage.getItem(KEPT) || "{}");
const numbered = (phone) => phone.sms.length + phone.calls.length + phone.pushes.length;

/** Everything that the screens of a phone share. */
class Hand {
  constructor(store) {
    Object.assign(this, { store, owner: null, phones: [], phone: null, view: { name: "lock" }, done: new Set(), said: new Map(), now: null });
  }
  /** Do something with the phone: reply, answer, decline, voicemail, hangup, keys, policy. */
  act = (what, body = {}, user = this.owner) => attempt(() => post(`/phones/${user}/${what}`, body)).then((done) => (this.refresh(), done));
  show = (view) => {
    this.view = view;
    this.draw();
    this.refresh();
  };
  hold = (user, view = { name: "lock" }) => {
    if (user !== this.owner) hush();
    this.owner = user;
    this.phone = null;
    this.view = view;
    return this.refresh();
  };
  /** The call on the screen: one that rings or is under way, or one just ended that nobody has put away. */
  call() {
    const calls = this.phone?.calls || [];
    return calls.findLast((call) => ["ringing", "in-progress"].includes(call.status)) || calls.findLast((call) => this.watched === call.sid && !this.done.has(call.sid));
  }
  unseen(user) {
    const phone = this.phones.find((one) => one.user === user);
    return Math.max(0, (phone?.count || 0) - (kept()[user] || 0));
  }
  saw() {
    localStorage.setItem(KEPT, JSON.stringify({ ...kept(), [this.owner]: numbered(this.phone) }));
  }
}

// What is said in a call is said aloud, once.
function sayAloud(hand) {
  const call = hand.phone?.calls.find((one) => one.status === "in-progress");
  if (!call) return;
  hand.watched = call.sid;
  const before = hand.said.get(call.sid) || 0;
  for (const line of call.spoken.slice(before)) speak(line);
  hand.said.set(call.sid, call.spoken.length);
}

function screenOf(hand) {
  if (hand.call()) return ["call", () => callScreen(hand, hand.call())];
  if (hand.view.name === "web") return [`web ${hand.view.url}`, () => webScreen(hand)];
  if (hand.view.name === "texts") return ["texts", () => textsScreen(hand)];
  return ["lock", () => lockScreen(hand)];
}

export function mount(spot, store) {
  const hand = new Hand(store);
  const people = faces("Whose phone", store, (user) => hand.hold(user), (user) => ({
    count: hand.unseen(user), rings: hand.phones.some((phone) => phone.user === user && phone.ringing),
  }));
  const bar = element("div", { class: "phone-bar" }, element("span", { class: "phone-time" }), element("span", { class: "phone-owner" }), element("span", { class: "phone-number" }));
  const screen = element("div", { class: "phone-screen" });
  const settings = element("details", { class: "phone-settings" });
  const rings = element("div", { class: "ring-bar", role: "alert" });
  spot.append(people.row, element("div", { class: "phone", role: "group", "aria-label": "Phone" }, bar, screen, element("div", { class: "phone-chin", "aria-hidden": "true" })), settings);
  document.body.append(rings);

  let shown = "";
  let drawn = "";
  hand.draw = () => {
    if (!hand.phone) return;
    const [name, make] = screenOf(hand);
    const now = JSON.stringify([hand.owner, name, hand.phone, hand.view, [...hand.done]]);
    if (now === drawn) return;
    drawn = now;
    if (name.startsWith("web") && name === shown) return; // the page in the frame goes on by itself
    shown = name;
    screen.dataset.screen = name.split(" ")[0];
    screen.replaceChildren(...[make()].flat());
    bar.querySelector(".phone-owner").textContent = hand.owner;
    bar.querySelector(".phone-number").textContent = hand.phone.number;
    drawSettings(settings, hand);
  };
  const drawAround = () => {
    people.draw(hand.phones.map((phone) => phone.user).filter((user) => !store.named(user)?.deleted), hand.owner);
    store.badge("phones", hand.phones.reduce((sum, phone) => sum + hand.unseen(phone.user), 0));
    drawRings(rings, hand);
    ring(hand.phones.some((phone) => phone.ringing));
  };
  hand.refresh = soon(async () => {
    hand.phones = await get("/phones");
    hand.owner ||= hand.phones[0]?.user;
    const owner = hand.owner;
    const phone = await get(`/phones/${owner}`);
    if (owner !== hand.owner) return;
    hand.phone = phone;
    if (!spot.hidden && (hand.view.name === "texts" || hand.call() || (kept()[owner] || 0) > numbered(phone))) hand.saw();
    sayAloud(hand);
    hand.draw();
    drawAround();
  });
  const tick = () => {
    const now = clockOf(hand).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    for (const face of spot.querySelectorAll(".phone-time, .lock-clock time")) face.textContent = now;
  };
  setInterval(tick, 1000);
  store.on("time", (now) => ((hand.now = now), tick()));
  hand.refresh();
  for (const kind of ["open", "phone", "users"]) store.on(kind, hand.refresh);
  store.on("shown", hand.refresh);
  store.on("hold", ({ user, view }) => (store.showPanel("phones"), hand.hold(user, view)));
}

/** What time the phone shows: the bot's. */
export function clockOf(hand) {
  return hand.now ? hand.now() : new Date();
}

function drawRings(rings, hand) {
  const ringing = hand.phones.filter((phone) => phone.ringing && !(phone.user === hand.owner && inSight()));
  const now = JSON.stringify(ringing.map((phone) => phone.ringing));
  if (rings.dataset.drawn === now) return;
  rings.dataset.drawn = now;
  rings.replaceChildren(...ringing.map((phone) =>
    element("p", { class: "ring" }, element("span", { class: "ring-bell", "aria-hidden": "true" }, "📞"), element("b", {}, `${phone.user}’s phone rings`),
      element("button", { type: "button", onclick: () => hand.store.emit("hold", { user: phone.user }) }, "Look"))));
}

function inSight() {
  const panel = document.getElementById("panel-phones");
  return panel && panel.offsetParent !== null;
}

function drawSettings(settings, hand) {
  if (settings.contains(document.activeElement)) return;
  const choice = (label, name, options) => {
    const select = element("select", { onchange: () => hand.act("policy", { [name]: select.value }) },
      ...options.map(([value, text]) => element("option", { value, selected: hand.phone.policy[name] === value }, text)));
    return element("label", {}, `${label} `, select);
  };
  const sound = element("input", { type: "checkbox", checked: !isQuiet(), onchange: () => setQuiet(!sound.checked) });
  const open = settings.open;
  settings.replaceChildren(element("summary", {}, "Settings of this phone"),
    element("div", { class: "phone-choices" }, choice("A call", "calls", CALLS), choice("Texts", "receipts", RECEIPTS), element("label", {}, sound, " Sound")));
  settings.open = open;
}
