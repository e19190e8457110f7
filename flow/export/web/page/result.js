// @ts-check
// Draws what the model says of an image: the answer, why it is sure or not, and a bar for each label.

import { $, make, percent } from "./dom.js";

/** @typedef {import("../engine/payload.js").Model} Model */
/** @typedef {import("../engine/predict.js").Prediction} Prediction */

const SHOWN = 8; // labels with a bar
const LONG = 40; // characters from which a label is written smaller
const STEADY_MS = 1000; // how long an answer of the camera stays the same before it is read out

/** @param {Model} model
 *  @param {Prediction} prediction
 *  @param {boolean} isLive bars keep their places then */
export function drawPrediction(model, prediction, isLive) {
  const { kind, best, scores, ranked } = prediction;
  const label = model.labels[best];
  $("kind").hidden = false;
  $("kind").textContent = kind;
  $("kind").dataset.kind = kind;
  const name = make("bdi", { text: label });
  $("answer").replaceChildren(
    ...(kind === "unfamiliar" ? ["Unlike anything it was trained on"] : kind === "unsure" ? ["Perhaps ", name] : [name]),
  );
  $("answer").classList.toggle("long", label.length > LONG && kind !== "unfamiliar");
  $("why").className = "";
  $("why").replaceChildren(...reasons(model, prediction));
  $("scores").classList.toggle("moving", isLive);
  const isSteady = isLive && model.labels.length <= SHOWN;
  const shown = isSteady ? [...scores.keys()] : ranked.slice(0, SHOWN);
  drawBars(
    shown.map((i) => ({ label: model.labels[i], score: scores[i], isBest: i === best })),
    model.labels.length - shown.length,
  );
}

/** A sentence or two.
 *  @param {Model} model
 *  @param {Prediction} prediction
 *  @returns {(Node | string)[]} */
function reasons(model, { kind, score, best, distance, isUnfamiliar }) {
  const far = distance === null ? "" : `distance ${distance.toFixed(2)}, limit ${(model.novelty?.limit ?? 0).toFixed(2)}`;
  if (kind === "sure") return [`${percent(score)}. It is sure from ${percent(model.confidenceMin)} on.`];
  if (kind === "unsure") {
    return [
      `${percent(score)} is below the ${percent(model.confidenceMin)} that it needs to be sure.`,
      isUnfamiliar ? ` It is also unlike anything it was trained on (${far}).` : "",
    ];
  }
  return ["The best label is ", make("bdi", { text: model.labels[best] }), ` (${percent(score)}), which says little here: ${far}.`];
}

/** @param {{ label: string, score: number, isBest: boolean }[]} rows
 *  @param {number} left labels without a bar */
function drawBars(rows, left) {
  const list = $("scores");
  while (list.children.length > rows.length) list.lastChild.remove();
  rows.forEach((row, i) => drawBar(list.children[i] ?? list.appendChild(newBar()), row));
  if (left > 0) list.append(make("li", { kind: "soft", text: `and ${left} more` }));
}

const newBar = () =>
  make(
    "li",
    {},
    make("span", { kind: "name" }, make("bdi")),
    make("span", { kind: "number" }),
    make("span", { kind: "track", "aria-hidden": "true" }, make("i")),
  );

/** @param {HTMLElement} element
 *  @param {{ label: string, score: number, isBest: boolean }} row */
function drawBar(element, { label, score, isBest }) {
  if (!element.querySelector(".track")) {
    element.replaceWith((element = newBar()));
  }
  const name = /** @type {HTMLElement} */ (element.querySelector("bdi"));
  if (name.textContent !== label) {
    name.textContent = label;
    name.title = label;
  }
  element.classList.toggle("best", isBest);
  /** @type {HTMLElement} */ (element.querySelector(".number")).textContent = percent(score);
  /** @type {HTMLElement} */ (element.querySelector("i")).style.width = `${100 * score}%`;
}

/** A message in the place of an answer.
 *  @param {string} title
 *  @param {string} text */
export function drawMessage(title, text) {
  $("kind").hidden = true;
  $("answer").textContent = title;
  $("answer").classList.remove("long");
  $("why").className = "";
  $("why").textContent = text;
  $("scores").replaceChildren();
}

let steady = "";
let steadySince = 0;

/** For screen readers: an answer of the camera only once it has stayed the same for a second.
 *  @param {string} text
 *  @param {boolean} [isLive] */
export function speak(text, isLive = false) {
  const now = performance.now();
  if (text !== steady) {
    steady = text;
    steadySince = now;
  }
  if (isLive && now - steadySince < STEADY_MS) return;
  if ($("spoken").textContent !== text) $("spoken").textContent = text;
}

/** What `speak` says of a prediction.
 *  @param {Model} model
 *  @param {Prediction} prediction */
export function spokenOf(model, { kind, best }) {
  const label = model.labels[best];
  return kind === "sure"
    ? `${label}, sure`
    : kind === "unsure"
      ? `unsure, perhaps ${label}`
      : `unfamiliar: unlike anything it was trained on; nearest is ${label}`;
}
