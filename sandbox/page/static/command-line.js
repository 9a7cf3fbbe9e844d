// The composer while somebody fills in a slash command: one chip per option, each with its own picker.

import { h, toast } from "./dom.js";
import { autocomplete, runCommand } from "./interactions.js";
import { matching } from "./pickers.js";
import { people, roles, rooms } from "./suggestions.js";
import { wrap } from "./commands.js";

const STRING = 3,
  INTEGER = 4,
  BOOLEAN = 5,
  USER = 6,
  CHANNEL = 7,
  ROLE = 8,
  MENTIONABLE = 9,
  NUMBER = 10,
  ATTACHMENT = 11;

/** A slash command being filled in; `leave()` returns to plain messages. */
export class CommandLine {
  constructor(leaf, applications, picker, leave) {
    Object.assign(this, {
      leaf,
      picker,
      leave,
      application: applications.get(leaf.command.application_id),
      asked: 0,
    });
    this.chips = [];
    this.name = h("span.command-name", { "data-testid": "command-name" }, `/${leaf.label}`);
    this.row = h("span.chips");
    this.more = h("span.more-options");
    this.node = h(
      "div.command-line",
      {
        role: "group",
        "aria-label": `Options of ${leaf.label}`,
        "data-testid": "command-line",
        tabindex: "-1",
        onkeydown: (event) => this.bare(event),
      },
      this.name,
      this.row,
      this.more,
    );
    for (const option of leaf.options) if (option.required) this.add(option);
    this.offer();
  }

  /** Put typed words into the options, in order; the last text option takes the rest. */
  fill(text) {
    let rest = text.trim();
    const texts = this.leaf.options.filter((option) => option.type === STRING);
    const taking = texts.at(-1) ?? this.leaf.options.at(-1);
    for (const option of this.leaf.options) {
      if (!rest) break;
      const chip = this.chips.find((one) => one.option === option) ?? this.add(option);
      const last = option === taking;
      const cut = last ? rest.length : (rest.indexOf(" ") + 1 || rest.length + 1) - 1;
      chip.input.value = rest.slice(0, cut);
      this.fit(chip);
      rest = rest.slice(cut).trim();
    }
    this.offer();
  }

  focus() {
    const empty = this.chips.find((chip) => !chip.input.value) ?? this.chips.at(-1);
    (empty?.input ?? this.node).focus();
  }

  add(option) {
    const chip = { option, picked: null };
    const described = option.description ? `${option.name}: ${option.description}` : option.name;
    const shared = {
      "aria-label": described,
      title: option.description,
      "data-testid": "command-option",
      "data-option": option.name,
      autocomplete: "off",
      spellcheck: "false",
    };
    chip.input =
      option.type === ATTACHMENT
        ? h("input", { ...shared, type: "file" })
        : h("input", {
            ...shared,
            type: "text",
            role: "combobox",
            "aria-expanded": "false",
            "aria-autocomplete": "list",
            oninput: () => this.typed(chip),
            onfocus: () => this.suggest(chip),
            onblur: () => this.picker.close(),
            onkeydown: (event) => this.key(event, chip),
          });
    chip.node = h(
      option.required ? "label.chip.required" : "label.chip",
      h("span.chip-name", option.name),
      chip.input,
    );
    this.chips.push(chip);
    this.row.append(chip.node);
    this.fit(chip);
    return chip;
  }

  /** Offer the optional options that are not filled in yet. */
  offer() {
    const left = this.leaf.options.filter((option) => !this.chips.some((chip) => chip.option === option));
    this.more.replaceChildren(
      ...left.map((option) =>
        h(
          "button.more-option",
          {
            type: "button",
            title: option.description,
            "data-testid": "more-option",
            onclick: () => {
              const chip = this.add(option);
              this.offer();
              chip.input.focus();
            },
          },
          `+${option.name}`,
        ),
      ),
    );
  }

  remove(chip) {
    const at = this.chips.indexOf(chip);
    chip.node.remove();
    this.chips.splice(at, 1);
    this.offer();
    (this.chips[at - 1]?.input ?? this.node).focus();
  }

  fit(chip) {
    if (chip.option.type !== ATTACHMENT)
      chip.input.style.width = `${Math.max(4, chip.input.value.length + 1)}ch`;
  }

  typed(chip) {
    chip.picked = null;
    chip.input.removeAttribute("aria-invalid");
    this.fit(chip);
    this.suggest(chip);
  }

  async suggest(chip) {
    const asked = ++this.asked;
    const found = await this.items(chip);
    if (asked !== this.asked || document.activeElement !== chip.input) return;
    const title = chip.option.description || chip.option.name;
    this.picker.show(chip.input, title, found, (item) => this.pick(chip, item));
    if (!found.length) this.picker.close();
  }

