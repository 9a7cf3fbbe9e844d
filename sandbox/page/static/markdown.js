// The part of Discord's markdown that bots and people use, turned into elements; text is never read as HTML.

import { h, timestamp, colour } from "./dom.js";
import { role, channels, person, userById } from "./store.js";

const INLINE = [
  [/^\\([^\w\s])/, (m) => m[1]],
  [/^``([\s\S]+?)``(?!`)/, (m) => h("code", m[1].trim())],
  [/^`([^`]+)`/, (m) => h("code", m[1])],
  [/^<@!?(\d+)>/, (m) => userMention(m[1])],
  [/^<@&(\d+)>/, (m) => roleMention(m[1])],
  [/^<#(\d+)>/, (m) => channelMention(m[1])],
  [/^<\/([^:>]+):(\d+)>/, (m) => h("span.mention", `/${m[1]}`)],
  [/^<a?:(\w+):\d+>/, (m) => h("span.emoji", `:${m[1]}:`)],
  [/^<t:(-?\d+)(?::([a-zA-Z]))?>/, (m) => timestamp(m[1], m[2])],
  [/^@(everyone|here)\b/, (m) => h("span.mention", `@${m[1]}`)],
  [/^\[([^\]]+)\]\((https?:\/\/[^\s)]+)(?:\s+"[^"]*")?\)/, (m) => link(m[2], inline(m[1]))],
  [/^<(https?:\/\/[^\s>]+)>/, (m) => link(m[1], m[1])],
  [/^https?:\/\/[^\s<]+[^\s<.,:;"')\]]/, (m) => link(m[0], m[0])],
  [/^\*\*\*([\s\S]+?)\*\*\*/, (m) => h("strong", h("em", inline(m[1])))],
  [/^\*\*([\s\S]+?)\*\*(?!\*)/, (m) => h("strong", inline(m[1]))],
  [/^__([\s\S]+?)__(?!_)/, (m) => h("u", inline(m[1]))],
  [/^~~([\s\S]+?)~~/, (m) => h("s", inline(m[1]))],
  [/^\|\|([\s\S]+?)\|\|/, (m) => spoiler(m[1])],
  [/^\*(\S(?:[\s\S]*?\S)?)\*(?!\*)/, (m) => h("em", inline(m[1]))],
  [/^_(\S(?:[\s\S]*?\S)?)_(?![\w_])/, (m) => h("em", inline(m[1]))],
];
const PLAIN = /^(?:[a-zA-Z0-9]+(?=[^a-zA-Z0-9_])|[\s\S])/;

function inline(text) {
  const out = [];
  let rest = text,
    words = "";
  while (rest) {
    const rule =
      rest.startsWith("http") || !/^\w/.test(rest) || rest[0] === "_"
        ? INLINE.find(([pattern]) => pattern.test(rest))
        : null;
    const match = (rule?.[0] ?? PLAIN).exec(rest);
    if (rule) {
      if (words) out.push(words);
      words = "";
      out.push(rule[1](match));
    } else words += match[0];
    rest = rest.slice(match[0].length);
  }
  if (words) out.push(words);
  return out;
}

const link = (url, children) => h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, children);

function spoiler(text) {
  const show = (event) => event.currentTarget.classList.add("shown");
  return h(
    "span.spoiler",
    { tabindex: "0", role: "button", "aria-label": "Spoiler", onclick: show, onkeydown: show },
    inline(text),
  );
}

function userMention(id) {
  const user = userById(id);
  return h("span.mention", { "data-user": id }, user ? `@${person(user).name}` : "@unknown-user");
}

function roleMention(id) {
  const found = role(id);
  const tint = colour(found?.color);
  return h(
    "span.mention",
    tint ? { style: { color: tint, background: `${tint}26` } } : {},
    `@${found?.name ?? "unknown-role"}`,
  );
}

function channelMention(id) {
  const found = channels().find((one) => one.id === id);
  return h("span.mention", { "data-channel": found ? id : null }, `#${found?.name ?? "unknown"}`);
}

const BLOCKS = [
  [/^(#{1,3}) +(.+)$/, (m) => h(`h${m[1].length + 2}`, inline(m[2]))],
  [/^-# +(.+)$/, (m) => h("small.subtext", inline(m[1]))],
  [
    /^(\s*)[-*] +(.+)$/,
    (m) => h("div.bullet", { style: { "--depth": Math.floor(m[1].length / 2) } }, inline(m[2])),
  ],
  [/^(\s*)(\d+)\. +(.+)$/, (m) => h("div.bullet.numbered", { "data-number": `${m[2]}.` }, inline(m[3]))],
];

function lines(text) {
  const out = [];
  let paragraph = [];
  const flush = () => {
    if (paragraph.length) out.push(h("div.line", inline(paragraph.join("\n"))));
    paragraph = [];
  };
  for (const one of text.split("\n")) {
    const quoted = /^> ?(.*)$/.exec(one);
    const block = quoted ? null : BLOCKS.find(([pattern]) => pattern.test(one));
    if (!quoted && !block) {
      paragraph.push(one);
      continue;
    }
    flush();
    if (quoted && out.at(-1)?.tagName === "BLOCKQUOTE") out.at(-1).append(h("div.line", inline(quoted[1])));
    else if (quoted) out.push(h("blockquote", h("div.line", inline(quoted[1]))));
    else out.push(block[1](block[0].exec(one)));
  }
  flush();
  return out;
}

/** Turn a message's text into elements. */
export function markdown(text) {
  return text.split(/(```[\s\S]+?```)/).flatMap((part) => {
    const code = /^```(?:[\w+-]*\n)?([\s\S]+?)\n?```$/.exec(part);
    if (code) return [h("pre", h("code", code[1]))];
    return part.trim() ? lines(part.replace(/^\n|\n$/g, "")) : [];
  });
}

/** The same in one line: embed titles, reply previews, buttons. */
export const oneLine = (text) => inline(text.replace(/\s*\n\s*/g, " "));
