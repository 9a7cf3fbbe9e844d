// Context menus: what one can do with a user or a message, the applications' own commands, and moderating by hand.

import { h, toast } from "./dom.js";
import { api } from "./api.js";
import { commandIndex } from "./commands.js";
import { runCommand } from "./interactions.js";
import { ask } from "./dialogs.js";
import { reply, edit } from "./messages.js";
import { state, guild, member, person, nameOf, can, MAY } from "./store.js";

let open = null;

/** Open a menu where the event happened: the pointer, or the button that was pressed. */
export async function openMenu(event, making) {
  event.preventDefault();
  event.stopPropagation();
  const origin = event.currentTarget;
  const box = origin.getBoundingClientRect();
  const point =
    event.type === "contextmenu" && event.clientX ? [event.clientX, event.clientY] : [box.left, box.bottom];
  closeMenu();
  const { label, items, grid } = await making;
  show(items.filter(Boolean), label, point, grid, origin);
}

function show(items, label, [x, y], grid, origin) {
  const node = h(
    grid ? "div.menu.grid" : "div.menu",
    { role: "menu", "aria-label": label, "data-testid": "menu", onkeydown: move },
    grid ? null : h("div.menu-title", label),
    items.map(entry),
  );
  document.body.append(node);
  node.style.left = `${Math.max(8, Math.min(x, innerWidth - node.offsetWidth - 8))}px`;
  node.style.top = `${Math.max(8, Math.min(y, innerHeight - node.offsetHeight - 8))}px`;
  open = { node, origin };
  node.querySelector("[role=menuitem]")?.focus();
}

function entry(item) {
  if (item === "-") return h("hr");
  if (item.heading) return h("div.menu-heading", item.heading);
  const choose = () => {
    closeMenu();
    Promise.resolve(item.run()).catch((error) => toast(error.message));
  };
  return h(
    item.danger ? "button.danger" : "button",
    { type: "button", role: "menuitem", onclick: choose },
    item.icon ?? null,
    item.label,
  );
}

function move(event) {
  const items = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = items.indexOf(document.activeElement);
  const steps = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 };
  if (event.key in steps) {
    event.preventDefault();
    items[(at + steps[event.key] + items.length) % items.length]?.focus();
  }
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu();
  }
}

function closeMenu() {
  if (!open) return;
  const { node, origin } = open;
  open = null;
  node.remove();
  if (origin?.isConnected) origin.focus?.();
}

document.addEventListener("pointerdown", (event) => {
  if (open && !open.node.contains(event.target)) closeMenu();
});
addEventListener("resize", closeMenu);

const copy = (text) =>
  navigator.clipboard?.writeText(text).then(
    () => toast("Copied.", "info"),
    () => toast(text, "info"),
  ) ?? toast(text, "info");

async function apps(type, targetId) {
  const { commands, applications } = await commandIndex();
  const found = commands.filter((command) => command.type === type);
  if (!found.length) return [];
  return [
    "-",
    { heading: "Apps" },
    ...found.map((command) => ({
      label: command.name,
      run: () => runCommand(command, applications.get(command.application_id), { targetId }),
    })),
  ];
}

/** What one can do with a message. */
export async function messageMenu(one) {
  const mine = one.author.id === state.me.id;
  const path = `/channels/${one.channel_id}/messages/${one.id}`;
  const real = !(one.flags & 64);
  return {
    label: `Message by ${person(one.author).name}`,
    items: [
      real && { label: "Reply", run: () => reply(one) },
      real && mine && { label: "Edit message", run: () => edit(one) },
      { label: "Copy text", run: () => copy(one.content) },
      { label: "Copy message ID", run: () => copy(one.id) },
      ...(real ? await apps(3, one.id) : []),
      real && (mine || can(MAY.manageMessages)) && "-",
      real &&
        (mine || can(MAY.manageMessages)) && {
          label: "Delete message",
          danger: true,
          run: () => api.delete(path),
        },
    ],
  };
}

/** What one can do with somebody. */
export async function userMenu(user) {
  const here = member(user.id);
  return {
    label: person(user).name,
    items: [
      { label: "Mention", run: () => document.dispatchEvent(new CustomEvent("mention", { detail: user })) },
      { label: "Copy user ID", run: () => copy(user.id) },
      ...(here ? await apps(2, user.id) : []),
      ...byHand(user, here),
    ],
  };
}

function byHand(user, here) {
  const base = `/guilds/${state.guildId}`;
  const banned = guild().banned.some((ban) => ban.user.id === user.id);
  const until = (minutes) => ({
    communication_disabled_until: minutes ? new Date(Date.now() + minutes * 60000).toISOString() : null,
  });
  const timedOut =
    here?.communication_disabled_until && new Date(here.communication_disabled_until) > new Date();
  const items = [
    here &&
      can(MAY.timeOut) &&
      !timedOut && {
        label: "Time out for 10 minutes",
        run: () => api.patch(`${base}/members/${user.id}`, until(10)),
      },
    here &&
      can(MAY.timeOut) &&
      timedOut && { label: "Remove timeout", run: () => api.patch(`${base}/members/${user.id}`, until(0)) },
    here &&
      can(MAY.kick) && {
        label: `Kick ${nameOf(user)}`,
        danger: true,
        run: () => withReason("Kick", user, (reason) => api.delete(`${base}/members/${user.id}`, { reason })),
      },
    !banned &&
      can(MAY.ban) && {
        label: `Ban ${nameOf(user)}`,
        danger: true,
        run: () =>
          withReason("Ban", user, (reason) =>
            api.put(`${base}/bans/${user.id}`, { delete_message_seconds: 0 }, { reason }),
          ),
      },
    banned && can(MAY.ban) && { label: "Unban", run: () => api.delete(`${base}/bans/${user.id}`) },
  ].filter(Boolean);
  return items.length && user.id !== state.me.id ? ["-", { heading: "By hand" }, ...items] : [];
}

async function withReason(word, user, act) {
  const reason = await ask(`${word} ${nameOf(user)}`, "Reason", word);
  if (reason !== null) await act(reason);
}
