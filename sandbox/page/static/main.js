// The page's start: who acts, what they see, and which event changes which part of it.

import { actWith, api, control } from "./api.js";
import { drawComposer, drawReply } from "./composer.js";
import { openModal } from "./dialogs.js";
import { keepTimes, released, toast } from "./dom.js";
import { settle } from "./interactions.js";
import { connect } from "./live.js";
import { drawMessages } from "./messages.js";
import { openPanel } from "./panel.js";
import {
  closePanes,
  drawActor,
  drawChannels,
  drawGuilds,
  drawHead,
  drawMembers,
  drawTyping,
  markUnread,
} from "./sidebar.js";
import {
  DIRECT,
  changed,
  channel,
  channels,
  clearReactions,
  dropMessages,
  guild,
  keepMessage,
  messagesOf,
  nameOf,
  onChange,
  react,
  state,
} from "./store.js";

const PAGE = 50,
  CATEGORY = 4,
  READABLE = new Set([0, 1, 2, 5, 10, 11, 12, 13]);
let disconnect = () => undefined,
  viewTimer = null,
  viewsAsked = 0,
  viewShown = 0;
const list = document.getElementById("messages");

async function start() {
  keepTimes();
  setInterval(drawTyping, 1000);
  await loadPeople();
  const [, guildId, channelId] = location.hash.split("/");
  Object.assign(state, { guildId: guildId ?? null, channelId: channelId ?? null });
  await act(chooseActor());
}

async function loadPeople() {
  const { users } = await control.get("/users");
  state.people = users;
}

function chooseActor() {
  const asked = new URLSearchParams(location.search).get("as");
  const people = state.people.filter((one) => !one.bot);
  const wanted = [asked, localStorage.getItem("acting-as"), "moderator"].filter(Boolean);
  for (const name of wanted) {
    const found = people.find((one) => one.id === name || one.named === name || one.username === name);
    if (found) return found.id;
  }
  return people[0]?.id;
}

/** Become somebody: their token, their line to the gateway, their view. */
async function act(id) {
  const me = state.people.find((one) => one.id === id);
  if (!me) {
    toast("There is nobody here yet. Create users with POST /sandbox/users.", "info");
    return;
  }
  disconnect();
  localStorage.setItem("acting-as", id);
  Object.assign(state, {
    me,
    replyTo: null,
    editing: null,
    unread: new Set(),
    messages: new Map(),
    typing: new Map(),
    sessionId: "",
  });
  actWith(me.token);
  await loadView();
  disconnect = connect(me.token, onEvent, (line) => {
    state.line = line;
    changed("line");
  });
}

async function loadView() {
  const id = state.me.id;
  const number = ++viewsAsked;
  const view = await control.get(`/users/${id}/view`);
  await released();
  if (state.me.id !== id || number < viewShown) return;
  viewShown = number;
  state.guilds = new Map([...view.guilds, ...direct(view)].map((one) => [one.id, one]));
  if (!guild()) state.guildId = view.guilds[0]?.id ?? null;
  const moved = !channel();
  if (moved)
    state.channelId =
      channel(guild()?.system_channel_id)?.id ??
      channels().find((one) => one.type === 0)?.id ??
      channels().find((one) => one.type !== CATEGORY)?.id ??
      null;
  drawFrame();
  if (moved || !state.messages.has(state.channelId)) await openChannel(state.channelId);
}

/** Direct messages in the shape of a server, so that everything else treats them alike. */
function direct({ user, direct: rooms }) {
  if (!rooms.length) return [];
  const channels = rooms.map((one) => ({ ...one, name: nameOf(one.recipients[0]) }));
  const others = rooms.flatMap((one) => one.recipients).filter((one) => one.id !== user.id);
  const members = [user, ...others].map((one) => ({ user: one, roles: [] }));
  const none = { roles: [], threads: [], banned: [], absent: [], voice_states: [] };
  return [
    { ...none, id: DIRECT, name: "Direct messages", channels, members, system_channel_id: channels[0].id },
  ];
}

/** Fetch the view again soon; many events at once cost one request. */
function refreshView() {
  viewTimer ??= setTimeout(async () => {
    viewTimer = null;
    try {
      await loadPeople();
      await loadView();
    } catch (error) {
      toast(error.message);
    }
  }, 150);
}

function drawFrame() {
  drawGuilds(openGuild);
  drawChannels(openChannel);
  drawHead(openPanel);
  drawMembers();
  drawActor((id) => act(id).catch((error) => toast(error.message)));
  drawMessages();
}

