// The message list: groups by author, replies, attachments, reactions, ephemeral and deferred answers.

import { h, icon, avatar, colour, clockTime, dayName, friendlyTime, timeOf, toast } from "./dom.js";
import { api } from "./api.js";
import { markdown, oneLine } from "./markdown.js";
import { embed } from "./embeds.js";
import { components } from "./components.js";
import { openMenu, messageMenu, userMenu } from "./menus.js";
import { state, messagesOf, message, person, can, MAY, changed } from "./store.js";

const EPHEMERAL = 64,
  LOADING = 128,
  REPLY = 19,
  JOIN = 7,
  PINNED = 6,
  THREAD = 18,
  SLASH = 20,
  MENU = 23;
const GROUP_MS = 7 * 60 * 1000;
const PALETTE = ["👍", "👎", "😂", "❤️", "🎉", "👀", "⚓", "🚢", "🌊", "🔥", "🤔", "✅"];
const list = () => document.getElementById("messages");

/** Draw the open channel's messages; stays at the bottom unless the reader scrolled up. */
export function drawMessages() {
  const root = list();
  const atBottom = root.scrollHeight - root.scrollTop - root.clientHeight < 80;
  const rows = [];
  let before = null;
  for (const one of messagesOf()) {
    const when = timeOf(one.id);
    if (!before || timeOf(before.id).toDateString() !== when.toDateString())
      rows.push({ key: `day${one.id}`, make: () => divider(when), mark: "" });
    const grouped = belongsTo(before, one);
    rows.push({ key: one.id, mark: fingerprint(one, grouped), make: () => row(one, grouped) });
    before = one;
  }
  patch(root, rows);
  if (atBottom || root.dataset.channel !== state.channelId) root.scrollTop = root.scrollHeight;
  root.dataset.channel = state.channelId ?? "";
}

function fingerprint(one, grouped) {
  const author = one.author ? person(one.author) : {};
  const editing = state.editing === one.id;
  return JSON.stringify([
    one,
    grouped,
    author.name,
    author.colour,
    editing,
    state.me?.id,
    can(MAY.manageMessages),
  ]);
}

function patch(root, rows) {
  const old = new Map([...root.children].map((node) => [node.dataset.key, node]));
  const fresh = rows.map(({ key, mark, make }) => {
    const kept = old.get(key);
    if (kept && kept.mark === mark) return kept;
    const node = make();
    node.dataset.key = key;
    node.mark = mark;
    return node;
  });
  const wanted = new Set(fresh);
  for (const node of [...root.children]) if (!wanted.has(node)) node.remove();
  fresh.forEach((node, index) => {
    if (root.children[index] !== node) root.insertBefore(node, root.children[index] ?? null);
  });
}

const divider = (when) => h("div.divider", { role: "separator" }, h("span", dayName(when)));

function belongsTo(before, one) {
  return (
    before !== null &&
    before.author?.id === one.author?.id &&
    [0, SLASH].includes(before.type) &&
    one.type === 0 &&
    !one.message_reference &&
    !one.interaction_metadata &&
    (before.flags & EPHEMERAL) === (one.flags & EPHEMERAL) &&
    timeOf(one.id) - timeOf(before.id) < GROUP_MS &&
    timeOf(one.id).toDateString() === timeOf(before.id).toDateString()
  );
}

function row(one, grouped) {
  const system = {
    [JOIN]: "joined the server.",
    [PINNED]: "pinned a message to this channel.",
    [THREAD]: `started a thread: ${one.content}`,
  }[one.type];
  const marks = {
    "data-testid": "message",
    "data-message": one.id,
    "data-author": one.author.id,
    "data-ephemeral": one.flags & EPHEMERAL ? "true" : null,
    "data-pending": one.flags & LOADING ? "true" : null,
    oncontextmenu: (event) => openMenu(event, messageMenu(one)),
    tabindex: "-1",
  };
  const classes = [
    "article.message",
    grouped ? "grouped" : "first",
    one.flags & EPHEMERAL ? "ephemeral" : "",
    mentionsMe(one) ? "mentioned" : "",
    one.pending ? "sending" : "",
  ];
  if (system)
    return h(
      "article.message.system",
      marks,
      icon({ [JOIN]: "join", [PINNED]: "pin" }[one.type] ?? "thread"),
      h("p", author(one), ` ${system} `, stamp(one)),
    );
  return h(
    classes.filter(Boolean).join("."),
    marks,
    preface(one),
    ...(grouped ? [h("time.aside", { "aria-hidden": "true" }, clockTime(timeOf(one.id)))] : [face(one)]),
    h("div.body", grouped ? null : headline(one), content(one), reactions(one), footnote(one)),
    tools(one),
  );
}

