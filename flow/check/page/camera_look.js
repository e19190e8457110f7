// @ts-check
// A recording, image by image: give it another label, or set some of it aside.

import { get, post } from "./api.js";
import { followLearning } from "./camera_record.js";
import { take } from "./camera_draw.js";
import { state } from "./camera_state.js";
import { $, button, count, make, say } from "./dom.js";

let shown = ""; // the id of the recording
/** @type {Set<string>} */ const marked = new Set();
/** @type {{ sha256: string, state: string, label: string }[]} */ let images = [];

export function listen() {
  $("images").addEventListener("click", (/** @type {any} */ event) => {
    const sha = event.target.closest("button")?.dataset.sha;
    if (!sha) return;
    if (!marked.delete(sha)) marked.add(sha);
    draw();
  });
}

/** @param {string} id of the recording */
export async function look(id) {
  shown = id;
  marked.clear();
  images = [];
  try {
    await load();
    if (!$("looking").open) $("looking").showModal();
  } catch (problem) {
    say(/** @type {Error} */ (problem).message, true);
  }
}

/** Set a recording aside, or what is marked of it. @param {string} id */
export async function quarantineRecording(id) {
  const { images: all } = await get(`/api/images?recording=${encodeURIComponent(id)}`);
  const left = all.filter((/** @type {any} */ image) => image.state !== "aside");
  if (left.length) await decide(id, "aside", "", left);
}

async function load() {
  images = (await get(`/api/images?recording=${encodeURIComponent(shown)}`)).images;
  draw();
}

function draw() {
  const recording = state.recordings.find(({ id }) => id === shown);
  $("looking-title").textContent = `${recording?.labels.join(", ") || recording?.title || "A recording"}: ${count(images.length, "image")}`;
  const acts = marked.size ? `the ${count(marked.size, "marked image")}` : "the whole recording";
  $("looking-hint").textContent = `Click images to mark them. What follows acts on ${acts}.`;
  $("images").replaceChildren(...images.map(tile));
  const labels = state.shown.map(({ label }) => button(label, () => change("label", label)));
  $("relabel").replaceChildren(
    ...labels,
    button("set aside", () => change("aside", "")),
  );
}

/** @param {{ sha256: string, state: string, label: string }} image */
function tile({ sha256, state: now, label }) {
  const words = now === "aside" ? "set aside" : label || "no label";
  const img = make("img", { src: `/thumb/grid/${sha256}`, alt: words, loading: "lazy" });
  const pressed = { "aria-pressed": marked.has(sha256), "data-sha": sha256, "data-state": now };
  return make("li", {}, make("button", { type: "button", ...pressed }, img, make("span", { text: words })));
}

/** @param {string} kind @param {string} label */
async function change(kind, label) {
  const chosen = images.filter((image) => (marked.size ? marked.has(image.sha256) : image.state !== "aside" || kind === "label"));
  if (chosen.length) await decide(shown, kind, label, chosen);
  marked.clear();
  await load().catch(() => {});
}

/** @param {string} id @param {string} kind @param {string} label @param {{ sha256: string }[]} chosen */
async function decide(id, kind, label, chosen) {
  try {
    take(await post("decide", { page: id, images: chosen.map(({ sha256 }) => sha256), kind, label, count: 1 }));
    followLearning();
  } catch (problem) {
    say(/** @type {Error} */ (problem).message, true);
  }
}
