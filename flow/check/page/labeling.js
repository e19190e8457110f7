// @ts-check
// Where a labeling session stands: in words, as a little curve, and what may be done with it.

import { $, button, count, interval, make, percent } from "./dom.js";
import { state } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 150; // of the curve, in its own units
const HEIGHT = 44;
const EDGE = 3;
const FORECAST = 30; // decisions that a forecast is about
const SAMPLED = 24; // images of a page that measures, at most
const FEW_SHOWN = 3; // labels named as having few images; more is a list nobody reads

/** "Accuracy 91 % (95 % interval 84 to 95 %)" as pieces of text. @param {any} labeling @returns {(Node | string)[]} */
function accuracyWords({ share, random, failed, sample }) {
  if (sample === "measuring") return [make("b", { text: "Measuring the accuracy …" })];
  if (failed) return [make("b", { text: "Accuracy is no longer measured" }), ` (${failed}; the log has the details)`];
  if (!share) {
    const soFar = random ? ` (${count(random, "random image")} so far)` : "";
    return [make("b", { text: "Accuracy not measured yet" }), soFar];
  }
  return ["Accuracy ", make("b", { text: `${Math.round(100 * share.value)} %` }), ` (95 % interval ${interval(share)})`];
}

/** @param {any} labeling @returns {(Node | string)[]} */
function progressParts(labeling) {
  if (!labeling.decisions) return [make("b", { text: "Nothing labelled yet." }), " With two labels it begins to guess."];
  const minutes = labeling.minutes < 1 ? "" : ` and ${count(Math.round(labeling.minutes), "minute")}`;
  return [...accuracyWords(labeling), `, after ${count(labeling.decisions, "decision")}${minutes}`];
}

/** What going on is likely to bring. @param {number} gain of the accuracy, a fraction 0..1 */
export function forecastWords(gain) {
  const points = Math.round(100 * gain);
  return `${FORECAST} more decisions: ${points < 1 ? "less than" : "about"} +${Math.max(1, points)} %.`;
}

/** Whether the last image of a page that measures was decided just now. @param {any} before @param {any} now */
export const sampleEnded = (before, now) => before?.labeling?.sample === "open" && ["measuring", "measured"].includes(now.labeling?.sample);

/** What would help, in sentences. @param {any} labeling */
export function advice(labeling) {
  const parts = [];
  if (labeling.enough) parts.push("Ten more decisions would hardly change it: you may stop here.");
  else if (typeof labeling.forecast === "number") parts.push(forecastWords(labeling.forecast));
  if (labeling.mixed_up) parts.push(`Mixed up most: ${labeling.mixed_up[0]} and ${labeling.mixed_up[1]}.`);
  const few = labeling.few.slice(0, FEW_SHOWN).map((/** @type {[string, number]} */ [label, n]) => `${label} ${n}`);
  if (few.length) parts.push(`Few images so far: ${few.join(", ")}${labeling.few.length > FEW_SHOWN ? " …" : ""}.`);
  return parts.join(" ");
}

/** @param {any} labeling */
export function drawLabelingProgress(labeling) {
  $("left").replaceChildren(...progressParts(labeling));
  $("accuracy").replaceChildren(advice(labeling));
  $("curve").replaceChildren(...(labeling.curve.length > 1 ? [curve(labeling.curve)] : []));
  $("curve").hidden = labeling.curve.length < 2;
}

/** Accuracy over decisions, its interval as a band. @param {number[][]} points decisions, value, low, high */
function curve(points) {
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const floor = Math.min(0.5, ...points.map((p) => p[2]));
  const x = (/** @type {number} */ n) => (EDGE + ((WIDTH - 2 * EDGE) * (n - first)) / Math.max(1, last - first)).toFixed(1);
  const y = (/** @type {number} */ share) => (EDGE + ((HEIGHT - 2 * EDGE) * (1 - share)) / (1 - floor)).toFixed(1);
  const line = (/** @type {number} */ at) => points.map((p) => `${x(p[0])},${y(p[at])}`);
  const end = points[points.length - 1];
  const words = `accuracy over decisions: ${percent(points[0][1])} after ${first}, ${percent(end[1])} after ${last}`;
  return svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    svg("polygon", { class: "band", points: [...line(2), ...line(3).reverse()].join(" ") }),
    svg("polyline", { class: "line", points: line(1).join(" ") }),
    svg("circle", { class: "now", cx: x(end[0]), cy: y(end[1]), r: 2.6 }),
  );
}

/** @param {string} tag @param {Record<string, any>} attributes @param {...Node} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** One more page, with which the interval gets half as wide.
 *  @param {Record<string, (...args: any[]) => void>} actions @param {number} left */
function sampleButton(actions, left) {
  const made = button(`how good is it? check ${Math.min(SAMPLED, left)} random images`, actions.sample);
  made.prepend(make("kbd", { text: "%" }));
  return made;
}

/** What the person may do with the labels given so far. @param {Record<string, (...args: any[]) => void>} actions */
export function labelingEnd(actions) {
  const { labeling, left } = state.progress;
  const parts = [make("h2", { text: left ? "Enough for today?" : "All images are labelled. boop boop." })];
  parts.push(make("p", { kind: "verdict" }, ...progressParts(labeling)));
  if (advice(labeling)) parts.push(make("p", { kind: "soft", text: advice(labeling) }));
  if (labeling.curve.length > 1) parts.push(make("div", { kind: "curve" }, curve(labeling.curve)));
  const rest = left ? `, and the model sorts the other ${left} for you to check` : "";
  const consequence = `The images you labelled become training data (undo takes them out again), a model learns from them${rest}.`;
  const text = labeling.ready ? consequence : "A model needs images of at least two labels.";
  parts.push(make("p", { kind: "soft", text }));
  const buttons = [];
  if (labeling.ready) buttons.push(button("train a model", () => actions.work(["first_model"]), "ENTER"));
  if (left && labeling.share && labeling.sample !== "measuring") buttons.push(sampleButton(actions, left));
  if (left) buttons.push(button("go on labelling", actions.goOn, labeling.ready ? "" : "ENTER"));
  buttons.push(button("stop for now", actions.finish), button("undo", actions.undo));
  parts.push(make("div", { kind: "buttons" }, ...buttons));
  return parts;
}
