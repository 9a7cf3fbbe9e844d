// Everything around the messages: servers, channels, members, the head of the channel, and who one acts as.

import { h, icon, avatar, colour, initials } from "./dom.js";
import { openMenu, userMenu } from "./menus.js";
import { channelIcon } from "./suggestions.js";
import { DIRECT, state, guild, channel, nameOf, person, rolesOf } from "./store.js";

const CATEGORY = 4,
  VOICE = 2;
const at = (id) => document.getElementById(id);
const togglers = { channels: "show-channels", members: "show-members" };

/** Draw the servers of the person acted as. */
export function drawGuilds(open) {
  at("guilds").replaceChildren(
    ...[...state.guilds.values()].map((one) =>
      h(
        "button.guild",
        {
          type: "button",
          title: one.name,
          "aria-label": one.name,
          "aria-current": one.id === state.guildId ? "true" : null,
          "data-testid": "guild",
          "data-guild": one.id,
          onclick: () => open(one.id),
        },
        one.id === DIRECT ? "@" : initials(one.name),
      ),
    ),
  );
  markUnread();
}

/** Mark the channels, and the servers they are in, where something was written that nobody read. */
export function markUnread() {
  for (const button of document.querySelectorAll(".channel[data-channel]"))
    button.classList.toggle("unread", state.unread.has(button.dataset.channel));
  for (const button of document.querySelectorAll(".guild")) {
    const { channels, threads } = state.guilds.get(button.dataset.guild);
    const unread = [...channels, ...threads].some((one) => state.unread.has(one.id));
    button.classList.toggle("unread", unread);
  }
}

/** Draw the channels in their categories, threads below their channels, and who is in voice. */
export function drawChannels(open) {
  const here = guild();
  const focused = document.activeElement?.closest?.(".channel")?.dataset.channel;
  at("guild-name").replaceChildren(
    h("h1", { "data-testid": "guild-name" }, here?.name ?? "No server"),
    h("span.count", here && here.id !== DIRECT ? `${here.members.length} members` : ""),
  );
  if (!here) {
    at("channel-list").replaceChildren(
      h("p.empty", "This person is in no server. Let them join one in the sandbox panel."),
    );
    return;
  }
  const byPlace = (a, b) => (a.type === VOICE) - (b.type === VOICE) || a.position - b.position;
  const below = (parent) =>
    here.channels
      .filter((one) => (one.parent_id ?? null) === parent && one.type !== CATEGORY)
      .sort(byPlace)
      .map((one) => entry(one, here, open));
  const categories = here.channels.filter((one) => one.type === CATEGORY).sort(byPlace);
  const seen = new Set(categories.map((one) => one.id));
  const orphans = here.channels
    .filter((one) => one.parent_id && !seen.has(one.parent_id))
    .map((one) => entry(one, here, open));
  at("channel-list").replaceChildren(
    h("ul", below(null), orphans),
    ...categories.map((one) => {
      const rows = below(one.id);
      return rows.length
        ? h(
            "details",
            { open: !closed.has(one.id), ontoggle: (event) => remember(event, one.id) },
            h("summary", icon("down"), one.name),
            h("ul", rows),
          )
        : "";
    }),
  );
  markUnread();
  if (focused) document.querySelector(`.channel[data-channel="${focused}"]`)?.focus();
}

const closed = new Set();

function remember(event, id) {
  if (event.target.open) closed.delete(id);
  else closed.add(id);
}

function entry(one, here, open) {
  const threads = here.threads.filter(
    (thread) => thread.parent_id === one.id && !thread.thread_metadata?.archived,
  );
  const talkers = (here.voice_states ?? []).filter((voice) => voice.channel_id === one.id);
  return h(
    "li",
    channelButton(one, open),
    threads.length
      ? h(
          "ul.threads",
          threads.map((thread) => h("li", channelButton(thread, open))),
        )
      : null,
    talkers.length
      ? h(
          "ul.talkers",
          talkers.map((voice) => talker(voice, here)),
        )
      : null,
  );
}

function talker(voice, here) {
  const user = here.members.find((one) => one.user.id === voice.user_id)?.user;
  return user ? h("li.talker", avatar(user.id, person(user).name, "tiny"), person(user).name) : null;
}

function channelButton(one, open) {
  return h(
    "button.channel",
    {
      type: "button",
      "data-testid": "channel",
      "data-channel": one.id,
      "aria-current": one.id === state.channelId ? "page" : null,
      onclick: () => open(one.id),
    },
    icon(channelIcon(one)),
    h("span", one.name),
  );
}

/** Draw the head of the channel, with the buttons that open the panes on narrow screens. */
export function drawHead(openPanel) {
  const here = channel();
  const toggle = (name, label, glyph) =>
    h(
      `button.plain.toggle-${name}`,
      { type: "button", "aria-label": label, title: label, onclick: () => togglePane(name) },
      icon(glyph),
    );
  at("chat-head").replaceChildren(
    toggle("channels", "Channels", "menu"),
    icon(channelIcon(here)),
    h("h2", { "data-testid": "channel-name" }, here?.name ?? ""),
    h("p.topic", { title: here?.topic }, here?.topic ?? ""),
    h(
      "button.plain",
      {
        type: "button",
        "aria-label": "Sandbox panel",
        title: "Sandbox panel: traffic, faults, requests",
        "data-testid": "open-panel",
        onclick: openPanel,
      },
      icon("flask"),
    ),
    toggle("members", "Members", "people"),
  );
}

