// The page's connection to the gateway: identifies as the chosen user, hands on events, comes back by itself.

const HELLO = 10,
  DISPATCH = 0,
  HEARTBEAT = 1,
  IDENTIFY = 2,
  RECONNECT = 7,
  INVALID_SESSION = 9;

/** Connect as a user; `onEvent(name, data)` gets every dispatch, `onState("live" | "away")` the line's state. */
export function connect(token, onEvent, onState) {
  let socket = null,
    beat = null,
    sequence = null,
    stopped = false,
    wait = 500;

  function open() {
    socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/gateway/?v=10&encoding=json`);
    socket.onmessage = (message) => receive(JSON.parse(message.data));
    socket.onclose = lost;
  }

  function lost() {
    clearInterval(beat);
    if (stopped) return;
    onState("away");
    setTimeout(() => {
      if (!stopped) open();
    }, wait);
    wait = Math.min(wait * 2, 8000);
  }

  function send(op, d) {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op, d }));
  }

  function receive({ op, d, s, t }) {
    if (op === HELLO) {
      beat = setInterval(() => send(HEARTBEAT, sequence), d.heartbeat_interval * 0.9);
      send(IDENTIFY, { token, properties: { os: "web", browser: "sandbox page", device: "" } });
    } else if (op === HEARTBEAT) {
      send(HEARTBEAT, sequence);
    } else if (op === RECONNECT || op === INVALID_SESSION) {
      socket.close();
    } else if (op === DISPATCH) {
      sequence = s;
      if (t === "READY") {
        wait = 500;
        onState("live");
      }
      onEvent(t, d);
    }
  }

  open();
  return () => {
    stopped = true;
    clearInterval(beat);
    socket.close();
  };
}
