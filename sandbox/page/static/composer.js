// Where one writes: messages with mentions, files and replies; a slash turns it into a command line.

import { h, icon, toast } from "./dom.js";
import { api, nonce } from "./api.js";
import { CommandLine } from "./command-line.js";
import { commandIndex, runnable } from "./commands.js";
import { Picker, matching } from "./pickers.js";
import { commandItems, people, roles, rooms, translate } from "./suggestions.js";
import { state, channel, person, can, MAY, changed, messagesOf } from "./store.js";
import { edit } from "./messages.js";

const DM = 1;
let picker,
  input,
  files = [],
  lastTyping = 0,
  commandLine = null;
const slot = () => document.getElementById("composer-slot");

/** Draw the composer for the open channel. */
export function drawComposer() {
  files = [];
  commandLine = null;
  const here = channel();
  if (!here) {
    slot().replaceChildren();
    return;
  }
  if (!can(MAY.send)) {
    slot().replaceChildren(h("p.no-entry", "You do not have permission to send messages in this channel."));
    return;
  }
  picker = new Picker(h("div.picker", { hidden: true, "data-testid": "picker" }));
  const label = `Message ${here.type === DM ? "@" : "#"}${here.name}`;
  input = h("textarea", {
    rows: "1",
    placeholder: label,
    "aria-label": label,
    "data-testid": "composer",
    role: "combobox",
    "aria-expanded": "false",
    "aria-autocomplete": "list",
    oninput: typed,
    onkeydown: key,
    onpaste: paste,
    onblur: () => picker.close(),
    maxlength: "2000",
  });
  const file = h("input", {
    type: "file",
    multiple: true,
    hidden: true,
    "data-testid": "file-input",
    onchange: (event) => {
      attach(event.target.files);
      event.target.value = "";
    },
  });
  slot().replaceChildren(
    picker.root,
    h("div.reply-bar", { hidden: true }),
    h("div.files", { hidden: true }),
    h(
      "div.composer",
      h(
        "button.plain",
        {
          type: "button",
          "aria-label": "Attach a file",
          title: "Attach a file",
          onclick: () => file.click(),
        },
        icon("plus"),
      ),
      file,
      h("div.entry", input),
      h(
        "button.plain",
        { type: "button", "aria-label": "Commands", title: "Commands", onclick: startCommand },
        icon("slash"),
      ),
      h(
        "button.plain.send",
        { type: "button", "aria-label": "Send", title: "Send", "data-testid": "send", onclick: send },
        icon("send"),
      ),
    ),
  );
  drawReply();
}

/** Draw the bar that says which message is being answered. */
export function drawReply() {
  const bar = slot().querySelector(".reply-bar");
  if (!bar) return;
  bar.hidden = !state.replyTo;
  if (!state.replyTo) return;
  bar.replaceChildren(
    h("span", "Replying to ", h("b", person(state.replyTo.author).name)),
    h("button.plain", { type: "button", "aria-label": "Do not reply", onclick: stopReply }, icon("close")),
  );
  input.focus();
}

function stopReply() {
  state.replyTo = null;
  changed("reply");
}

function startCommand() {
  if (commandLine) return;
  input.value = "/";
  input.focus();
  typed();
}

function grow() {
  input.style.height = "auto";
  input.style.height = `${Math.min(input.scrollHeight, 240)}px`;
}

