// @ts-check
// The camera page: joins its parts, switches the camera on, and listens to keys, mouse and fingers.

import { Closed, Refused, get, post, stayAlive } from "./api.js";
import { take } from "./camera_draw.js";
import * as end from "./camera_end.js";
import * as film from "./camera_film.js";
import * as looking from "./camera_look.js";
import * as record from "./camera_record.js";
import { meaning, state } from "./camera_state.js";
import * as stream from "./camera_stream.js";
import { $, make, say } from "./dom.js";
import * as picker from "./picker.js";
import { state as pageState } from "./state.js";

let isRefused = false; // the person said no: it is not asked for again by itself
let heldKey = ""; // the key that records now

/** Switch the camera on, or say why not. */
async function switchOn() {
  $("dark").hidden = true;
  try {
    const track = await stream.start($("video"), localStorage.getItem("camera") ?? "", () => goDark(stream.UNPLUGGED));
    isRefused = false;
    if (track) await arrange(track);
  } catch (problem) {
    isRefused = !(problem instanceof stream.NoCamera) || /** @type {Error} */ (problem).message.includes("allow");
    goDark(/** @type {Error} */ (problem).message);
  }
}

/** @param {string} why a sentence */
function goDark(why) {
  record.cutShort();
  stream.stop($("video"));
  state.seen = null;
  $("why-dark").textContent = why;
  $("dark").hidden = false;
  $("verdict").replaceChildren();
}

/** The list of cameras, and the picture as in a mirror where the camera looks at the person. @param {MediaStreamTrack} track */
async function arrange(track) {
  const found = await stream.cameras();
  const now = track.getSettings();
  const options = found.map(({ deviceId, label }, i) => make("option", { value: deviceId, text: label || `camera ${i + 1}` }));
  $("device").replaceChildren(...options);
  $("device").value = now.deviceId ?? "";
  $("device").hidden = found.length < 2;
  mirror(localStorage.getItem("mirror") ? localStorage.getItem("mirror") === "yes" : now.facingMode !== "environment");
}

/** Only what is seen is mirrored; what is kept is as it is. @param {boolean} on */
function mirror(on) {
  $("video").classList.toggle("mirrored", on);
  $("mirror").setAttribute("aria-pressed", String(on));
}

/** @param {() => Promise<any>} change */
async function changed(change) {
  try {
    const view = await change();
    if (view) take(view);
    pageState.labels = state.shown.map(({ label }) => label);
    record.followLearning();
  } catch (problem) {
    await handle(problem);
  }
}

/** @param {unknown} problem */
async function handle(problem) {
  if (problem instanceof Closed) closed();
  else if (problem instanceof Refused && problem.kind === "busy") await end.follow(goOn, finish).catch(handle);
  else say(/** @type {Error} */ (problem).message, true);
}

function closed() {
  stream.stop($("video"));
  end.drawClosed("The run has ended.", "Everything you recorded is saved.");
}

function goOn() {
  end.close();
  say("");
  changed(() => get("/api/shown"));
}

async function finish() {
  stream.stop($("video"));
  try {
    const { back } = await post("done", {});
    if (back) location.assign(back);
    else end.drawClosed("Done. Thank you.", "Everything you recorded is saved.");
  } catch (problem) {
    await handle(problem);
  }
}

/** @param {string} letters */
function typeLabel(letters) {
  picker.pick(letters, (label) =>
    changed(async () => {
      const view = await post("label", { label });
      const index = view.shown.findIndex((/** @type {any} */ row) => row.label === label);
      return { ...view, message: `${label}: hold ${index >= 0 && index < 9 ? `${index + 1} or ` : ""}its button, and show it.` };
    }),
  );
}

/** The newest recording that has images. */
const newest = () => [...state.recordings].reverse().find(({ images }) => images)?.id;

const actions = {
  undo: () => changed(() => post("undo", {})),
  redo: () => changed(() => post("redo", { count: 1 })),
  aside: () => newest() && changed(() => looking.quarantineRecording(/** @type {string} */ (newest()))),
  look: () => newest() && looking.look(/** @type {string} */ (newest())),
  help: () => {
    $("keys").showModal();
    $("keys").scrollTop = 0;
  },
};

function listenToKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]") || end.isOpen()) return;
    const found = meaning(event, state.shown);
    if (!found) return;
    event.preventDefault();
    if (event.repeat) return;
    const [name, word] = found;
    if (name === "hold") {
      heldKey = event.code;
      record.begin(word ?? "");
    } else if (name === "type") typeLabel(word ?? "");
    else actions[name]();
  });
  document.addEventListener("keyup", (event) => {
    if (event.code === heldKey) letGo();
  });
  addEventListener("blur", letGo);
}

function letGo() {
  heldKey = "";
  record.end();
}

function listenToPointer() {
  $("shown").addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const row = /** @type {any} */ (event.target).closest(".hold");
    if (!row || event.button !== 0) return;
    event.preventDefault(); // no text is selected, no menu opens
    row.setPointerCapture(event.pointerId);
    record.begin(row.dataset.label);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) $("shown").addEventListener(name, letGo);
  $("shown").addEventListener("contextmenu", (/** @type {Event} */ event) => event.preventDefault());
  $("shown").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const row = /** @type {any} */ (event.target).closest(".hold"); // space and ENTER hold the button that has the focus
    if (!row || event.repeat || (event.key !== " " && event.key !== "Enter")) return;
    event.preventDefault();
    heldKey = event.code;
    record.begin(row.dataset.label);
  });
  $("strip").addEventListener("click", (/** @type {any} */ event) => {
    const id = event.target.closest("button")?.dataset.id;
    if (id) looking.look(id);
  });
}

function listenToButtons() {
  /** @type {Record<string, () => void>} */
  const buttons = {
    undo: actions.undo,
    redo: actions.redo,
    ask: actions.help,
    done: finish,
    again: switchOn,
    "new-label": () => typeLabel(""),
    train: () => end.train(goOn, finish).catch(handle),
    mirror: () => {
      const on = $("mirror").getAttribute("aria-pressed") !== "true";
      localStorage.setItem("mirror", on ? "yes" : "no");
      mirror(on);
    },
  };
  for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", action);
  $("device").addEventListener("change", () => {
    localStorage.setItem("camera", $("device").value);
    localStorage.removeItem("mirror");
    switchOn();
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => {
    if (!stream.isOn() && !document.hidden && !isRefused && !end.isOpen()) switchOn(); // one was plugged in
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      letGo();
      record.cutShort();
      stream.stop($("video"));
    } else if (!isRefused && !$("tools").hidden) switchOn();
  });
}

history.replaceState(null, "", "/"); // the ticket does not stay in the address
listenToKeys();
listenToPointer();
listenToButtons();
picker.listen();
film.listen();
looking.listen();
stayAlive(closed);
changed(() => get("/api/shown"));
switchOn();
record.run(closed);
