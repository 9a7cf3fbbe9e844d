// Buttons, menus and the other components under a message, and what happens when somebody uses one.

import { h, icon, toast, colour } from "./dom.js";
import { markdown } from "./markdown.js";
import { interact } from "./interactions.js";
import { guild, nameOf, channels } from "./store.js";

const ROW = 1,
  BUTTON = 2,
  STRING = 3,
  USER = 5,
  ROLE = 6,
  MENTIONABLE = 7,
  CHANNEL = 8,
  SECTION = 9,
  TEXT = 10,
  GALLERY = 12,
  SEPARATOR = 14,
  CONTAINER = 17;
const BUTTON_STYLES = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "primary" };

/** Draw the components of a message. */
export function components(message) {
  const list = message.components ?? [];
  return list.length
    ? h(
        "div.components",
        list.map((one) => draw(one, message)),
      )
    : null;
}

function draw(one, message) {
  switch (one.type) {
    case ROW:
      return h(
        "div.row",
        one.components.map((child) => draw(child, message)),
      );
    case BUTTON:
      return button(one, message);
    case STRING:
    case USER:
    case ROLE:
    case MENTIONABLE:
    case CHANNEL:
      return menu(one, message);
    case TEXT:
      return h("div.text", markdown(one.content));
    case SECTION:
      return h(
        "div.section",
        h(
          "div",
          one.components.map((child) => draw(child, message)),
        ),
        one.accessory ? draw(one.accessory, message) : null,
      );
    case CONTAINER:
      return h(
        "div.container",
        { style: { "--edge": colour(one.accent_color) ?? "transparent" } },
        one.components.map((child) => draw(child, message)),
      );
    case GALLERY:
      return h(
        "div.gallery",
        one.items.map((item) => h("img", { src: item.media.url, alt: item.description ?? "" })),
      );
    case SEPARATOR:
      return h(one.divider === false ? "div.gap" : "hr");
    default:
      return h("em.unknown", `A component of type ${one.type}, which this page cannot draw.`);
  }
}

const emojiOf = (emoji) => (emoji?.name ? h("span.emoji", emoji.name) : null);

function button(one, message) {
  const label = [emojiOf(one.emoji), one.label ?? null];
  if (one.style === 5)
    return h(
      "a.button.link",
      { href: one.url, target: "_blank", rel: "noreferrer noopener" },
      label,
      " ↗\uFE0E",
    );
  return h(
    `button.button.${BUTTON_STYLES[one.style] ?? "secondary"}`,
    {
      type: "button",
      disabled: one.disabled,
      "data-testid": "component-button",
      "data-custom-id": one.custom_id,
      onclick: (event) =>
        press(event.currentTarget, message, { component_type: BUTTON, custom_id: one.custom_id }),
    },
    label,
  );
}

async function press(node, message, data) {
  node.classList.add("busy");
  node.setAttribute("aria-busy", "true");
  try {
    await interact({
      type: 3,
      message_id: message.id,
      message_flags: message.flags ?? 0,
      application_id: message.application_id ?? message.author.id,
      data,
    });
  } catch (error) {
    toast(error.message);
  } finally {
    node.classList.remove("busy");
    node.removeAttribute("aria-busy");
  }
}

/** What one may choose in a select menu. */
function choicesOf(one) {
  if (one.type === STRING)
    return one.options.map((option) => ({
      value: option.value,
      label: option.label,
      note: option.description,
      chosen: option.default,
    }));
  const chosen = new Set((one.default_values ?? []).map((value) => value.id));
  const users = guild().members.map(({ user, nick }) => ({
    value: user.id,
    label: nameOf(user, nick),
    note: `@${user.username}`,
  }));
  const roles = guild()
    .roles.filter((role) => role.id !== guild().id)
    .map((role) => ({ value: role.id, label: `@${role.name}` }));
  const types = new Set(one.channel_types ?? []);
  const rooms = channels()
    .filter((channel) => !types.size || types.has(channel.type))
    .map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
  const all =
    { [USER]: users, [ROLE]: roles, [MENTIONABLE]: [...users, ...roles], [CHANNEL]: rooms }[one.type] ?? [];
  return all.map((choice) => ({ ...choice, chosen: chosen.has(choice.value) }));
}

function menu(one, message) {
  const send = (node, values) =>
    press(node, message, { component_type: one.type, custom_id: one.custom_id, values });
  return selectBox(one, send);
}

/** A native select for single choices, checkboxes in a disclosure for several. */
export function selectBox(one, send) {
  const label = one.placeholder || "Make a selection";
  const choices = choicesOf(one);
  if ((one.max_values ?? 1) > 1) return several(one, label, choices, send);
  const change = (event) => {
    if (event.target.value) send(event.target, [event.target.value]);
  };
  return h(
    "span.select",
    h(
      "select",
      {
        "aria-label": label,
        disabled: one.disabled,
        "data-testid": "component-select",
        "data-custom-id": one.custom_id,
        onchange: change,
      },
      choices.some((choice) => choice.chosen)
        ? null
        : h("option", { value: "", disabled: true, selected: true }, label),
      choices.map((choice) =>
        h(
          "option",
          { value: choice.value, selected: choice.chosen },
          choice.note ? `${choice.label} (${choice.note})` : choice.label,
        ),
      ),
    ),
    icon("down"),
  );
}

function several(one, label, choices, send) {
  const least = one.min_values ?? 1,
    most = one.max_values;
  const boxes = choices.map((choice) =>
    h(
      "label",
      h("input", { type: "checkbox", value: choice.value, checked: Boolean(choice.chosen) }),
      choice.label,
    ),
  );
  const done = (event) => {
    const values = boxes
      .map((box) => box.firstChild)
      .filter((box) => box.checked)
      .map((box) => box.value);
    if (values.length < least || values.length > most) {
      toast(`Choose ${least} to ${most}.`);
      return;
    }
    event.currentTarget.closest("details").open = false;
    send(event.currentTarget, values);
  };
  return h(
    "details.several",
    { "data-testid": "component-select", "data-custom-id": one.custom_id },
    h("summary", label, icon("down")),
    h("div.choices", boxes, h("button.button.primary", { type: "button", onclick: done }, "Done")),
  );
}
