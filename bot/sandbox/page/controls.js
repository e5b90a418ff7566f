// The bot as a process, and its clock.

import { attempt, element, get, post, toast } from "/sandbox/static/api.js";
import { soon } from "/sandbox/static/store.js";

const DEEDS = [["kill", "Kill Tocsin (-9)"], ["stop", "Stop Tocsin"], ["start", "Start Tocsin"]];
const STEPS = [[60, "Clock +1 min"], [300, "Clock +5 min"], [3600, "Clock +1 h"]];

export function mount(spot, store) {
  const state = element("span", {}, "…");
  const menu = element("div", { class: "menu" });
  const refresh = soon(async () => {
    const bot = await get("/bot");
    document.body.dataset.bot = bot.running ? "up" : "down";
    state.textContent = bot.running ? "Tocsin runs" : "Tocsin is down";
  });
  for (const [action, label] of DEEDS) {
    const deal = () => attempt(() => post("/bot", { action })).then(refresh);
    menu.append(element("button", { type: "button", onclick: deal }, label));
  }
  menu.append(element("hr"));
  for (const [seconds, label] of STEPS) {
    const move = () => attempt(() => post("/clock", { advance_s: seconds })).then((done) => done && toast("The clock was moved."));
    menu.append(element("button", { type: "button", onclick: move }, label));
  }
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  spot.append(element("details", { class: "controls" }, element("summary", {}, dot, state), menu));
  store.on("open", refresh);
  store.on("change", refresh);
  store.on("lost", () => (state.textContent = "The sandbox does not answer"));
  setInterval(refresh, 3000); // the bot's own end is told by no event
}