function togglePane(name) {
  const app = at("app");
  for (const [other, mark] of Object.entries(togglers))
    app.classList.toggle(mark, other === name ? !app.classList.contains(mark) : false);
  at("veil").hidden = !Object.values(togglers).some((mark) => app.classList.contains(mark));
}

export function closePanes() {
  at("app").classList.remove(...Object.values(togglers));
  at("veil").hidden = true;
}

/** Draw the members under the roles that are shown apart, then those who are not here. */
export function drawMembers() {
  const here = guild();
  if (!here) {
    at("members").replaceChildren();
    return;
  }
  const hoisted = here.roles.filter((role) => role.hoist).sort((a, b) => b.position - a.position);
  const groups = new Map(hoisted.map((role) => [role.name, []]));
  groups.set("Members", []);
  for (const one of here.members)
    groups.get(rolesOf(one).find((role) => role.hoist)?.name ?? "Members").push(one);
  const byName = (a, b) => nameOf(a.user, a.nick).localeCompare(nameOf(b.user, b.nick));
  at("members").replaceChildren(
    ...[...groups]
      .filter(([, list]) => list.length)
      .map(([name, list]) => group(name, list.sort(byName).map(memberRow))),
    ...(here.banned.length
      ? [
          group(
            "Banned",
            here.banned.map((ban) => goneRow(ban.user, "banned", ban.reason)),
          ),
        ]
      : []),
    ...(here.absent.length
      ? [
          group(
            "Not here",
            here.absent.map((user) => goneRow(user, "absent")),
          ),
        ]
      : []),
  );
}

const group = (name, rows) => h("section", h("h3", `${name} — ${rows.length}`), h("ul", rows));

function memberRow(one) {
  const name = nameOf(one.user, one.nick);
  const tint = colour(person(one.user).colour);
  const timedOut =
    one.communication_disabled_until && new Date(one.communication_disabled_until) > new Date();
  const roles = rolesOf(one)
    .map((role) => role.name)
    .join(", ");
  return row(
    one.user,
    name,
    { title: roles, "data-state": timedOut ? "timed-out" : "member" },
    h("span.member-name", { style: tint ? { color: tint } : {} }, name),
    one.user.bot ? h("span.tag", "APP") : null,
    one.user.id === guild().owner_id ? h("span.crown", { title: "Owner" }, icon("crown")) : null,
    timedOut
      ? h(
          "span.badge",
          { title: `until ${new Date(one.communication_disabled_until).toLocaleString()}` },
          "timed out",
        )
      : null,
  );
}

function goneRow(user, mark, reason) {
  return row(
    user,
    nameOf(user),
    { title: reason, "data-state": mark },
    h("span.member-name", nameOf(user)),
    mark === "banned" ? h("span.badge", "banned") : null,
  );
}

function row(user, name, marks, ...inside) {
  const menu = (event) => openMenu(event, userMenu(user));
  return h(
    "li",
    h(
      "button.member",
      {
        type: "button",
        "data-testid": "member",
        "data-user": user.id,
        ...marks,
        onclick: menu,
        oncontextmenu: menu,
      },
      avatar(user.id, name, "small"),
      ...inside,
    ),
  );
}

/** Draw who one acts as, and let somebody else be chosen. */
export function drawActor(choose) {
  const me = state.me;
  const { name } = person(me);
  const people = state.people.filter((one) => !one.bot);
  const inside = (one) => one.guild_ids.includes(state.guildId);
  const options = (list) =>
    list.map((one) =>
      h(
        "option",
        { value: one.id, selected: one.id === me.id },
        one.named ? `${one.named} · ${nameOf(one)}` : `${nameOf(one)} · @${one.username}`,
      ),
    );
  const [named, others] = [people.filter((one) => one.named), people.filter((one) => !one.named)];
  at("actor").replaceChildren(
    avatar(me.id, name),
    h(
      "label",
      h("small", "Acting as"),
      h(
        "span.select",
        h(
          "select",
          {
            "data-testid": "acting-as",
            "aria-label": "Acting as",
            onchange: (event) => choose(event.target.value),
          },
          h("optgroup", { label: "For trying things" }, options(named)),
          h("optgroup", { label: "Members" }, options(others.filter(inside))),
          h("optgroup", { label: "Elsewhere" }, options(others.filter((one) => !inside(one)))),
        ),
        icon("down"),
      ),
    ),
  );
}

/** Say who is typing. */
export function drawTyping() {
  const names = [...(state.typing.get(state.channelId) ?? [])]
    .filter(([id, until]) => until > Date.now() && id !== state.me?.id)
    .map(([id]) => person({ id, username: "Somebody" }).name);
  const words =
    names.length > 3
      ? "Several people are typing…"
      : names.length
        ? `${names.join(", ")} ${names.length > 1 ? "are" : "is"} typing…`
        : "";
  if (at("typing").textContent !== words) at("typing").textContent = words;
}
