// What the page knows: who it acts as, the guilds they see, and the messages of the channels they opened.

/** Stands for a server's id where somebody's direct messages are shown. */
export const DIRECT = "@me";

const listeners = new Set();

export const state = {
  me: null,
  people: [],
  sessionId: "",
  line: "away",
  guilds: new Map(),
  guildId: null,
  channelId: null,
  unread: new Set(),
  messages: new Map(),
  typing: new Map(),
  replyTo: null,
};

/** Call `listener(what)` whenever a part of the state changed: guild, channel, messages, typing, line, reply. */
export const onChange = (listener) => listeners.add(listener);
export const changed = (what, detail) => listeners.forEach((listener) => listener(what, detail));

export const guild = () => state.guilds.get(state.guildId) ?? null;
export const channels = () => [...(guild()?.channels ?? []), ...(guild()?.threads ?? [])];
export const channel = (id = state.channelId) => channels().find((one) => one.id === id) ?? null;
export const member = (id) => guild()?.members.find((one) => one.user.id === id) ?? null;
export const role = (id) => guild()?.roles.find((one) => one.id === id) ?? null;
export const messagesOf = (id = state.channelId) => state.messages.get(id) ?? [];
export const message = (id) => messagesOf().find((one) => one.id === id) ?? null;

export const nameOf = (user, nick) => nick ?? user.global_name ?? user.username;

/** The name under which somebody is known here, with their colour. */
export function person(user) {
  const found = member(user.id);
  const known = found?.user ?? user;
  return { name: nameOf(known, found?.nick), colour: colourOf(found), member: found, user: known };
}

export function rolesOf(found) {
  return (found?.roles ?? [])
    .map(role)
    .filter(Boolean)
    .sort((a, b) => b.position - a.position);
}

function colourOf(found) {
  return rolesOf(found).find((one) => one.color)?.color ?? 0;
}

export function userById(id) {
  return (
    member(id)?.user ??
    guild()?.banned.find((ban) => ban.user.id === id)?.user ??
    guild()?.absent.find((user) => user.id === id) ??
    state.people.find((one) => one.id === id) ??
    null
  );
}

export const can = (bit, id = state.channelId) =>
  (BigInt(channel(id)?.permissions ?? 0) & (1n << BigInt(bit))) !== 0n;
export const MAY = {
  kick: 1,
  ban: 2,
  react: 6,
  view: 10,
  send: 11,
  manageMessages: 13,
  attach: 15,
  useCommands: 31,
  timeOut: 40,
};

const order = (a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1);

export function keepMessage(fresh) {
  const list = state.messages.get(fresh.channel_id);
  if (!list) return;
  const at = list.findIndex(
    (one) => one.id === fresh.id || (fresh.nonce && one.nonce === String(fresh.nonce) && one.pending),
  );
  if (at >= 0) list[at] = { ...list[at], ...fresh, pending: fresh.pending ?? false };
  else list.push(fresh);
  list.sort(order);
  if (fresh.channel_id === state.channelId) changed("messages");
}

export function dropMessages(channelId, ids) {
  const gone = new Set(ids);
  const list = state.messages.get(channelId);
  if (!list) return;
  state.messages.set(
    channelId,
    list.filter((one) => !gone.has(one.id)),
  );
  if (channelId === state.channelId) changed("messages");
}

/** Add or take away one person's reaction. */
export function react({ channel_id, message_id, user_id, emoji }, by) {
  const found = state.messages.get(channel_id)?.find((one) => one.id === message_id);
  if (!found) return;
  found.reactions ??= [];
  const same = (one) => one.emoji.name === emoji.name && (one.emoji.id ?? null) === (emoji.id ?? null);
  const entry = found.reactions.find(same) ?? { emoji, count: 0, me: false };
  if (!found.reactions.includes(entry)) found.reactions.push(entry);
  entry.count += by;
  if (user_id === state.me.id) entry.me = by > 0;
  found.reactions = found.reactions.filter((one) => one.count > 0);
  changed("messages");
}

export function clearReactions({ channel_id, message_id, emoji }) {
  const found = state.messages.get(channel_id)?.find((one) => one.id === message_id);
  if (!found) return;
  found.reactions = emoji ? (found.reactions ?? []).filter((one) => one.emoji.name !== emoji.name) : [];
  changed("messages");
}
