// The sandbox panel: traffic, joining and leaving, faults, the clock, and the requests that arrived.

import { h, toast, clockTime } from "./dom.js";
import { control } from "./api.js";
import { present } from "./dialogs.js";
import { state, guild, nameOf } from "./store.js";

/** Open the panel. */
export async function openPanel() {
  const requests = h("div.requests");
  const faults = h("div.fault-list");
  const node = present(
    "Sandbox",
    h(
      "p.hint",
      "Everything here is also an HTTP call: see ",
      h("a", { href: "/sandbox/help", target: "_blank" }, "/sandbox/help"),
      ".",
    ),
    h(
      "div.panel",
      section("Traffic", traffic()),
      section("People", people()),
      section("Faults", faultButtons(faults), faults),
      section("Clock", clock()),
      section("Requests", requests),
    ),
  );
  node.classList.add("wide");
  await Promise.all([drawFaults(faults), drawRequests(requests)]);
  const timer = setInterval(() => drawRequests(requests).catch(() => clearInterval(timer)), 2000);
  node.addEventListener("close", () => clearInterval(timer));
}

const section = (title, ...children) => h("section", h("h3", title), ...children);

async function attempt(act, done) {
  try {
    const answer = await act();
    if (done) toast(typeof done === "function" ? done(answer) : done, "info");
  } catch (error) {
    toast(error.message);
  }
}

const action = (label, act, done) =>
  h("button.button.secondary", { type: "button", onclick: () => attempt(act, done) }, label);

function traffic() {
  const count = h("input", {
    type: "number",
    value: "20",
    min: "1",
    max: "100000",
    "aria-label": "Number of messages",
  });
  const rate = h("input", {
    type: "number",
    value: "5",
    min: "0",
    max: "1000",
    "aria-label": "Messages per second, 0 as fast as possible",
  });
  const send = () =>
    control.post(`/guilds/${state.guildId}/traffic`, {
      messages: Number(count.value),
      rate: Number(rate.value),
      channel_id: state.channelId,
      wait: false,
    });
  return h(
    "div.controls",
    h("label", "Messages ", count),
    h("label", "per second ", rate),
    action("Let them talk", send, "They are talking."),
    action("Lively on", () => control.post("/traffic", { on: true, rate: 0.5 }), "The server lives."),
    action("Lively off", () => control.post("/traffic", { on: false }), "Quiet again."),
  );
}

function people() {
  const name = h("input", { type: "text", placeholder: "name", "aria-label": "Name of a newcomer" });
  const join = async () => {
    const user = await control.post("/users", { username: name.value });
    return control.post(`/guilds/${state.guildId}/members`, { user_id: user.id });
  };
  const here = h(
    "select",
    { "aria-label": "Member" },
    (guild()?.members ?? [])
      .filter((one) => !one.user.bot)
      .map((one) => h("option", { value: one.user.id }, nameOf(one.user, one.nick))),
  );
  const away = h(
    "select",
    { "aria-label": "Person who is not here" },
    (guild()?.absent ?? []).map((one) => h("option", { value: one.id }, nameOf(one))),
  );
  return h(
    "div.controls",
    h("label", "Newcomer ", name),
    action("Joins", join, "Joined."),
    h("label", "Member ", here),
    action("Leaves", () => control.delete(`/guilds/${state.guildId}/members/${here.value}`), "Left."),
    h("label", "Absent ", away),
    action(
      "Joins again",
      () => control.post(`/guilds/${state.guildId}/members`, { user_id: away.value }),
      "Joined.",
    ),
  );
}

const FAULTS = [
  ["Drop the bots' sockets", { gateway: "drop" }],
  ["Ask bots to reconnect (op 7)", { gateway: "reconnect" }],
  ["Invalid session (op 9)", { gateway: "invalid_session" }],
  ["Next 3 requests of bots: 500", { token: "bot", status: 500, times: 3 }],
  ["Next request of a bot: 429", { token: "bot", status: 429, retry_after: 2, times: 1 }],
  ["Bots' requests take 2 s longer", { token: "bot", latency: 2 }],
];

function faultButtons(root) {
  const redraw = () => drawFaults(root);
  return h(
    "div.controls",
    FAULTS.map(([label, fault]) => action(label, () => control.post("/faults", fault).then(redraw), "Done.")),
    action("No faults", () => control.delete("/faults").then(redraw), "All faults removed."),
  );
}

async function drawFaults(root) {
  const { faults } = await control.get("/faults");
  root.replaceChildren(
    ...(faults.length
      ? faults.map((fault) => h("code.fault", JSON.stringify(fault)))
      : [h("p.hint", "No faults are set.")]),
  );
}

function clock() {
  const move = (label, seconds) =>
    action(
      label,
      () => control.post("/clock", { advance: seconds }),
      (answer) => `It is now ${new Date(answer.now).toLocaleString()} in the sandbox.`,
    );
  return h(
    "div.controls",
    move("1 minute later", 60),
    move("1 hour later", 3600),
    move("1 day later", 86400),
  );
}

async function drawRequests(root) {
  const { requests } = await control.get("/requests?token=bot&limit=30&last=true");
  root.replaceChildren(
    requests.length
      ? h(
          "table",
          h(
            "thead",
            h(
              "tr",
              ["Time", "Method", "Path", "Status"].map((word) => h("th", word)),
            ),
          ),
          h(
            "tbody",
            requests
              .reverse()
              .map((one) =>
                h(
                  "tr",
                  h("td", clockTime(new Date(one.at))),
                  h("td", one.method),
                  h("td.path", one.path),
                  h(one.status >= 400 ? "td.bad" : "td", String(one.status ?? "…")),
                ),
              ),
          ),
        )
      : h("p.hint", "No bot has called yet."),
  );
}
