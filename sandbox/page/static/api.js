// Discord's REST routes as the page uses them, with the token of whoever it acts as.

class ApiError extends Error {
  constructor(status, body) {
    super(describe(status, body));
    this.status = status;
    this.code = body?.code;
  }
}

function describe(status, body) {
  const details = [...messages(body?.errors ?? {})];
  const text = details.length
    ? `${body.message}: ${details.join("; ")}`
    : (body?.message ?? `The server answered ${status}.`);
  return body?.code ? `${text} (${body.code})` : text;
}

function* messages(tree) {
  for (const [key, branch] of Object.entries(tree)) {
    if (key === "_errors") yield* branch.map((error) => error.message);
    else if (branch && typeof branch === "object") yield* messages(branch);
  }
}

let token = "";

export const actWith = (value) => {
  token = value;
};

async function answerOf(response) {
  const body = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, body);
  return body;
}

async function call(method, path, body, { files = [], reason } = {}) {
  const headers = { Authorization: token };
  if (reason) headers["X-Audit-Log-Reason"] = encodeURIComponent(reason);
  let payload;
  if (files.length) {
    payload = new FormData();
    payload.append("payload_json", JSON.stringify(body));
    files.forEach((file, index) => payload.append(`files[${index}]`, file, file.name));
  } else if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    payload = JSON.stringify(body);
  }
  return answerOf(await fetch(`/api/v10${path}`, { method, headers, body: payload }));
}

export const api = {
  get: (path) => call("GET", path),
  post: (path, body, options) => call("POST", path, body, options),
  put: (path, body, options) => call("PUT", path, body, options),
  patch: (path, body, options) => call("PATCH", path, body, options),
  delete: (path, options) => call("DELETE", path, undefined, options),
};

/** The sandbox's own control API, which asks for no token. */
export const control = {
  get: async (path) => answerOf(await fetch(`/sandbox${path}`)),
  post: async (path, body = {}) =>
    answerOf(
      await fetch(`/sandbox${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    ),
  delete: async (path) => answerOf(await fetch(`/sandbox${path}`, { method: "DELETE" })),
};

let counter = 0;

/** A value that tells this client's own requests apart in the events that answer them. */
export const nonce = () => String(((BigInt(Date.now()) - 1420070400000n) << 22n) + BigInt(counter++ % 4096));
