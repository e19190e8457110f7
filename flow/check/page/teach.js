// Where a lesson stands: in words, as a little curve, and what may be done with it.

import { $, button, count, make, percent } from "./draw.js";
import { state } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 150, HEIGHT = 44, EDGE = 3;  // of the curve, in its own units
const SHORT_MOST = 3;  // labels named as short; more is a list nobody reads

export const isLesson = () => Boolean(state.progress?.teach);

/** "About 91 %, between 84 and 95" as pieces of text. */
export function accuracyWords({ share, draws }) {
  if (!share) return [make("b", { text: "Not measured yet" }), draws ? ` (${count(draws, "random draw")} so far)` : ""];
  const between = `, between ${Math.floor(100 * share.low)} and ${Math.ceil(100 * share.high)}`;
  return ["About ", make("b", { text: `${Math.round(100 * share.value)} %` }), between];
}

export function standing(teach) {
  const minutes = teach.minutes < 1 ? "" : ` and ${count(Math.round(teach.minutes), "minute")}`;
  const after = `, after ${count(teach.decisions, "decision")}${minutes}`;
  return teach.decisions ? [...accuracyWords(teach), after] : [make("b", { text: "Nothing learned yet." }), " Two labels, and it begins to guess."];
}

export function advice(teach) {
  const parts = [];
  if (teach.enough) parts.push("Ten more would hardly change it: you may stop here.");
  if (teach.mixed_up) parts.push(`Mixed up most: ${teach.mixed_up[0]} and ${teach.mixed_up[1]}.`);
  const short = teach.short.slice(0, SHORT_MOST).map(([label, n]) => `${label} ${n}`);
  if (short.length) parts.push(`Few so far: ${short.join(", ")}${teach.short.length > SHORT_MOST ? " …" : ""}.`);
  return parts.join(" ");
}

export function drawStanding(teach) {
  $("far").replaceChildren(...standing(teach));
  $("robot").replaceChildren(advice(teach));
  $("curve").replaceChildren(...(teach.curve.length > 1 ? [curve(teach.curve)] : []));
  $("curve").hidden = teach.curve.length < 2;
}

/** Accuracy over decisions, its interval as a band. */
export function curve(points) {
  const [first, last] = [points[0][0], points[points.length - 1][0]];
  const floor = Math.min(0.5, ...points.map((p) => p[2]));
  const x = (n) => (EDGE + ((WIDTH - 2 * EDGE) * (n - first)) / Math.max(1, last - first)).toFixed(1);
  const y = (share) => (EDGE + ((HEIGHT - 2 * EDGE) * (1 - share)) / (1 - floor)).toFixed(1);
  const line = (at) => points.map((p) => `${x(p[0])},${y(p[at])}`);
  const end = points[points.length - 1];
  const words = `accuracy over decisions: ${percent(points[0][1])} after ${first}, ${percent(end[1])} after ${last}`;
  return draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    draw("polygon", { class: "band", points: [...line(2), ...line(3).reverse()].join(" ") }),
    draw("polyline", { class: "line", points: line(1).join(" ") }),
    draw("circle", { class: "now", cx: x(end[0]), cy: y(end[1]), r: 2.6 }));
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** What the person may do with what was taught so far. */
export function lessonEnd(does) {
  const { teach, left } = state.progress;
  const parts = [make("h2", { text: left ? "Enough for today?" : "That was the whole heap. boop boop." })];
  parts.push(make("p", { kind: "verdict" }, ...standing(teach)));
  if (advice(teach)) parts.push(make("p", { kind: "soft", text: advice(teach) }));
  if (teach.curve.length > 1) parts.push(make("div", { kind: "curve" }, curve(teach.curve)));
  const rest = left ? `, and the robot sorts the other ${left} for you to look through` : "";
  const what = teach.ready ? `What you said becomes training data (undo takes it out again), a model learns from it${rest}.` : "A model needs pictures of at least two labels.";
  parts.push(make("p", { kind: "soft", text: what }));
  const buttons = [];
  if (teach.ready) buttons.push(button("train a model", () => does.then(["teach"]), "ENTER"));
  if (left) buttons.push(button("go on looking", does.goOn, teach.ready ? "" : "ENTER"));
  buttons.push(button("stop for now", does.finish), button("undo", does.undo));
  parts.push(make("div", { kind: "buttons" }, ...buttons));
  return parts;
}
