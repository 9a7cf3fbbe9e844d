// Embeds: the framed boxes with a coloured edge in which bots answer.

import { h, colour, friendlyTime } from "./dom.js";
import { markdown, oneLine } from "./markdown.js";

/** Draw one embed. */
export function embed(data) {
  return h(
    "div.embed",
    { "data-testid": "embed", style: { "--edge": colour(data.color) ?? "var(--line-strong)" } },
    h(
      "div.embed-main",
      author(data.author),
      title(data),
      data.description ? h("div.embed-text", markdown(data.description)) : null,
      fields(data.fields ?? []),
      picture(data.image, "wide"),
      footer(data),
    ),
    picture(data.thumbnail, "thumbnail"),
  );
}

const linked = (url, children) =>
  url ? h("a", { href: url, target: "_blank", rel: "noreferrer noopener" }, children) : children;

function author(data) {
  return data?.name ? h("div.embed-author", linked(data.url, data.name)) : null;
}

function title(data) {
  return data.title ? h("div.embed-title", linked(data.url, oneLine(data.title))) : null;
}

function fields(list) {
  if (!list.length) return null;
  return h(
    "dl.embed-fields",
    list.map((field) =>
      h(field.inline ? "div.inline" : "div", h("dt", oneLine(field.name)), h("dd", markdown(field.value))),
    ),
  );
}

function picture(image, kind) {
  return image?.url
    ? h(`img.embed-${kind}`, { src: image.proxy_url ?? image.url, alt: "", loading: "lazy" })
    : null;
}

function footer(data) {
  const parts = [data.footer?.text, data.timestamp ? friendlyTime(new Date(data.timestamp)) : null].filter(
    Boolean,
  );
  return parts.length ? h("div.embed-footer", parts.join(" • ")) : null;
}
