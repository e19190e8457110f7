// @ts-check
// Draws the camera page: labels with their bars, how good the model is, and the recordings so far.

import { keyOf, state, verdict } from "./camera_state.js";
import { $, count, make, percent, say } from "./dom.js";

/** Everything that changes with what was recorded; the bars change with every frame. */
export function draw() {
  drawLabels();
  drawQuality();
  drawStrip();
  drawFrame();
}

function drawLabels() {
  const rows = state.shown.map((row, i) => labelRow(row, keyOf(state.shown, i)));
  const there = [...$("shown").children].map((/** @type {any} */ item) => item.firstElementChild.dataset.label);
  if (there.join("\n") === state.shown.map(({ label }) => label).join("\n")) {
    rows.forEach((row, i) => {
      const now = $("shown").children[i].querySelector(".count"); // a button that is held stays where it is
      now.textContent = row.querySelector(".count")?.textContent ?? "";
    });
    return;
  }
  $("shown").replaceChildren(...rows);
}

/** @param {import("./camera_state.js").Row} row @param {string} key */
function labelRow(row, key) {
  const name = row.label === "not" ? "not: anything else" : row.label;
  const track = make("span", { kind: "track", "aria-hidden": "true" }, make("i"));
  const parts = [...(key ? [make("kbd", { text: key })] : [make("span")]), make("span", { kind: "name", text: name })];
  const end = [make("span", { kind: "number" }), track, make("span", { kind: "count", text: countWords(row) })];
  const spoken = `hold to record ${name}${key ? `, key ${key}` : ""}`;
  return make("li", {}, make("button", { type: "button", kind: "hold", "data-label": row.label, "aria-label": spoken }, ...parts, ...end));
}

/** @param {import("./camera_state.js").Row} row */
export function countWords({ images, recordings, known }) {
  const parts = [];
  if (recordings) parts.push(`${count(images, "image")} in ${count(recordings, "recording")}`);
  if (known) parts.push(`${known} from before`);
  return parts.join(", ") || "nothing yet: hold it and show some";
}

function drawQuality() {
  $("accuracy-text").textContent = state.quality.text;
  $("advice").textContent = state.quality.advice;
  $("quality").classList.toggle("learning", state.quality.learning);
  const labels = state.shown.filter((row) => row.images + row.known > 0);
  $("train").disabled = labels.length < 2 || !state.shown.some((row) => row.images);
  $("undo").disabled = state.recordings.length === 0;
}

function drawStrip() {
  $("strip").replaceChildren(...[...state.recordings].reverse().map(stripItem));
}

/** @param {import("./camera_state.js").Recording} recording */
function stripItem({ id, title, labels, images, first }) {
  const name = labels.join(", ") || (images ? `${title}?` : `${title}, set aside`);
  const shown = first ? [make("img", { src: `/thumb/grid/${first}`, alt: "", decoding: "async" })] : [make("i")];
  const text = make("span", { text: images ? `${name} ${images}` : name });
  const kind = labels.length ? "" : "gone";
  const label = `${name}, ${count(images, "image")}: look at them`;
  return make("li", {}, make("button", { type: "button", kind, "data-id": id, "aria-label": label, title: label }, ...shown, text));
}

/** The bars, the verdict and what is being recorded. */
export function drawFrame() {
  const { seen, hold } = state;
  const scores = seen?.scores;
  document.body.classList.toggle("no-model", !scores);
  document.body.classList.toggle("recording", Boolean(hold));
  for (const item of $("shown").children) {
    const row = item.firstElementChild;
    const score = scores?.[row.dataset.label] ?? 0;
    row.querySelector(".track i").style.width = `${100 * score}%`;
    row.querySelector(".number").textContent = scores ? percent(score) : "";
    row.classList.toggle("best", Boolean(scores) && seen?.label === row.dataset.label && !seen?.reason);
    row.classList.toggle("held", hold?.label === row.dataset.label);
  }
  drawVerdict();
  $("mark").hidden = !hold;
  if (hold) $("mark").textContent = `● ${hold.label} · ${count(hold.images, "image")}`;
  $("rate").textContent = state.rate >= 1 && scores ? `${Math.round(state.rate)} a second` : "";
}

function drawVerdict() {
  const found = verdict(state.seen);
  if (!found) {
    $("verdict").replaceChildren();
    return;
  }
  const score = found.sure && state.seen?.scores ? ` ${percent(state.seen.scores[found.text])}` : "";
  const text = found.text === "not" ? "none of these" : found.text;
  $("verdict").replaceChildren(make("span", { kind: found.sure ? "" : "unsure", text: `${text}${score}` }));
}

/** Take a state of the page as the run answers it. @param {any} view */
export function take(view) {
  state.shown = view.shown;
  state.recordings = view.recordings;
  state.quality = view.quality;
  state.version = view.version;
  if (view.message || view.problem) say(view.message || view.problem, view.incomplete || Boolean(view.problem));
  draw();
}
