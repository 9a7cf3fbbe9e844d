// The commands that somebody may use here, read from the application command index.

import { api } from "./api.js";
import { DIRECT, state } from "./store.js";

const SUBCOMMAND = 1,
  GROUP = 2,
  CHAT_INPUT = 1;
let kept = { key: "", at: 0, promise: null };

/** The commands and the applications of the open guild, for the user acted as; kept for two seconds. */
export function commandIndex() {
  const key = `${state.me.id}:${state.guildId}:${state.guildId === DIRECT ? state.channelId : ""}`;
  if (kept.key !== key || Date.now() - kept.at > 2000) kept = { key, at: Date.now(), promise: fetchIndex() };
  return kept.promise;
}

async function fetchIndex() {
  const place = state.guildId === DIRECT ? `/channels/${state.channelId}` : `/guilds/${state.guildId}`;
  const found = await api.get(`${place}/application-command-index`);
  const applications = new Map(
    found.applications.map((one) => [
      one.id,
      { username: one.name, ...one.bot, id: one.bot?.id ?? one.bot_id ?? one.id, bot: true },
    ]),
  );
  return { commands: found.application_commands, applications };
}

/** Every slash command that can be run, subcommands spelled out: {label, words, options, command}. */
export function runnable(commands) {
  return commands
    .filter((command) => command.type === CHAT_INPUT)
    .flatMap((command) => leaves(command, [command.name], command, []))
    .sort((a, b) => a.label.localeCompare(b.label));
}

function leaves(node, words, command, path) {
  const nested = (node.options ?? []).filter((option) => option.type === SUBCOMMAND || option.type === GROUP);
  if (nested.length)
    return nested.flatMap((option) => leaves(option, [...words, option.name], command, [...path, option]));
  return [
    {
      label: words.join(" "),
      description: node.description,
      options: node.options ?? [],
      command: { ...command, label: words.join(" ") },
      path,
    },
  ];
}

/** The `options` of an interaction: values wrapped into the groups and subcommands that lead to them. */
export function wrap(path, values) {
  return path.reduceRight(
    (inner, option) => [{ type: option.type, name: option.name, options: inner }],
    values,
  );
}
