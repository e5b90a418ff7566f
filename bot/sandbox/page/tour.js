// The guided tour: from declaring to the postmortem. A step is done when it has really happened, however it was done.

import { element, get } from "/sandbox/static/api.js";
import { soon } from "/sandbox/static/store.js";

const COMMAND = "/inc sev1 checkout is down";
const UPDATE = "/inc update rolling back, watching for 10 minutes";
const RESOLVE = "/inc resolve config rolled back";

// Each step: what to do, what is offered as help, and how it shows in what has happened (`seen`).
const STEPS = [
  { name: "Declare", say: ["Checkout is down, and you are Kim. In any channel, type ", code(COMMAND), " and send it."], help: [["Put it in the box", (tour) => type(tour, "C0GENERAL00", COMMAND)]], done: (seen) => seen.incident !== null },
  { name: "Page", say: ["A channel is open, and Ana is on call. Her phone has a text: open it and tap its link."], help: [["Show Ana’s phone", (tour) => tour.store.emit("hold", { user: "ana", view: newest(tour) })]], done: (seen) => seen.opened },
  { name: "Acknowledge", say: ["Tap Acknowledge on the phone, reply ", code("1a"), ", or press the card’s button. Or wait: move the clock 5 min, and Bo is paged, too."], help: [["+5 min", (tour) => document.querySelectorAll(".clock button")[1]?.click()], ["Show the card", (tour) => tour.store.go(tour.seen.channel)]], done: (seen) => seen.acknowledged },
  { name: "Update", say: ["Somebody has it. Tell everybody where things stand, in the incident’s channel: ", code(UPDATE)], help: [["Put it in the box", (tour) => type(tour, tour.seen.channel, UPDATE)]], done: (seen) => seen.updated },
  { name: "Resolve", say: ["It works again. Say so and why: ", code(RESOLVE)], help: [["Put it in the box", (tour) => type(tour, tour.seen.channel, RESOLVE)]], done: (seen) => seen.resolved },
  { name: "Postmortem", say: ["The postmortem is written from what happened. Its link stands in the channel: open it."], help: [["Show the channel", (tour) => tour.store.go(tour.seen.channel)]], done: (seen) => seen.read },
];
const NOTHING = { incident: null, channel: null, opened: false, acknowledged: false, updated: false, resolved: false, read: false };

function code(text) {
  return () => element("code", {}, text);
}

function type(tour, place, line) {
  tour.store.go(place);
  tour.store.emit("pane", "chat");
  const box = document.getElementById("line");
  if (!box) return;
  box.value = line;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  box.focus();
}

const newest = (tour) => (tour.sender ? { name: "texts", other: tour.sender } : { name: "lock" });

/** What has happened with the tour's incident: the first that was declared since the tour began. */
async function look(tour) {
  const channels = tour.store.channels.filter((one) => /^inc-\d+/.test(one.name || "") && one.created >= tour.kept.since);
  const channel = channels.sort((a, b) => a.created - b.created)[0];
  if (!channel) return NOTHING;
  const incident = Number(/^inc-(\d+)/.exec(channel.name)[1]);
  const [messages, phone, requests] = await Promise.all([get(`/messages/${channel.id}`), get("/phones/ana"), get(`/console?kind=http&since=${tour.kept.since}`)]);
  const said = JSON.stringify(messages.filter((one) => one.bot_id)); // what people say of it counts for nothing
  tour.sender = phone.sms.findLast((sms) => sms.direction === "in")?.from;
  const got = (path) => requests.lines.some((line) => line.start >= tour.kept.since && !line.error && line.what.startsWith(`GET ${path}`));
  return {
    incident, channel: channel.id, opened: got("/p/"), acknowledged: /<@U\w+> acknowledged/.test(said), updated: said.includes("*Update*"),
    resolved: said.includes("*Resolved*"), read: got(`/postmortems/${incident}`),
  };
}

export function mount(spot, store) {
  const tour = { store, seen: NOTHING, kept: null, key: null, sender: null };
  const take = element("button", { type: "button", class: "take-tour", hidden: true, onclick: () => (tour.kept.state === "left" ? keep({ state: "on" }) : begin()) });
  document.querySelector(".top-bar")?.prepend(take);
  spot.hidden = true;

  const keep = (change) => {
    tour.kept = { ...tour.kept, ...change };
    localStorage.setItem(tour.key, JSON.stringify(tour.kept));
    refresh();
  };
  const begin = () => {
    tour.seen = NOTHING;
    keep({ state: "on", since: Math.floor(Date.now() / 1000), reached: 0 });
  };
  // The tour belongs to this workspace: a fresh one is a first visit, whatever this browser has seen before.
  const wake = () => {
    const general = store.channels.find((one) => one.is_general);
    if (tour.key || !general) return;
    tour.key = `sandbox.tour.${general.created}`;
    tour.kept = JSON.parse(localStorage.getItem(tour.key) || "null");
    const fresh = !store.channels.some((one) => /^inc-\d+/.test(one.name || ""));
    if (tour.kept) refresh();
    else if (fresh) begin();
    else keep({ state: "left", since: Math.floor(Date.now() / 1000), reached: 0 });
  };
  let drawn = "";
  const draw = () => {
    const { state } = tour.kept;
    spot.hidden = state !== "on";
    take.hidden = state === "on";
    take.textContent = state === "left" ? "Go on with the tour" : "Take the tour";
    if (state === "on") spot.replaceChildren(...(at() < STEPS.length ? step(at()) : farewell()));
  };
  // A later step that is done stands for those before it: there are many ways through an incident. What was seen once stays done:
  // the console, which knows what was opened, begins anew with the sandbox.
  const at = () => Math.max(tour.kept.reached, STEPS.findLastIndex((one) => one.done(tour.seen)) + 1);
  const leave = () => element("button", { type: "button", class: "tour-leave", onclick: () => keep({ state: "left" }) }, "Leave the tour");
  const dots = (now) => element("ol", { class: "tour-dots", "aria-label": `Step ${Math.min(now + 1, STEPS.length)} of ${STEPS.length}` },
    ...STEPS.map((one, position) => element("li", { class: position < now ? "done" : position === now ? "now" : undefined, "aria-current": position === now ? "step" : undefined }, one.name)));
  const step = (now) => [dots(now),
    element("p", { class: "tour-say" }, ...STEPS[now].say.map((part) => (typeof part === "function" ? part() : part))),
    element("div", { class: "tour-help" }, ...STEPS[now].help.map(([label, help]) => element("button", { type: "button", onclick: () => help(tour) }, label)), leave())];
  const farewell = () => [dots(STEPS.length),
    element("p", { class: "tour-say" }, element("b", {}, "That was an incident, from page to postmortem."), " Now break things: let Slack go down, or nobody answer, and watch who is paged."),
    element("div", { class: "tour-help" }, element("button", { type: "button", onclick: () => keep({ state: "done" }) }, "Finish"))];
  const refresh = soon(async () => {
    if (!tour.kept) return;
    if (tour.kept.state === "on") {
      tour.seen = await look(tour);
      if (at() > tour.kept.reached) keep({ reached: at() });
    }
    const now = JSON.stringify([tour.kept, tour.seen]);
    if (now !== drawn) draw();
    drawn = now;
  }, 150);
  store.on("channels", wake);
  for (const kind of ["channels", "change", "open"]) store.on(kind, refresh);
  setInterval(() => tour.kept?.state === "on" && refresh(), 2000); // a page that was opened is told by no event
}
