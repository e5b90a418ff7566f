// An app's own place: its home tab, its messages, and what it can do.

import { act, suggest } from "/sandbox/static/act.js";
import { attempt, element, get, post } from "/sandbox/static/api.js";
import { blocks } from "/sandbox/static/blocks.js";
import { soon } from "/sandbox/static/store.js";

const TABS = [["home", "Home"], ["messages", "Messages"], ["about", "About"]];

/** The tabs above an app's messages, and what is shown in place of them. `turn(tab)` is called when one is chosen. */
export function appTabs(store, turn) {
  const bar = element("div", { class: "app-tabs", role: "tablist", "aria-label": "App", hidden: true });
  const page = element("div", { class: "app-page", hidden: true, tabindex: "0" });
  let drawn = "";

  const show = (tab) => {
    store.tab = tab;
    drawn = "";
    draw();
    turn(tab);
    const app = store.appOf(store.place);
    if (app && tab === "home") attempt(() => post("/home", { user: store.me, app: app.id, tab: "home" })).then(refresh);
  };

  const draw = () => {
    const app = store.appOf(store.place);
    bar.hidden = !app;
    const there = app ? TABS.filter(([name]) => name !== "home" || app.home_tab) : [];
    const tab = app ? store.tab : "messages";
    bar.replaceChildren(...there.map(([name, label]) =>
      element("button", { type: "button", role: "tab", "aria-selected": String(name === tab), tabindex: name === tab ? "0" : "-1", onclick: () => show(name) }, label)));
    page.hidden = tab === "messages";
    page.setAttribute("aria-label", tab === "home" ? "Home" : "About");
    if (tab === "about") page.replaceChildren(about(app));
    else if (tab === "home") refresh();
  };

  const refresh = soon(async () => {
    const app = store.appOf(store.place);
    if (!app || store.tab !== "home") return;
    const views = await get(`/views/${store.me}`);
    const view = views.find((one) => one.type === "home" && one.app_id === app.id);
    const now = JSON.stringify([store.me, view?.id, view?.hash]);
    if (now === drawn) return;
    drawn = now;
    const place = { view_id: view?.id };
    const surface = { names: store.names, modal: true, act: (action, on) => act(store, place, action, on), suggest: (action) => suggest(store, place, action) };
    page.replaceChildren(view ? blocks(view.blocks, surface) : element("p", { class: "empty" }, `${app.name} has not published a home for you yet. Your opening this tab was told to it.`));
  });

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const all = [...bar.children];
    const next = (all.indexOf(document.activeElement) + step + all.length) % all.length;
    all[next].click();
    bar.children[next].focus();
  });
  store.on("view", refresh);
  for (const kind of ["place", "me", "apps", "channels"]) store.on(kind, draw);
  return { bar, page };
}

function about(app) {
  const commands = (app.commands || []).map((one) =>
    element("li", {}, element("code", {}, `${one.command} ${one.usage_hint || ""}`), element("p", { class: "faint" }, one.description || "")));
  const shortcuts = (app.shortcuts || []).map((one) =>
    element("li", {}, element("b", {}, one.name), element("p", { class: "faint" }, `${one.description || ""} (${one.type === "global" ? "from the ⚡ menu" : "from a message’s ⋯ menu"})`)));
  return element("div", { class: "about" }, element("h3", {}, app.name),
    element("h4", {}, "Commands"), element("ul", {}, ...commands), element("h4", {}, "Shortcuts"), element("ul", {}, ...shortcuts));
}
