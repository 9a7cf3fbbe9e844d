// Using commands, components, menus and modals: POST /interactions, and the events that answer it.

import { api, nonce } from "./api.js";
import { DIRECT, state, keepMessage, dropMessages } from "./store.js";

const COMMAND = 2,
  AUTOCOMPLETE = 4,
  MODAL_SUBMIT = 5;
const EPHEMERAL = 64,
  LOADING = 128,
  SLASH = 20,
  MENU = 23;
const PATIENCE_MS = 5000;
const waiting = new Map();

/** Take an event that answers an interaction; says whether it was one. */
export function settle(name, data) {
  const found = waiting.get(String(data?.nonce ?? ""));
  if (!found) return false;
  if (name === "INTERACTION_SUCCESS" || name === "INTERACTION_MODAL_CREATE") found.done(data);
  else if (name === "APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE") found.done(data.choices ?? []);
  else if (name === "INTERACTION_FAILURE" || name === "INTERACTION_IFRAME_MODAL_CREATE")
    found.fail(new Error("This interaction failed."));
  else return false;
  return true;
}

function answerTo(key, silence) {
  return new Promise((resolve, reject) => {
    const end = (settleWith) => (value) => {
      clearTimeout(timer);
      waiting.delete(key);
      settleWith(value);
    };
    const fail = end(reject);
    const timer = setTimeout(() => fail(new Error(silence)), PATIENCE_MS);
    waiting.set(key, { done: end(resolve), fail });
  });
}

/** Send an interaction and wait until the application answered it; throws when it did not. */
export async function interact(payload, { files = [], key = nonce() } = {}) {
  const answer = answerTo(key, "The application did not respond.");
  answer.catch(() => undefined);
  const place = { channel_id: state.channelId };
  if (state.guildId !== DIRECT) place.guild_id = state.guildId;
  try {
    await api.post(
      "/interactions",
      { ...place, ...payload, session_id: state.sessionId, nonce: key },
      { files },
    );
  } catch (error) {
    waiting.get(key)?.fail(error);
    throw error;
  }
  return answer;
}

/** Run a command; what becomes of it is shown in the channel like a message of the application. */
export async function runCommand(
  command,
  application,
  { options = [], targetId, files = [], attachments = [] } = {},
) {
  const key = nonce();
  const place = placeholder(key, command, application);
  keepMessage(place);
  const data = {
    version: command.version,
    id: command.root ?? command.id,
    name: command.name,
    type: command.type,
    options,
    target_id: targetId,
    application_command: undefined,
    attachments,
  };
  if (command.guild_id) data.guild_id = command.guild_id;
  try {
    await interact({ type: COMMAND, application_id: command.application_id, data }, { files, key });
    dropMessages(place.channel_id, [key]);
  } catch (error) {
    const text =
      error.message === "This interaction failed." ? "The application did not respond." : error.message;
    keepMessage({ ...place, pending: false, flags: EPHEMERAL, failed: text });
  }
}

function placeholder(key, command, application) {
  const menu = command.type !== 1;
  return {
    id: key,
    nonce: key,
    pending: true,
    channel_id: state.channelId,
    type: menu ? MENU : SLASH,
    flags: EPHEMERAL | LOADING,
    content: "",
    author: application,
    mentions: [],
    interaction_metadata: { user: state.me, name: command.label ?? command.name },
  };
}

/** Ask the application for suggestions for the option that has focus. */
export function autocomplete(command, options) {
  const data = {
    version: command.version,
    id: command.root ?? command.id,
    name: command.name,
    type: command.type,
    options,
  };
  if (command.guild_id) data.guild_id = command.guild_id;
  return interact({ type: AUTOCOMPLETE, application_id: command.application_id, data });
}

/** Send what was typed into a modal. */
export const submitModal = (modal, components) =>
  interact({
    type: MODAL_SUBMIT,
    application_id: modal.application?.id ?? modal.application_id,
    data: { id: modal.id, custom_id: modal.custom_id, components },
  });
