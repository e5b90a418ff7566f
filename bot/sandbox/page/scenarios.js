// The scenario bar: what can be made to happen, one click each. What lasts is a switch; what breaks the fleet stands in menus, and beside
// them while it is broken.

import { attempt, element, get, post, toast } from "/sandbox/static/api.js";
import { openMenu } from "/sandbox/static/popover.js";
import { soon } from "/sandbox/static/store.js";

const MENUS = [["fleet", "Break the fleet"], ["2023", "Incidents of 2023"]];

export function mount(spot, store) {
  const label = element("span", { class: "scenarios-label", id: "scenarios-label" }, "Make it happen");
  const row = element("div", { class: "scenarios", role: "group", "aria-labelledby": "scenarios-label" });
  spot.append(label, row);
  let drawn = "";
  let busy = null;

  const refresh = soon(async () => draw(await get("/scenarios")));
  const draw = (scenarios) => {
    const now = JSON.stringify([scenarios, busy]);
    if (now === drawn) return;
    drawn = now;
    const focused = row.contains(document.activeElement) ? document.activeElement.dataset.scenario : null;
    row.replaceChildren(
      ...scenarios.filter((one) => !one.menu || one.on).map(button),
      ...MENUS.map(([name, label]) => menu(name, label, scenarios.filter((one) => one.menu === name))),
    );
    if (focused) row.querySelector(`[data-scenario="${focused}"]`)?.focus();
  };
  const button = (scenario) => element("button", {
    type: "button", class: "scenario", "data-scenario": scenario.name, title: scenario.says, disabled: busy === scenario.name,
    "aria-pressed": scenario.lasts ? String(scenario.on) : undefined, onclick: () => play(scenario),
  }, scenario.title);
  const menu = (name, label, held) => element("button", {
    type: "button", class: "scenario opens", "data-scenario": name, "aria-haspopup": "menu", "aria-expanded": "false", disabled: held.some((one) => busy === one.name),
    onclick: (event) => openMenu(event.currentTarget, held.filter((one) => !one.on).map((one) => ({ label: one.title, hint: one.says.split(";")[0], pick: () => play(one) })), label),
  }, label);
  const play = async (scenario) => {
    busy = scenario.name;
    refresh();
    const ending = scenario.lasts && scenario.on;
    const done = await attempt(() => post(`/scenarios/${scenario.name}`, { on: !ending }));
    busy = null;
    if (done) toast(ending ? `“${scenario.title}” is over.` : scenario.says);
    for (const kind of ["moved", "phone", "mail"]) store.emit(kind, {});
    refresh();
  };
  refresh();
  store.on("open", refresh);
  store.on("change", refresh);
  setInterval(refresh, 5000); // faults are told by no event
}
