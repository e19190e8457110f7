// @ts-check
// Embeddings -> what the model says, by the thresholds of `python roboflow.py ... try`.

/** @typedef {import("./payload.js").Model} Model */
/** @typedef {import("./payload.js").Head} Head */
/** @typedef {import("./payload.js").Novelty} Novelty */
/** `kind`: unsure, the best score is below confidence_min; unfamiliar, the image is unlike anything the model was trained
 *  on, whatever it scores. `ranked`: the labels' indices, best first. `distance`: 0..2, null = not checked.
 *  @typedef {"sure" | "unsure" | "unfamiliar"} Kind */
/** @typedef {{ scores: Float64Array, ranked: number[], best: number, score: number, distance: number | null,
 *    isUnfamiliar: boolean, kind: Kind }} Prediction */

/** @param {Model} model
 *  @param {Float32Array} embeddings
 *  @returns {Prediction} */
export function predict(model, embeddings) {
  const scores = scoresOf(model.head, embeddings);
  const ranked = [...scores.keys()].sort((one, other) => scores[other] - scores[one] || one - other);
  const best = ranked[0];
  const distance = model.novelty ? distanceOf(model.novelty, embeddings) : null;
  const isUnfamiliar = model.novelty !== null && distance !== null && distance > model.novelty.limit;
  const isSure = scores[best] >= model.confidenceMin;
  return {
    scores,
    ranked,
    best,
    score: scores[best],
    distance,
    isUnfamiliar,
    kind: !isSure ? "unsure" : isUnfamiliar ? "unfamiliar" : "sure",
  };
}

/** Softmax of the calibrated logits.
 *  @param {Head} head
 *  @param {Float32Array} embeddings */
export function scoresOf({ weights, bias, temperature }, embeddings) {
  const count = bias.length;
  const logits = Float64Array.from(bias);
  for (let i = 0, at = 0; i < embeddings.length; i++) {
    for (let label = 0; label < count; label++, at++) logits[label] += embeddings[i] * weights[at];
  }
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp((logit - most) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** 1 - cosine to the nearest training image.
 *  @param {Novelty} novelty
 *  @param {Float32Array} embeddings */
export function distanceOf({ rows, centre, spread, columns }, embeddings) {
  const length = centre.length;
  const moved = centre.map((mean, i) => (embeddings[columns[0] + i] - mean) / spread[i]);
  const norm = Math.max(1e-9, Math.hypot(...moved));
  let nearest = -1;
  for (let row = 0; row < rows.length; row += length) {
    let product = 0;
    for (let i = 0; i < length; i++) product += rows[row + i] * moved[i];
    nearest = Math.max(nearest, product / norm);
  }
  return 1 - nearest;
}
