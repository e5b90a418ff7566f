// The left column: channels, direct messages and apps, with what is unread in each.

import { element } from "/sandbox/static/api.js";
import { avatar } from "/sandbox/static/avatar.js";

export function mount(spot, store) {
  const channels = element("ul", { id: "channels" });
  const directs = element("ul", { id: "directs" });
  const apps = element("ul", { id: "apps" });
  spot.append(
    group("Channels", channels),
    group("Direct messages", directs),
    group("Apps", apps),
  );
  let drawn = "";

  const entry = (id, mark, label, about = {}) => {
    const current = id === store.place;
    const unread = current ? 0 : about.unread_count || 0;
    const loud = current ? 0 : about.mention_count || 0;
    const kinds = ["place", about.is_archived && "faint", unread && "fresh"].filter(Boolean).join(" ");
    const count = loud ? element("span", { class: "count" }, loud > 99 ? "99+" : String(loud)) : null;
    const said = unread ? element("span", { class: "sr" }, `, ${unread > 99 ? "more than 99" : unread} unread`) : null;
    return element("li", {},
      element("button", { type: "button", class: kinds, "aria-current": current ? "page" : undefined, onclick: () => store.go(id) },
        mark, element("span", { class: "label" }, label, said), count));
  };

  const draw = () => {
    const now = JSON.stringify([store.users, store.channels, store.apps, store.place, store.me]);
    if (now === drawn) return;
    drawn = now;
    const focused = document.activeElement?.closest?.(".place")?.textContent;
    const named = store.channels.filter((one) => one.name && !one.is_im && !one.is_mpim);
    named.sort((a, b) => Number(a.is_archived) - Number(b.is_archived) || a.name.localeCompare(b.name));
    channels.replaceChildren(...named.map((one) => entry(one.id, sign(one), one.name, one)));
    const others = store.people().filter((one) => one.name !== store.me);
    const groups = store.channels.filter((one) => one.is_mpim);
    directs.replaceChildren(
      ...others.map((one) => entry(direct(one), avatar(one), one.real_name || one.name, directOf(one))),
      ...groups.map((one) => entry(one.id, element("span", { class: "sign", "aria-hidden": "true" }, "⁂"), groupName(one), one)),
    );
    const bots = store.users.filter((one) => one.is_bot && !one.deleted && store.apps.some((app) => app.bot_user_id === one.id));
    apps.replaceChildren(...bots.map((one) => entry(direct(one), avatar(one), one.real_name || one.name, directOf(one))));
    if (focused) [...spot.querySelectorAll(".place")].find((one) => one.textContent === focused)?.focus();
  };

  const directOf = (user) => store.channels.find((one) => one.is_im && one.user === user.id);
  const direct = (user) => directOf(user)?.id || `@${user.name}`;
  const groupName = (one) =>
    (one.members || []).filter((id) => id !== store.id).map((id) => store.user(id)?.name || id).join(", ") || one.name;

  for (const kind of ["users", "channels", "apps", "place", "me"]) store.on(kind, draw);
  spot.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches(".place")) return;
    event.preventDefault();
    const all = [...spot.querySelectorAll(".place")];
    all[all.indexOf(event.target) + step]?.focus();
  });
}

function group(title, list) {
  return element("section", {}, element("h2", {}, title), list);
}

function sign(channel) {
  const mark = channel.is_archived ? "🗄" : channel.is_private ? "🔒" : "#";
  const said = channel.is_archived ? "archived" : channel.is_private ? "private" : "";
  return element("span", { class: "sign", "aria-hidden": said ? undefined : "true" }, said ? element("span", { role: "img", "aria-label": said }, mark) : mark);
}