  async items(chip) {
    const { option, input } = chip;
    if (option.autocomplete) return this.remote(chip);
    const typed = chip.picked ? "" : input.value;
    if (option.choices?.length)
      return matching(
        option.choices.map((one) => ({ label: one.name, value: one.value })),
        typed,
      );
    return matching(local(option), typed.replace(/^[@#]/, ""));
  }

  async remote(chip) {
    await new Promise((resume) => setTimeout(resume, 120));
    const values = this.chips
      .filter((one) => one.input.value || one === chip)
      .map((one) => ({
        type: one.option.type,
        name: one.option.name,
        value: this.value(one) ?? one.input.value,
        ...(one === chip ? { focused: true } : {}),
      }));
    try {
      const choices = await autocomplete(this.leaf.command, wrap(this.leaf.path, values));
      return choices.map((one) => ({ label: one.name, value: one.value }));
    } catch {
      return [];
    }
  }

  pick(chip, item) {
    chip.picked = item;
    chip.input.value = item.text ?? item.label;
    chip.input.removeAttribute("aria-invalid");
    this.fit(chip);
    const next = this.chips.find((one) => !one.input.value);
    if (next) next.input.focus();
  }

  key(event, chip) {
    if (this.picker.key(event)) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.run();
    } else if (event.key === "Escape") this.leave("");
    else if (event.key === "Backspace" && !chip.input.value) {
      event.preventDefault();
      this.erase(chip);
    }
  }

  erase(chip) {
    if (!chip.option.required) this.remove(chip);
    else if (this.chips[0] === chip) this.leave(`/${this.leaf.label}`);
    else this.chips[this.chips.indexOf(chip) - 1].input.focus();
  }

  bare(event) {
    if (event.target !== this.node) return;
    if (event.key === "Enter") {
      event.preventDefault();
      this.run();
    }
    if (event.key === "Backspace" || event.key === "Escape") {
      event.preventDefault();
      this.leave(event.key === "Escape" ? "" : `/${this.leaf.label}`);
    }
  }

  /** The value of a chip as an interaction carries it, or undefined where it is not one. */
  value(chip) {
    const { option, input, picked } = chip;
    if (picked) return picked.value;
    const text = input.value.trim();
    if (option.choices?.length)
      return option.choices.find((one) => one.name.toLowerCase() === text.toLowerCase())?.value;
    if (option.type === STRING) return text;
    if (option.type === INTEGER) return /^-?\d+$/.test(text) ? Number(text) : undefined;
    if (option.type === NUMBER)
      return text !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;
    if (option.type === BOOLEAN)
      return { true: true, yes: true, false: false, no: false }[text.toLowerCase()];
    return named(option, text);
  }

  async run() {
    const files = [],
      values = [],
      attachments = [];
    for (const chip of this.chips) {
      const { option, input } = chip;
      if (option.type === ATTACHMENT && input.files.length) {
        values.push({ type: option.type, name: option.name, value: files.length });
        attachments.push({ id: String(files.length), filename: input.files[0].name });
        files.push(input.files[0]);
        continue;
      }
      if (!input.value.trim() && !option.required) continue;
      const value = input.value.trim() ? this.value(chip) : undefined;
      if (value === undefined) {
        this.refuse(chip);
        return;
      }
      values.push({ type: option.type, name: option.name, value });
    }
    this.leave("");
    await runCommand(this.leaf.command, this.application, {
      options: wrap(this.leaf.path, values),
      files,
      attachments,
    });
  }

  refuse(chip) {
    chip.input.setAttribute("aria-invalid", "true");
    chip.input.focus();
    toast(
      chip.input.value
        ? `“${chip.input.value}” is not a valid ${WORDS[chip.option.type] ?? "value"} for ${chip.option.name}.`
        : `${chip.option.name} is required.`,
    );
  }
}

const WORDS = {
  [INTEGER]: "whole number",
  [BOOLEAN]: "yes or no",
  [USER]: "member",
  [CHANNEL]: "channel",
  [ROLE]: "role",
  [MENTIONABLE]: "member or role",
  [NUMBER]: "number",
};

function local(option) {
  switch (option.type) {
    case USER:
      return people({ gone: true });
    case ROLE:
      return roles();
    case MENTIONABLE:
      return [...people(), ...roles()];
    case CHANNEL:
      return rooms(option.channel_types);
    case BOOLEAN:
      return [
        { label: "True", value: true },
        { label: "False", value: false },
      ];
    default:
      return [];
  }
}

function named(option, text) {
  const id = /^(?:<[@#][!&]?)?(\d{15,20})>?$/.exec(text)?.[1];
  if (id) return id;
  const wanted = text.toLowerCase();
  const same = (item) =>
    [item.label, item.text, ...(item.search ?? [])].some((word) => word?.toLowerCase() === wanted);
  return local(option).find(same)?.value;
}
