// The fleet: a line of what its customers got, second by second, and the release that each host runs. Shown once the fleet runs.

import { element, get } from "/sandbox/static/api.js";

const SVG = "http://www.w3.org/2000/svg";
const SECONDS = 120;
const WIDTH = 240;
const HEIGHT = 36;

export function mount(spot) {
  const says = element("span", { class: "fleet-says", role: "status" });
  const chart = draw();
  spot.append(element("span", { class: "fleet-label" }, "Customers of checkout"), chart.svg, says);
  let running = false;

  const refresh = async () => {
    const fleet = await get("/fleet").catch(() => null);
    running = Boolean(fleet?.running);
    spot.hidden = !running;
    if (running) show(fleet, chart, says);
    setTimeout(refresh, running ? 1000 : 4000);
  };
  refresh();
}

function draw() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("class", "fleet-chart");
  svg.setAttribute("role", "img");
  const good = svg.appendChild(document.createElementNS(SVG, "path"));
  const bad = svg.appendChild(document.createElementNS(SVG, "path"));
  good.setAttribute("class", "fleet-good");
  bad.setAttribute("class", "fleet-bad");
  return { svg, good, bad };
}

function show(fleet, chart, says) {
  const shown = fleet.seconds.slice(-SECONDS - 1, -1); // the newest second is not over
  const most = Math.max(1, ...shown.map((one) => one.answered + one.failed));
  const bars = (from, height) => shown.map((one, at) => {
    const x = WIDTH - (shown.length - at) * (WIDTH / SECONDS);
    const size = (height(one) / most) * HEIGHT;
    return size ? `M${x.toFixed(1)} ${(HEIGHT - (from(one) / most) * HEIGHT).toFixed(1)}v${(-size).toFixed(1)}` : "";
  }).join("");
  chart.good.setAttribute("d", bars(() => 0, (one) => one.answered));
  chart.bad.setAttribute("d", bars((one) => one.answered, (one) => one.failed));
  const last = shown.slice(-5);
  const failed = last.reduce((sum, one) => sum + one.failed, 0);
  const all = last.reduce((sum, one) => sum + one.failed + one.answered, 0);
  const releases = [...new Set(Object.values(fleet.releases))].join(", ");
  const percent = all ? Math.round((100 * failed) / all) : 0;
  const serve = fleet.serving.length === 1 ? "1 instance serves" : `${fleet.serving.length} instances serve`;
  says.textContent = `${percent} % errors · release ${releases} · ${serve} · store led by ${fleet.store || "nobody"}`;
  says.classList.toggle("is-bad", percent > 0);
  chart.svg.setAttribute("aria-label", `${percent} percent of the last requests failed`);
}
