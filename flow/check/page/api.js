// @ts-check
// Talks to the run. Changes go one after another, in the order of the keys.

const ALIVE_MS = 2000;
const RETRY_MS = 1000; // while another run works, a change waits so long before it is sent again
const token = document.querySelector("meta[name=roboflow-token]")?.getAttribute("content") ?? "";
const tab = crypto.randomUUID();
/** @type {Promise<any>} */
let queue = Promise.resolve();
let pending = 0;

/** A request that was answered with an error. `kind`: refused, busy, locked or request. */
export class Refused extends Error {
  /** @param {string} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}
/** Nobody answers any more. */
export class Closed extends Error {}

/** Changes that were sent and are not answered yet. */
export const waiting = () => pending;

/** @param {string} path */
export async function get(path) {
  return answered(await request(path, {}));
}

/**
 * Send a change. While another run works it is kept and sent again until it is taken.
 * @param {string} name @param {object} body @param {(message: string) => void} [locked] called while it waits
 */
export function post(name, body, locked = () => {}) {
  pending += 1;
  const sent = queue
    .then(() => sendUntilTaken(name, body, locked))
    .finally(() => {
      pending -= 1;
    });
  queue = sent.catch(() => {});
  return sent;
}

/** What the model says of a file. Changes nothing, and waits for no change. @param {Blob} file */
export async function predict(file) {
  return answered(await request("/api/try", posting("application/octet-stream", file)));
}

/** What the model says of a frame, which is kept where a recording goes on.
 *  @param {Blob} data a JPEG @param {string} recording its id, or nothing @param {boolean} [cut] the film was cut before it */
export async function frame(data, recording, cut = false) {
  const options = posting("application/octet-stream", data);
  const headers = { ...options.headers, "X-Recording": recording, "X-Cut": cut ? "1" : "0" };
  return answered(await request("/api/frame", { ...options, headers }));
}

/** What in a file spoke for its label. @param {Blob} file */
export async function explain(file) {
  return answered(await request("/api/why", posting("application/octet-stream", file)));
}

/** Say now and then that the tab is open, and goodbye when it closes. `closed` is called when nobody answers.
 *  @param {() => void} closed */
export function stayAlive(closed) {
  const alive = () =>
    send("alive", {}).catch((problem) => {
      if (problem instanceof Closed && pending === 0) closed();
    });
  alive();
  setInterval(alive, ALIVE_MS);
  addEventListener("pagehide", () => send("bye", {}, true).catch(() => {}));
  addEventListener("pageshow", (event) => {
    if (event.persisted) alive();
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) alive();
  });
}

/** @param {string} name @param {object} body @param {(message: string) => void} locked */
async function sendUntilTaken(name, body, locked) {
  for (;;) {
    try {
      return await send(name, body);
    } catch (problem) {
      if (!(problem instanceof Refused) || problem.kind !== "locked") throw problem;
      locked(problem.message);
      await new Promise((ready) => setTimeout(ready, RETRY_MS));
    }
  }
}

/** @param {string} name @param {object} body @param {boolean} [keepalive] */
async function send(name, body, keepalive = false) {
  return answered(await request(`/api/${name}`, { ...posting("application/json", JSON.stringify(body)), keepalive }));
}

/** @param {string} type @param {BodyInit} body */
function posting(type, body) {
  return { method: "POST", headers: { "Content-Type": type, "X-Roboflow-Token": token, "X-Tab": tab }, body };
}

/** @param {string} path @param {RequestInit} options */
async function request(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Closed("The run has ended.");
  }
}

/** @param {Response} response */
async function answered(response) {
  if (response.status === 403) throw new Closed("The run no longer knows this page.");
  const facts = await response.json();
  if (!response.ok) throw new Refused(facts.kind, [facts.error, facts.hint].filter(Boolean).join(" "));
  return facts;
}
