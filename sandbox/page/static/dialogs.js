// Dialogs: modals that an application opens, and small questions of the page itself.

import { h, icon } from "./dom.js";
import { submitModal } from "./interactions.js";
import { selectBox } from "./components.js";
import { markdown } from "./markdown.js";

const ROW = 1,
  TEXT_INPUT = 4,
  TEXT = 10,
  LABEL = 18,
  PARAGRAPH = 2;

function dialog(title, ...children) {
  const node = h(
    "dialog",
    { "aria-label": title, "data-testid": "dialog" },
    h(
      "header",
      h("h2", title),
      h(
        "button.plain",
        { type: "button", "aria-label": "Close", onclick: () => node.close() },
        icon("close"),
      ),
    ),
    ...children,
  );
  node.addEventListener("close", () => {
    node.remove();
    document.dispatchEvent(new CustomEvent("dialog-closed"));
  });
  document.body.append(node);
  node.showModal();
  return node;
}

/** Ask for one line of text; null when the person closed the dialog. */
export function ask(title, label, verb) {
  return new Promise((resolve) => {
    const input = h("input", { id: "ask-input", type: "text", autocomplete: "off", maxlength: "512" });
    const form = h(
      "form",
      { method: "dialog", onsubmit: () => resolve(input.value) },
      h("label", { for: "ask-input" }, label),
      input,
      h("menu", h("button.button.primary", { type: "submit" }, verb)),
    );
    dialog(title, form).addEventListener("close", () => resolve(null));
  });
}

/** Show any content in a dialog. */
export const present = (title, ...children) => dialog(title, ...children);

/** Show a modal that an application opened, and send what is typed into it. */
export function openModal(modal) {
  const fields = [];
  const body = modal.components.map((one) => field(one, fields));
  const problem = h("p.failed", { role: "alert", hidden: true });
  const submit = async (event) => {
    event.preventDefault();
    try {
      await submitModal(
        modal,
        modal.components.map((one) => answer(one, fields)),
      );
      node.close();
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
  };
  const node = dialog(
    modal.title,
    h(
      "form",
      { onsubmit: submit },
      body,
      problem,
      h(
        "menu",
        h("button.button.secondary", { type: "button", onclick: () => node.close() }, "Cancel"),
        h("button.button.primary", { type: "submit" }, "Submit"),
      ),
    ),
  );
  node.classList.add("modal");
  node.querySelector("input, textarea")?.focus();
}

function field(one, fields) {
  if (one.type === ROW) return one.components.map((child) => control(child, child.label, null, fields));
  if (one.type === LABEL) return control(one.component, one.label, one.description, fields);
  if (one.type === TEXT) return h("div.text", markdown(one.content));
  return null;
}

function control(one, label, description, fields) {
  const id = `modal-${fields.length}`;
  const entry = { one, values: null, node: null };
  fields.push(entry);
  const required = one.required !== false;
  const name = h(
    "label",
    { for: id },
    label,
    required ? h("span.required", " *") : null,
    description ? h("small", description) : null,
  );
  if (one.type !== TEXT_INPUT)
    return h(
      "div.field",
      name,
      selectBox(one, (_, values) => {
        entry.values = values;
      }),
    );
  const limits = {
    id,
    required,
    minlength: one.min_length,
    maxlength: one.max_length,
    placeholder: one.placeholder,
    "data-custom-id": one.custom_id,
  };
  entry.node =
    one.style === PARAGRAPH
      ? h("textarea", { ...limits, rows: "4" })
      : h("input", { ...limits, type: "text", autocomplete: "off" });
  entry.node.value = one.value ?? "";
  return h("div.field", name, entry.node);
}

function answer(one, fields) {
  const told = (child) => {
    const entry = fields.find((candidate) => candidate.one === child);
    const base = { type: child.type, custom_id: child.custom_id };
    return child.type === TEXT_INPUT
      ? { ...base, value: entry.node.value }
      : { ...base, values: entry.values ?? [] };
  };
  if (one.type === ROW) return { type: ROW, components: one.components.map(told) };
  if (one.type === LABEL) return { type: LABEL, component: told(one.component) };
  return { type: one.type };
}
