// The list that opens above the composer: commands, people, roles, channels, choices, suggestions.

import { h } from "./dom.js";

/** A list of suggestions for an input, driven by its keyboard; one is open at a time. */
export class Picker {
  constructor(root) {
    this.root = root;
    this.items = [];
    this.at = 0;
    this.choose = null;
  }

  get open() {
    return !this.root.hidden;
  }

  /** Show items ({label, note, face, value}) for an input; `choose(item)` is called with the chosen one. */
  show(input, title, items, choose) {
    if (!items.length) {
      this.close();
      return;
    }
    const same = this.title === title && this.open;
    Object.assign(this, {
      input,
      title,
      items: items.slice(0, 50),
      choose,
      at: same ? Math.min(this.at, items.length - 1) : 0,
    });
    this.root.replaceChildren(
      h("div.picker-title", title),
      h(
        "ul",
        { role: "listbox", id: "picker-list", "aria-label": title },
        this.items.map((item, index) => this.option(item, index)),
      ),
    );
    this.root.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.setAttribute("aria-controls", "picker-list");
    this.mark();
  }

  option(item, index) {
    const take = (event) => {
      event.preventDefault();
      this.take(index);
    };
    return h(
      "li",
      {
        role: "option",
        id: `picker-${index}`,
        "data-testid": "picker-option",
        onpointerdown: take,
        onpointermove: () => {
          this.at = index;
          this.mark(false);
        },
      },
      item.face ?? null,
      h("span.picker-label", item.label),
      item.note ? h("span.picker-note", item.note) : null,
      item.side ? h("span.picker-side", item.side) : null,
    );
  }

  mark(scroll = true) {
    [...this.root.querySelectorAll("li")].forEach((node, index) => {
      node.setAttribute("aria-selected", String(index === this.at));
      if (index === this.at && scroll) node.scrollIntoView({ block: "nearest" });
    });
    this.input.setAttribute("aria-activedescendant", `picker-${this.at}`);
  }

  take(index = this.at) {
    const item = this.items[index];
    const choose = this.choose;
    this.close();
    choose(item);
  }

  close() {
    this.root.hidden = true;
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
    this.items = [];
  }

  /** Handle a key of the input; says whether it was the list's. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      this.at = (this.at + step + this.items.length) % this.items.length;
      this.mark();
    } else if (event.key === "Enter" || event.key === "Tab") {
      this.take();
    } else if (event.key === "Escape") {
      this.close();
    } else return false;
    event.preventDefault();
    return true;
  }
}

/** The items that match what was typed, best first: beginnings before middles. */
export function matching(items, typed) {
  const wanted = typed.toLowerCase();
  const rank = (item) => {
    const words = [item.label, ...(item.search ?? [])].map((word) => word.toLowerCase());
    if (words.some((word) => word.startsWith(wanted))) return 0;
    return words.some((word) => word.includes(wanted)) ? 1 : 2;
  };
  return items
    .map((item, index) => [rank(item), index, item])
    .filter(([score]) => score < 2)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .map(([, , item]) => item);
}