async function openGuild(id) {
  state.guildId = id;
  state.channelId = null;
  await loadView();
}

async function openChannel(id) {
  state.channelId = id;
  state.replyTo = null;
  state.unread.delete(id);
  closePanes();
  history.replaceState(null, "", `#/${state.guildId ?? ""}/${id ?? ""}`);
  document.title = channel() ? `#${channel().name} · ${guild().name}` : "Sandbox";
  drawChannels(openChannel);
  drawHead(openPanel);
  drawComposer();
  drawTyping();
  if (id && READABLE.has(channel()?.type)) await loadMessages(id);
  else drawMessages();
}

async function loadMessages(id) {
  if (!state.messages.has(id)) state.messages.set(id, []);
  const known = new Set(messagesOf(id).map((one) => one.id));
  try {
    const found = await api.get(`/channels/${id}/messages?limit=${PAGE}`);
    const ids = new Set(found.map((one) => one.id));
    // What only this person sees is in no list, and what arrived meanwhile may not be in this one.
    const kept = messagesOf(id).filter((one) => !ids.has(one.id) && (one.flags & 64 || !known.has(one.id)));
    state.messages.set(
      id,
      [...found, ...kept].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1)),
    );
  } catch (error) {
    toast(error.message);
  }
  if (state.channelId === id) changed("messages");
}

let loadingOlder = false;

async function loadOlder() {
  const [first] = messagesOf();
  if (loadingOlder || !first || list.scrollTop > 60 || list.scrollHeight <= list.clientHeight) return;
  loadingOlder = true;
  try {
    const found = await api.get(`/channels/${state.channelId}/messages?limit=${PAGE}&before=${first.id}`);
    if (!found.length) return;
    const height = list.scrollHeight;
    state.messages.set(first.channel_id, [...found.reverse(), ...messagesOf(first.channel_id)]);
    changed("messages");
    list.scrollTop += list.scrollHeight - height;
  } finally {
    loadingOlder = false;
  }
}

const HANDLERS = {
  READY: (data) => {
    state.sessionId = data.session_id;
    refreshView();
    if (state.channelId) loadMessages(state.channelId);
  },
  MESSAGE_CREATE: (data) => {
    state.typing.get(data.channel_id)?.delete(data.author.id);
    drawTyping();
    keepMessage(data);
    if (data.channel_id === state.channelId || data.author.id === state.me.id) return;
    if (!data.guild_id) refreshView();
    state.unread.add(data.channel_id);
    markUnread();
  },
  MESSAGE_UPDATE: (data) => {
    if (messagesOf(data.channel_id).some((one) => one.id === data.id)) keepMessage(data);
  },
  MESSAGE_DELETE: (data) => dropMessages(data.channel_id, [data.id]),
  MESSAGE_DELETE_BULK: (data) => dropMessages(data.channel_id, data.ids),
  MESSAGE_REACTION_ADD: (data) => react(data, 1),
  MESSAGE_REACTION_REMOVE: (data) => react(data, -1),
  MESSAGE_REACTION_REMOVE_ALL: clearReactions,
  MESSAGE_REACTION_REMOVE_EMOJI: clearReactions,
  TYPING_START: typingStarted,
  INTERACTION_MODAL_CREATE: (data) => {
    if (settle("INTERACTION_MODAL_CREATE", data)) openModal(data);
  },
};
const FRAME = /^(GUILD_|CHANNEL_|THREAD_|VOICE_STATE_|USER_)/;

function onEvent(name, data) {
  if (HANDLERS[name]) HANDLERS[name](data);
  else if (FRAME.test(name)) refreshView();
  else settle(name, data);
}

function typingStarted({ channel_id, user_id }) {
  if (!state.typing.has(channel_id)) state.typing.set(channel_id, new Map());
  state.typing.get(channel_id).set(user_id, Date.now() + 9000);
  drawTyping();
}

onChange((what) => {
  if (what === "messages") drawMessages();
  if (what === "reply") drawReply();
  if (what === "line") document.getElementById("line").hidden = state.line === "live";
});

const jump = document.getElementById("jump");
list.addEventListener("scroll", () => {
  jump.hidden = list.scrollHeight - list.scrollTop - list.clientHeight < 400;
  loadOlder().catch((error) => toast(error.message));
});
jump.addEventListener("click", () => list.scrollTo({ top: list.scrollHeight }));
document.getElementById("veil").addEventListener("click", closePanes);
document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-channel].mention");
  if (target) openChannel(target.dataset.channel);
});

start().catch((error) => toast(error.message));
