// The console: what passed between Tocsin and the outside, live, with its time and its error. What a developer of the bot opens first.

import { attempt, element, get } from "/sandbox/static/api.js";
import { soon } from "/sandbox/static/store.js";

const KINDS = { api: "Web API", event: "Event", command: "Command", action: "Action", sms: "SMS", call: "Call", mail: "Mail", push: "Push", webhook: "Webhook", http: "HTTP" };
const GROUPS = [["", "Everything"], ["api", "Web API"], ["event command action", "Events and envelopes"], ["sms call mail push", "Page attempts"], ["webhook", "Carrier’s webhooks"], ["http", "Requests to Tocsin"]];
const MOST = 600;
const SLOW_MS = 1000;

export function mount(spot, store) {
  const state = { since: 0, lines: new Map(), incident: "", kinds: "", faulty: false, open: null, from: 0 };
  const incident = element("select", { "aria-label": "Incident", onchange: () => again({ incident: incident.value }) });
  const kinds = element("select", { "aria-label": "Kind", onchange: () => again({ kinds: kinds.value }) }, ...GROUPS.map(([value, label]) => element("option", { value }, label)));
  const faulty = element("input", { type: "checkbox", onchange: () => again({ faulty: faulty.checked }) });
  const clear = element("button", { type: "button", onclick: () => again({ from: Date.now() / 1000 }) }, "Clear");
  const list = element("ol", { class: "lines", tabindex: "0", "aria-label": "Lines" });
  spot.append(element("div", { class: "console-bar" }, incident, kinds, element("label", {}, faulty, " Failed"), clear), list);

  const visible = () => spot.offsetParent !== null;
  const again = (change) => {
    Object.assign(state, change, { since: 0, lines: new Map(), open: null });
    list.replaceChildren();
    refresh();
  };
  const refresh = soon(async () => {
    if (!visible()) return;
    drawIncidents();
    // What an incident's call is about may become known later, so with a filter all is asked for again.
    const query = state.incident ? `?incident=${state.incident}` : `?since=${state.since}`;
    const found = await get(`/console${query}`);
    state.since = found.now;
    for (const line of found.lines) state.lines.set(line.number, line);
    draw();
  }, 120);
  const wanted = (line) => line.start >= state.from && (!state.kinds || state.kinds.split(" ").includes(line.kind)) && (!state.faulty || line.error);

  const draw = () => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    const lines = [...state.lines.values()].filter(wanted).sort((a, b) => a.start - b.start || a.number - b.number).slice(-MOST);
    const rows = new Map([...list.children].map((row) => [row.dataset.key, row]));
    list.replaceChildren(...lines.map((line) => {
      const key = `${line.number} ${line.end} ${line.incidents}`;
      return rows.get(key) || row(line, key);
    }));
    if (!lines.length) list.append(element("li", { class: "empty" }, "Nothing has passed yet."));
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  const row = (line, key) => {
    const body = element("pre", { hidden: true });
    const open = async () => {
      body.hidden = !body.hidden;
      button.setAttribute("aria-expanded", String(!body.hidden));
      const opened = body.hidden ? null : await attempt(() => get(`/console/${line.number}`));
      if (opened) body.textContent = readable(opened.detail);
    };
    const took = line.ms === null ? "…" : line.ms >= 10 ? `${Math.round(line.ms)} ms` : `${line.ms} ms`;
    const button = element("button", { type: "button", class: "line", "aria-expanded": "false", onclick: open },
      element("time", {}, moment(line.start)), element("span", { class: `line-kind kind-${line.kind}` }, KINDS[line.kind] || line.kind),
      element("span", { class: "line-what" }, shorter(line.what)), element("span", { class: `line-ms${line.ms >= SLOW_MS ? " slow" : ""}` }, took),
      element("span", { class: "line-who" }, [line.who, line.incidents.map((n) => `#${n}`).join(" ")].filter(Boolean).join(" · ")),
      line.error ? element("span", { class: "line-error" }, line.error) : null);
    return element("li", { "data-key": key, class: line.error ? "line-failed" : undefined }, button, body);
  };
  const drawIncidents = () => {
    const numbers = [...new Set(store.channels.map((one) => /^inc-(\d+)/.exec(one.name || "")?.[1]).filter(Boolean))].sort((a, b) => b - a);
    if (incident.dataset.drawn === String(numbers) || document.activeElement === incident) return;
    incident.dataset.drawn = String(numbers);
    incident.replaceChildren(element("option", { value: "" }, "All incidents"), ...numbers.map((n) => element("option", { value: n, selected: n === state.incident }, `#${n}`)));
  };
  for (const kind of ["open", "change", "channels", "shown"]) store.on(kind, refresh);
  setInterval(refresh, 1500); // carrier and mailbox tell of nothing that fails
}

const moment = (seconds) => new Date(seconds * 1000).toLocaleTimeString([], { hour12: false }) + `.${String(Math.floor((seconds % 1) * 1000)).padStart(3, "0")}`;

// Keys and signatures in an address are long and say nothing.
const shorter = (what) => what.replace(/\/[\w-]{18,}[\w.-]*/g, "/…");

// Slack's clients send blocks and the like as JSON within JSON: shown as what it is.
function readable(detail) {
  const unpack = (name, value) => {
    if (typeof value !== "string" || !/^[[{]/.test(value)) return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  };
  return JSON.stringify(detail, unpack, 2);
}