const mentionsMe = (one) =>
  one.author.id !== state.me?.id &&
  (one.mention_everyone ||
    one.mentions?.some((user) => user.id === state.me?.id) ||
    one.mention_roles?.some((id) => person(state.me).member?.roles.includes(id)));

const face = (one) =>
  h(
    "button.face",
    {
      type: "button",
      "aria-label": `Actions for ${person(one.author).name}`,
      onclick: (event) => openMenu(event, userMenu(one.author)),
      oncontextmenu: (event) => openMenu(event, userMenu(one.author)),
    },
    avatar(one.author.id, person(one.author).name),
  );

function author(one) {
  const who =
    one.webhook_id && !one.application_id ? { name: one.author.username, colour: 0 } : person(one.author);
  const tint = colour(who.colour);
  return h(
    "button.author",
    {
      type: "button",
      style: tint ? { color: tint } : {},
      onclick: (event) => openMenu(event, userMenu(one.author)),
      oncontextmenu: (event) => openMenu(event, userMenu(one.author)),
    },
    who.name,
  );
}

const stamp = (one) =>
  h(
    "time.when",
    { datetime: timeOf(one.id).toISOString(), title: timeOf(one.id).toLocaleString() },
    friendlyTime(timeOf(one.id)),
  );

function headline(one) {
  return h(
    "header",
    author(one),
    one.author.bot ? h("span.tag", one.webhook_id && !one.application_id ? "WEBHOOK" : "APP") : null,
    stamp(one),
  );
}

/** What stands above a message: whom it answers, or who used which command. */
function preface(one) {
  const used = one.interaction_metadata ?? one.interaction;
  if (used && [SLASH, MENU].includes(one.type)) {
    const by = person(used.user);
    return h(
      "div.preface",
      { "data-testid": "used" },
      h("span.elbow"),
      avatar(used.user.id, by.name, "tiny"),
      h("span.author", { style: by.colour ? { color: colour(by.colour) } : {} }, by.name),
      " used ",
      h(
        "span.mention",
        `${one.type === SLASH ? "/" : ""}${one.interaction?.name ?? used.name ?? "a command"}`,
      ),
    );
  }
  if (one.type !== REPLY && !one.message_reference) return null;
  const to = one.referenced_message ?? message(one.message_reference?.message_id);
  if (!to) return h("div.preface", h("span.elbow"), h("em", "The original message was deleted"));
  const by = person(to.author);
  return h(
    "button.preface",
    { type: "button", onclick: () => jumpTo(to.id), "aria-label": `Go to the message by ${by.name}` },
    h("span.elbow"),
    avatar(to.author.id, by.name, "tiny"),
    h("span.author", { style: by.colour ? { color: colour(by.colour) } : {} }, by.name),
    h("span.excerpt", to.content ? oneLine(to.content.slice(0, 160)) : h("em", "Click to see attachment")),
  );
}

function jumpTo(id) {
  const node = list().querySelector(`[data-message="${id}"]`);
  if (!node) return;
  node.scrollIntoView({ block: "center", behavior: "smooth" });
  node.classList.add("flash");
  setTimeout(() => node.classList.remove("flash"), 1500);
}

function content(one) {
  if (state.editing === one.id) return editor(one);
  if (one.failed) return h("p.failed", { "data-testid": "failed" }, one.failed);
  if (one.flags & LOADING)
    return h(
      "p.thinking",
      { "data-testid": "thinking" },
      h("span.dots", h("i"), h("i"), h("i")),
      one.pending ? "Sending command…" : `${person(one.author).name} is thinking…`,
    );
  const edited = one.edited_timestamp
    ? h("span.edited", { title: new Date(one.edited_timestamp).toLocaleString() }, "(edited)")
    : null;
  const text = markdown(one.content ?? "");
  if (edited) (text.at(-1)?.className === "line" ? text.at(-1) : text).append?.(edited);
  const big = /^(\p{Extended_Pictographic}(\uFE0F)?\s*){1,6}$/u.test(one.content ?? "");
  return h(
    "div.content",
    one.content ? h(big ? "div.text.big" : "div.text", { "data-testid": "content" }, text) : null,
    (one.attachments ?? []).map(attachment),
    (one.embeds ?? []).map(embed),
    components(one),
  );
}

