// What the pickers offer: people, roles, channels and the commands of this server.

import { avatar, colour, h, icon } from "./dom.js";
import { guild, channels, nameOf, person, state } from "./store.js";

/** The people of this server, then those who left or were banned. */
export function people({ gone = false } = {}) {
  const here = guild().members.map((one) => personItem(one.user, nameOf(one.user, one.nick)));
  if (!gone) return here;
  const away = [...guild().banned.map((ban) => ban.user), ...guild().absent];
  return [...here, ...away.map((user) => personItem(user, nameOf(user), "not here"))];
}

function personItem(user, name, side) {
  return {
    kind: "user",
    value: user.id,
    label: name,
    note: `@${user.username}`,
    side,
    search: [user.username, `@${user.username}`, `@${name}`, `<@${user.id}>`, user.id],
    face: avatar(user.id, name, "tiny"),
    text: `@${user.username}`,
  };
}

export function roles() {
  return guild()
    .roles.toSorted((a, b) => b.position - a.position)
    .map((role) => {
      const label = role.id === guild().id ? "@everyone" : `@${role.name}`;
      return {
        kind: "role",
        value: role.id,
        label,
        search: [role.name, role.id, `<@&${role.id}>`],
        face: h("span.dot", { style: { background: colour(role.color) ?? "#949ba4" } }),
        text: label,
      };
    });
}

export function rooms(types) {
  const wanted = new Set(types ?? []);
  return channels()
    .filter((one) => !wanted.size || wanted.has(one.type))
    .map((one) => ({
      kind: "channel",
      value: one.id,
      label: one.name,
      search: [`#${one.name}`, one.id, `<#${one.id}>`],
      face: icon(channelIcon(one)),
      text: `#${one.name}`,
    }));
}

export const channelIcon = (one) =>
  ({ 1: "at", 2: "voice", 5: "megaphone", 10: "thread", 11: "thread", 12: "thread", 13: "voice" })[
    one?.type
  ] ?? "hash";

/** Slash commands with the application that answers them. */
export function commandItems(leaves, applications) {
  return leaves.map((leaf) => {
    const application = applications.get(leaf.command.application_id);
    const name = application ? person(application).name : "";
    return {
      kind: "command",
      value: leaf,
      label: `/${leaf.label}`,
      note: leaf.description,
      side: name,
      search: [leaf.label],
      face: application ? avatar(application.id, name, "tiny") : null,
    };
  });
}

/** Put mentions into a text that a person typed: @name, @role and #channel. */
export function translate(text) {
  const named = [
    ...people().map((item) => [item.text, `<@${item.value}>`]),
    ...roles()
      .filter((item) => item.value !== state.guildId)
      .map((item) => [item.text, `<@&${item.value}>`]),
    ...rooms().map((item) => [item.text, `<#${item.value}>`]),
  ].sort((a, b) => b[0].length - a[0].length);
  return text.replace(/[@#][^\s@#][^@#]*/g, (part) => {
    const found = named.find(([name]) => part.startsWith(name) && !/^[\w-]/.test(part.slice(name.length)));
    return found ? found[1] + part.slice(found[0].length) : part;
  });
}
