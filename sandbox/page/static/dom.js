// Small building blocks for the page: elements from data, initials, colours, and words of time.

/** Build an element: h("p.note", {hidden: true, onclick: f}, "text", child, [children], null). */
export function h(selector, ...rest) {
  const [tag, ...classes] = selector.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  const attributes = isAttributes(rest[0]) ? rest.shift() : {};
  for (const [name, value] of Object.entries(attributes)) set(node, name, value);
  node.append(
    ...rest.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return node;
}

function isAttributes(value) {
  return value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);
}

function set(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else if (name === "style")
    for (const [key, rule] of Object.entries(value)) node.style.setProperty(key, rule);
  else if (name === "value" || name === "checked") node[name] = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** Draw one of the page's line icons; decorative, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  at: "M16 8v5a3 3 0 0 0 5 0v-1a9 9 0 1 0-4 7.5M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8",
  hash: "M9 4 7 20M17 4l-2 16M4 9h17M3 15h17",
  voice: "M4 9v6h4l5 4V5L8 9zM16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
  thread: "M5 4v6a4 4 0 0 0 4 4h10M15 10l4 4-4 4",
  megaphone: "M4 10v4l11 5V5zM15 8a4 4 0 0 1 0 8M7 15l1 5h3l-1-4",
  reply: "M9 6 3 12l6 6M3 12h11a6 6 0 0 1 6 6",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M8 14a5 5 0 0 0 8 0M9 9v.5M15 9v.5",
  more: "M5 12h.5M12 12h.5M19 12h.5",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  pencil: "M4 20l1-5L16 4l4 4L9 19z",
  plus: "M12 5v14M5 12h14",
  people:
    "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8M2 21a7 7 0 0 1 14 0M16 3.5a4 4 0 0 1 0 7.5M18 14.5a7 7 0 0 1 4 6.5",
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6 6 18",
  flask: "M9 3h6M10 3v6L4 20h16l-6-11V3M7 15h10",
  slash: "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2M15 7 9 17",
  send: "M3 20l18-8L3 4v6l10 2-10 2z",
  down: "M6 9l6 6 6-6",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6",
  join: "M4 12h14M12 6l6 6-6 6",
  leave: "M20 12H6M12 6l-6 6 6 6",
  crown: "M4 18h16M4 15 3 7l5 4 4-6 4 6 5-4-1 8z",
  pin: "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
};

const HUES = [
  "#5661d6",
  "#2f8f58",
  "#b86a1c",
  "#b8437a",
  "#2a7fb8",
  "#8456c9",
  "#ad4a4d",
  "#1a8577",
  "#8a6a10",
  "#56718c",
  "#6b7a2a",
  "#9a5a9e",
];

/** The colour that stands for somebody, the same on every visit. */
function hue(id) {
  let sum = 7;
  for (const digit of String(id)) sum = (sum * 31 + digit.charCodeAt(0)) % 1000003;
  return HUES[sum % HUES.length];
}

export function initials(name) {
  const words = name
    .replace(/[^\p{L}\p{N} _.-]/gu, "")
    .split(/[\s_.-]+/)
    .filter(Boolean);
  const letters = words.length > 1 ? words[0][0] + words[1][0] : (words[0] ?? "?").slice(0, 2);
  return letters.toUpperCase();
}

export function avatar(id, name, size = "") {
  const classes = size ? `span.avatar.${size}` : "span.avatar";
  return h(classes, { style: { background: hue(id) }, "aria-hidden": "true" }, initials(name));
}

/** A role's colour as CSS, or null where it has none. */
export const colour = (number) => (number ? `#${number.toString(16).padStart(6, "0")}` : null);

const DISCORD_EPOCH = 1420070400000;
export const timeOf = (id) => new Date(Number(BigInt(id) >> 22n) + DISCORD_EPOCH);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

export const clockTime = (date) => clock.format(date);
export const dayName = (date) => day.format(date);

export function friendlyTime(date, now = new Date()) {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.floor((midnight - date) / 86400000) + 1;
  if (days <= 0) return `Today at ${clockTime(date)}`;
  if (days === 1) return `Yesterday at ${clockTime(date)}`;
  return `${date.toLocaleDateString("en-GB")} ${clockTime(date)}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const STEPS = [
  [60, "second", 1],
  [3600, "minute", 60],
  [86400, "hour", 3600],
  [2592000, "day", 86400],
  [31536000, "month", 2592000],
  [Infinity, "year", 31536000],
];

/** "in 20 seconds", "3 days ago". */
function fromNow(date, now = Date.now()) {
  const seconds = Math.round((date.getTime() - now) / 1000);
  const [, unit, size] = STEPS.find(([limit]) => Math.abs(seconds) < limit);
  return relative.format(Math.trunc(seconds / size), unit);
}

const STYLES = {
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  d: { day: "2-digit", month: "2-digit", year: "numeric" },
  D: { day: "numeric", month: "long", year: "numeric" },
  f: { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  F: { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" },
  s: { day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" },
  S: {
    day: "2-digit",
    month: "2-digit",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  },
};

/** A `<t:seconds:style>` of a message; relative ones are kept up to date by `keepTimes`. */
export function timestamp(seconds, style) {
  const date = new Date(Number(seconds) * 1000);
  const full = date.toLocaleString("en-GB", STYLES.F);
  if (style === "R")
    return h(
      "time.stamp",
      { datetime: date.toISOString(), title: full, "data-relative": seconds },
      fromNow(date),
    );
  return h(
    "time.stamp",
    { datetime: date.toISOString(), title: full },
    date.toLocaleString("en-GB", STYLES[style] ?? STYLES.f),
  );
}

/** Keep every relative time on the page true. */
export function keepTimes() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-relative]")) {
      const words = fromNow(new Date(Number(node.dataset.relative) * 1000));
      if (node.textContent !== words) node.textContent = words;
    }
  }, 500);
}

/** Say something in passing, politely to screen readers too. */
export function toast(text, kind = "error") {
  const note = h("div.toast", { "data-testid": "toast", "data-kind": kind }, text);
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 6000);
}

const LONGEST_PRESS = 1000; // milliseconds
let press = null;

document.addEventListener(
  "pointerdown",
  () => {
    press = new Promise((done) => {
      // After the click that follows.
      document.addEventListener("pointerup", () => setTimeout(done), { once: true, capture: true });
      setTimeout(done, LONGEST_PRESS);
    });
  },
  true,
);

/** Wait until nothing is pressed: a button that is drawn anew under the pointer is never clicked. */
export async function released() {
  await press;
}