function attachment(file) {
  const kind = file.content_type ?? "";
  if (kind.startsWith("image/"))
    return h(
      "a.picture",
      { href: file.url, target: "_blank", rel: "noreferrer" },
      h("img", { src: file.url, alt: file.description ?? file.filename, loading: "lazy" }),
    );
  return h(
    "a.file",
    { href: file.url, download: file.filename },
    icon("file"),
    h("span", h("b", file.filename), h("small", `${Math.max(1, Math.round(file.size / 1024))} KB`)),
  );
}

function reactions(one) {
  if (!one.reactions?.length) return null;
  return h(
    "div.reactions",
    { "aria-label": "Reactions" },
    one.reactions.map((reaction) =>
      h(
        `button.reaction${reaction.me ? ".mine" : ""}`,
        {
          type: "button",
          "aria-pressed": String(Boolean(reaction.me)),
          "data-testid": "reaction",
          "aria-label": `${reaction.emoji.name}, ${reaction.count} reactions`,
          onclick: () => toggleReaction(one, reaction.emoji, reaction.me),
        },
        h("span", reaction.emoji.name),
        h("span.count", String(reaction.count)),
      ),
    ),
  );
}

async function toggleReaction(one, emoji, mine) {
  const name = encodeURIComponent(emoji.id ? `${emoji.name}:${emoji.id}` : emoji.name);
  const path = `/channels/${one.channel_id}/messages/${one.id}/reactions/${name}/@me`;
  try {
    await (mine ? api.delete(path) : api.put(path));
  } catch (error) {
    toast(error.message);
  }
}

function footnote(one) {
  if (!(one.flags & EPHEMERAL) || one.pending) return null;
  return h(
    "p.only-you",
    icon("eye"),
    "Only you can see this · ",
    h("button.link", { type: "button", onclick: () => dismiss(one) }, "Dismiss message"),
  );
}

function dismiss(one) {
  state.messages.set(
    one.channel_id,
    messagesOf(one.channel_id).filter((other) => other.id !== one.id),
  );
  changed("messages");
}

function tools(one) {
  if (one.flags & (EPHEMERAL | LOADING)) return null;
  const button = (name, label, act) =>
    h("button", { type: "button", title: label, "aria-label": label, onclick: act }, icon(name));
  return h(
    "div.tools",
    { role: "toolbar", "aria-label": "Message actions" },
    button("smile", "Add a reaction", (event) => openMenu(event, palette(one))),
    one.author.id === state.me.id
      ? button("pencil", "Edit", () => edit(one))
      : button("reply", "Reply", () => reply(one)),
    button("more", "More", (event) => openMenu(event, messageMenu(one))),
  );
}

function palette(one) {
  return {
    label: "Reactions",
    grid: true,
    items: PALETTE.map((emoji) => ({ label: emoji, run: () => toggleReaction(one, { name: emoji }, false) })),
  };
}

export function reply(one) {
  state.replyTo = one;
  changed("reply");
}

export function edit(one) {
  state.editing = one.id;
  changed("messages");
  list().querySelector(".editor textarea")?.focus();
}

function editor(one) {
  const stop = () => {
    state.editing = null;
    changed("messages");
  };
  const save = async (text) => {
    try {
      await api.patch(`/channels/${one.channel_id}/messages/${one.id}`, { content: text });
      stop();
    } catch (error) {
      toast(error.message);
    }
  };
  const keys = (event) => {
    if (event.key === "Escape") stop();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save(event.target.value);
    }
  };
  return h(
    "div.editor",
    h("textarea", { "aria-label": "Edit message", rows: "2", onkeydown: keys, value: one.content }),
    h("small", "Escape to cancel, Enter to save"),
  );
}
