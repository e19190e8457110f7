// Talks to the robot. Changes go one after another, in the order of the keys.

const token = document.querySelector("meta[name=roboflow-token]").content;
const tab = crypto.randomUUID();
const ALIVE_MS = 2000;
let line = Promise.resolve();
let pending = 0;

export class Refused extends Error {}
export class Gone extends Error {}

/** Changes that were sent and are not answered yet. */
export const waiting = () => pending;

export async function get(path) {
  return answered(await reach(path, {}));
}

export function post(name, body) {
  pending += 1;
  const sent = line.then(() => send(name, body)).finally(() => { pending -= 1; });
  line = sent.catch(() => {});
  return sent;
}

/** What the robot says of a file. Changes nothing, and waits for no change. */
export async function lookAt(file) {
  return answered(await reach("/api/try", posting("application/octet-stream", file)));
}

/** Say that somebody is here, now and then, and goodbye when the tab closes. `gone` is called when nobody answers. */
export function stayAlive(gone) {
  const alive = () => send("alive", {}).catch((problem) => { if (problem instanceof Gone && pending === 0) gone(); });
  alive();
  setInterval(alive, ALIVE_MS);
  addEventListener("pagehide", () => send("bye", {}, true).catch(() => {}));
  addEventListener("pageshow", (event) => { if (event.persisted) alive(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) alive(); });
}

async function send(name, body, keepalive = false) {
  return answered(await reach(`/api/${name}`, { ...posting("application/json", JSON.stringify(body)), keepalive }));
}

const posting = (type, body) => ({ method: "POST", headers: { "Content-Type": type, "X-Roboflow-Token": token, "X-Tab": tab }, body });

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Gone("The robot has left.");
  }
}

async function answered(response) {
  if (response.status === 403) throw new Gone("The robot no longer knows this page.");
  const facts = await response.json();
  if (!response.ok) throw new Refused([facts.error, facts.hint].filter(Boolean).join(" "));
  return facts;
}
