// Above the messages: name, topic, who is here, what is pinned, and the bookmarks bar.

import { attempt, element, get, post } from "/sandbox/static/api.js";
import { avatar } from "/sandbox/static/avatar.js";
import { emoji } from "/sandbox/static/emoji.js";
import { markdown } from "/sandbox/static/markdown.js";
import { drawMessage } from "/sandbox/static/message.js";
import { link } from "/sandbox/static/mrkdwn.js";
import { closePopover, openMenu, openPopover } from "/sandbox/static/popover.js";
import { soon } from "/sandbox/static/store.js";

export function head(store) {
  let details = { members: [], pins: [], bookmarks: [] };
  const name = element("h2", { id: "place-name" }, "…");
  const topic = element("button", { type: "button", id: "place-topic", class: "plain", title: "Set the topic" });
  const members = tool("Members", (anchor) => openPopover(anchor, people(), { label: "Members", kind: "list-box" }));
  const pins = tool("Pinned messages", (anchor) => openPopover(anchor, pinned(), { label: "Pinned messages", kind: "pins-box" }));
  const canvas = tool("Canvas", (anchor) => openPopover(anchor, canvases(), { label: "Canvas", kind: "canvas-box" }));
  canvas.textContent = "📄 Canvas";
  const more = tool("Channel actions", (anchor) => openMenu(anchor, entries(), "Channel actions"));
  more.textContent = "⋯";
  const join = element("button", { type: "button", id: "join", class: "primary", hidden: true, onclick: () => act("/join") }, "Join channel");
  const bar = element("div", { class: "bookmarks", role: "group", "aria-label": "Bookmarks" });
  const made = element("div", { class: "place-head" }, element("div", { class: "title" }, name, topic), element("div", { class: "head-tools" }, canvas, members, pins, more, join));
  topic.addEventListener("click", () => ask(topic, "Topic", [["topic", "Topic", store.channel(store.place)?.topic?.value]], (values) => act("/topic", values)));

  const act = (path, more = {}) => attempt(() => post(path, { user: store.me, channel: store.place, ...more })).then((done) => done?.ok !== false);
  const here = () => store.channelOf(store.place);

  const draw = () => {
    const channel = here();
    const other = channel?.is_im ? store.user(channel.user) : store.users.find((one) => `@${one.name}` === store.place);
    name.replaceChildren(other ? other.real_name || other.name : `${channel?.is_private ? "🔒" : "#"} ${channel?.name ?? "…"}`);
    const inside = Boolean(channel?.is_member) && !channel.is_archived;
    topic.textContent = channel?.is_archived ? "This channel is archived" : channel?.topic?.value || (inside ? "Add a topic" : "");
    topic.hidden = Boolean(other) || !topic.textContent;
    topic.disabled = !inside;
    for (const one of [members, more]) one.hidden = Boolean(other) || !channel;
    members.textContent = `👥 ${details.members.length}`;
    members.setAttribute("aria-label", `Members: ${details.members.length}`);
    pins.textContent = `📌 ${details.pins.length}`;
    pins.setAttribute("aria-label", `Pinned messages: ${details.pins.length}`);
    pins.hidden = !details.pins.length;
    canvas.hidden = !details.canvases?.length;
    join.hidden = !channel || channel.is_im || channel.is_member || channel.is_archived;
    drawBar(inside);
  };

  const drawBar = (inside) => {
    const marks = details.bookmarks.map((one) =>
      element("span", { class: "bookmark" }, link(one.link, `${one.emoji ? emoji(one.emoji.replaceAll(":", "")) : "🔖"} ${one.title}`),
        inside ? element("button", { type: "button", class: "plain", "aria-label": `Remove the bookmark ${one.title}`, onclick: () => act("/unbookmark", { id: one.id }) }, "✕") : null));
    bar.replaceChildren(...marks);
    bar.hidden = !marks.length;
  };

  const people = () =>
    element("ul", { class: "people" }, ...details.members.map((id) => store.user(id) || { id, name: id }).map((one) =>
      element("li", {}, avatar(one), element("span", {}, one.real_name || one.name), element("span", { class: "faint" }, `@${one.name}`))));

  const pinned = () => {
    const list = element("ol", { class: "pins" });
    for (const { message, created_by } of details.pins) {
      const row = drawMessage({ ...message, reactions: [], reply_count: 0, pinned_to: null }, { store, channel: store.place, inThread: true });
      row.append(element("p", { class: "pin-foot" }, element("span", { class: "faint" }, `Pinned by ${store.names.user(created_by) || created_by}`),
        element("button", { type: "button", onclick: () => (closePopover(), store.emit("point", message.ts)) }, "Jump to it"),
        element("button", { type: "button", onclick: () => (closePopover(), act("/unpin", { ts: message.ts })) }, "Unpin")));
      list.append(row);
    }
    return list;
  };

  const canvases = () =>
    element("div", { class: "canvases" }, ...details.canvases.map((one) => element("article", { "aria-label": one.title || "Canvas" },
      element("h3", {}, one.title || "Canvas"),
      ...one.sections.map((section) => {
        const edit = element("button", { type: "button", class: "plain", title: "Edit", "aria-label": "Edit this section" }, "✎");
        edit.addEventListener("click", () => {
          const text = element("textarea", { "aria-label": "Text of the section", rows: 5 }, section.markdown);
          const save = element("button", { type: "button", class: "primary", onclick: () => (closePopover(), act("/canvas", { canvas: one.id, section: section.id, text: text.value })) }, "Save");
          edit.parentElement.replaceChildren(text, save);
          text.focus();
        });
        return element("section", {}, markdown(section.markdown), edit);
      }))));

  const entries = () => {
    const channel = here();
    const inside = channel?.is_member && !channel.is_archived;
    const list = [];
    if (inside) {
      list.push({ label: "Set the topic…", pick: () => topic.click() });
      list.push({ label: "Add a bookmark…", pick: () => ask(more, "Bookmark", [["title", "Title", ""], ["link", "Link", "https://"]], (values) => act("/bookmark", values)) });
      list.push(null, { label: "Leave channel", danger: true, pick: () => act("/leave") });
    }
    return list.length ? list : [{ label: channel?.is_archived ? "This channel is archived" : "Join it first", pick: () => {} }];
  };

  const read = async () => {
    const place = store.place;
    if (!place) return;
    const found = await get(`/channels/${encodeURIComponent(place)}?user=${store.me}`);
    if (place !== store.place) return;
    details = found;
    draw();
  };
  const refresh = soon(read);
  for (const kind of ["channels", "users"]) store.on(kind, draw);
  for (const kind of ["channel", "pin", "bookmark", "canvas", "message_changed", "message_deleted"]) store.on(kind, (change) => change.channel === here()?.id && refresh());
  for (const kind of ["place", "me", "open"]) {
    store.on(kind, () => {
      if (kind !== "open") details = { members: [], pins: [], bookmarks: [] };
      draw();
      refresh();
    });
  }
  return { made, bar };
}

function tool(name, pick) {
  const made = element("button", { type: "button", class: "plain", "aria-label": name, title: name });
  made.addEventListener("click", () => pick(made));
  return made;
}

// A small form beside its button: fields are [name, label, what stands there now].
function ask(anchor, title, fields, done) {
  const inputs = fields.map(([name, label, value], at) => {
    const input = element("input", { type: "text", value: value || "", name, autofocus: at === 0 });
    return [name, input, element("label", {}, label, input)];
  });
  const form = element("form", { class: "ask", autocomplete: "off" }, element("h3", {}, title), ...inputs.map(([, , label]) => label),
    element("div", { class: "modal-foot" }, element("button", { type: "button", onclick: closePopover }, "Cancel"), element("button", { type: "submit", class: "primary" }, "Save")));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (await done(Object.fromEntries(inputs.map(([name, input]) => [name, input.value])))) closePopover();
  });
  openPopover(anchor, form, { label: title });
}