async function typed() {
  grow();
  sayTyping();
  const text = input.value;
  if (text.startsWith("/")) return offerCommands(text.slice(1));
  const word = /(?:^|\s)([@#])([^\s@#]*)$/.exec(text.slice(0, input.selectionStart));
  if (!word) return picker.close();
  const items = word[1] === "@" ? [...people(), ...roles()] : rooms();
  picker.show(
    input,
    word[1] === "@" ? "Members and roles" : "Channels",
    matching(items, word[2]).slice(0, 10),
    (item) => insert(word[2].length + 1, `${item.text} `),
  );
}

function insert(back, text) {
  const at = input.selectionStart;
  input.setRangeText(text, at - back, at, "end");
  grow();
}

/** The command that a text begins with, the longest one where several do. */
const begun = (leaves, text) =>
  leaves
    .filter((leaf) => `${text} `.startsWith(`${leaf.label} `))
    .sort((a, b) => b.label.length - a.label.length)[0];

async function offerCommands(text) {
  try {
    const { commands, applications } = await commandIndex();
    const leaves = runnable(commands);
    if (input.value.slice(1) !== text) return;
    const exact = begun(leaves, text);
    if (exact && text.length > exact.label.length) {
      enter(exact, applications, text.slice(exact.label.length + 1));
      return;
    }
    const found = matching(commandItems(leaves, applications), text.replace(/\s+/g, " "));
    picker.show(input, found.length ? "Commands" : "No such command", found, (item) =>
      enter(item.value, applications, ""),
    );
    if (!found.length) picker.close();
  } catch (error) {
    toast(error.message);
  }
}

function enter(leaf, applications, rest) {
  picker.close();
  const line = new CommandLine(leaf, applications, picker, leaveCommand);
  commandLine = line;
  slot().querySelector(".entry").replaceChildren(line.node);
  if (rest) line.fill(rest);
  line.focus();
}

function leaveCommand(text) {
  commandLine = null;
  picker.close();
  input.value = text;
  slot().querySelector(".entry")?.replaceChildren(input);
  grow();
  input.focus();
}

function key(event) {
  if (picker.key(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    send();
  } else if (event.key === "Escape") stopReply();
  else if (event.key === "ArrowUp" && !input.value) editLast(event);
}

function editLast(event) {
  const mine = messagesOf().findLast((one) => one.author.id === state.me.id && !(one.flags & 64));
  if (mine) {
    event.preventDefault();
    edit(mine);
  }
}

function paste(event) {
  if (event.clipboardData.files.length) {
    event.preventDefault();
    attach(event.clipboardData.files);
  }
}

function attach(chosen) {
  files.push(...chosen);
  drawFiles();
}

function drawFiles() {
  const bar = slot().querySelector(".files");
  bar.hidden = !files.length;
  bar.replaceChildren(
    ...files.map((file) =>
      h(
        "span.file-chip",
        icon("file"),
        file.name,
        h(
          "button.plain",
          {
            type: "button",
            "aria-label": `Remove ${file.name}`,
            onclick: () => {
              files = files.filter((one) => one !== file);
              drawFiles();
            },
          },
          icon("close"),
        ),
      ),
    ),
  );
}

function sayTyping() {
  if (!input.value || input.value.startsWith("/") || Date.now() - lastTyping < 8000) return;
  lastTyping = Date.now();
  api.post(`/channels/${state.channelId}/typing`).catch(() => undefined);
}

/** Turn a command that was typed faster than the list could open into a command line. */
async function startTyped(text) {
  const { commands, applications } = await commandIndex();
  const leaf = begun(runnable(commands), text);
  if (leaf && !commandLine) enter(leaf, applications, text.slice(leaf.label.length + 1));
  return Boolean(leaf);
}

async function send() {
  if (commandLine) {
    commandLine.run();
    return;
  }
  const text = input.value.trim();
  if (!text && !files.length) return;
  if (text.startsWith("/") && (await startTyped(text.slice(1)))) return;
  const body = { content: translate(text), nonce: nonce(), tts: false, flags: 0 };
  if (state.replyTo) body.message_reference = { message_id: state.replyTo.id, channel_id: state.channelId };
  const sent = files;
  input.value = "";
  files = [];
  lastTyping = 0;
  grow();
  drawFiles();
  stopReply();
  try {
    await api.post(`/channels/${state.channelId}/messages`, body, { files: sent });
  } catch (error) {
    toast(error.message);
    if (!input.value) {
      input.value = text;
      grow();
    }
  }
}

document.addEventListener("mention", (event) => {
  if (!input?.isConnected) return;
  input.setRangeText(`@${event.detail.username} `, input.selectionStart, input.selectionEnd, "end");
  input.focus();
});

// The browser gives focus back without a caret when what had it was replaced meanwhile.
document.addEventListener("dialog-closed", () => {
  if (!input?.isConnected || matchMedia("(hover: none)").matches) return;
  input.blur();
  input.focus();
});

// Typing anywhere on the page writes into the composer, as people expect of a chat.
document.addEventListener("keydown", (event) => {
  const busy =
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.key.length !== 1 ||
    document.querySelector("dialog[open]");
  const place = document.activeElement;
  if (
    busy ||
    commandLine ||
    !input?.isConnected ||
    (place && place !== document.body && place.id !== "messages")
  )
    return;
  input.focus();
});
