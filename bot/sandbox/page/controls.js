// The clock that Tocsin and the phones obey, and Tocsin itself as a process.

import { attempt, element, get, post, toast } from "/sandbox/static/api.js";
import { soon } from "/sandbox/static/store.js";

const DEEDS = [["kill", "Kill Tocsin (-9)"], ["stop", "Stop Tocsin"], ["start", "Start Tocsin"]];
const STEPS = [[60, "1 min"], [300, "5 min"], [3600, "1 h"]];
const AHEAD_FROM_S = 30;

export function mount(spot, store) {
  spot.append(clock(store), bot(store));
}

function clock(store) {
  const face = element("time", { id: "clock" }, "…");
  const ahead = element("span", { class: "ahead" });
  const steps = STEPS.map(([seconds, label]) => element("button", { type: "button", onclick: () => move(seconds, label), "aria-label": `Move the clock ${label} ahead` }, `+${label}`));
  const box = element("div", { class: "clock", role: "group", "aria-label": "Tocsin’s clock" }, face, ahead, ...steps);
  let base = null; // what time it was, when we asked
  const now = () => new Date(base.time + (base.runs ? Date.now() - base.asked : 0));
  const draw = () => {
    if (!base) return;
    face.textContent = now().toLocaleTimeString([], { hour12: false });
    const seconds = Math.round((now().getTime() - Date.now()) / 1000);
    ahead.textContent = Math.abs(seconds) < AHEAD_FROM_S || Math.abs(seconds) > 864000 ? "" : `${seconds > 0 ? "+" : "−"}${spelled(Math.abs(seconds))}`;
  };
  const refresh = soon(async () => {
    const { now: time, runs } = await get("/clock");
    base = { time: Date.parse(time), runs, asked: Date.now() };
    draw();
    store.emit("time", now);
  });
  const move = async (seconds, label) => {
    box.setAttribute("aria-busy", "true");
    for (const step of steps) step.disabled = true;
    const done = await attempt(() => post("/clock", { advance_s: seconds }));
    for (const step of steps) step.disabled = false;
    box.removeAttribute("aria-busy");
    if (done) toast(`${label} later.`);
    refresh();
    store.emit("phone", {});
    store.emit("mail", {});
  };
  refresh();
  store.on("open", refresh);
  store.on("moved", refresh);
  setInterval(draw, 1000);
  setInterval(refresh, 5000); // another window may have moved it
  return box;
}

const spelled = (seconds) => (seconds < 3600 ? `${Math.round(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`);

function bot(store) {
  const state = element("span", {}, "…");
  const refresh = soon(async () => {
    const found = await get("/bot");
    document.body.dataset.bot = found.running ? "up" : "down";
    state.textContent = found.running ? "Tocsin runs" : "Tocsin is down";
  });
  const menu = element("div", { class: "menu" }, ...DEEDS.map(([action, label]) =>
    element("button", { type: "button", onclick: () => attempt(() => post("/bot", { action })).then(refresh) }, label)));
  refresh();
  store.on("open", refresh);
  store.on("change", refresh);
  store.on("lost", () => (state.textContent = "The sandbox does not answer"));
  setInterval(refresh, 3000); // the bot's own end is told by no event
  return element("details", { class: "controls" }, element("summary", {}, element("span", { class: "dot", "aria-hidden": "true" }), state), menu);
}
