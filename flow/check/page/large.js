// @ts-check
// One image large: scores as bars, where it comes from, and the training images that are most similar.

import { get } from "./api.js";
import { $, make, percent } from "./dom.js";
import { expected, images, state } from "./state.js";
import { drawWhy } from "./why.js";

const SHOWN = 12; // labels with a bar
let shown = "";
let mapped = false;

export function drawLarge() {
  $("large").hidden = !state.large;
  if (!state.large) {
    shown = "";
    return;
  }
  const image = images()[state.focused];
  $("state").textContent = stateWords(image);
  if (shown !== image.sha256 || state.mapped !== mapped) drawWhy(image.sha256, state.mapped);
  mapped = state.mapped;
  if (shown === image.sha256) return;
  shown = image.sha256;
  const img = $("image");
  img.src = `/thumb/large/${image.sha256}`;
  img.alt = [expected(image), image.name].filter(Boolean).join(", ");
  $("name").textContent = `${state.focused + 1} of ${images().length}`;
  $("scores").replaceChildren(...(image.score === null ? [] : bars([[image.guess, image.score]])));
  $("why").textContent = reasonWords(image.reason);
  $("credit").replaceChildren(make("p", { text: image.name }));
  $("near").hidden = true;
  loadDetails(image.sha256);
  for (const next of [images()[state.focused + 1], images()[state.focused - 1]]) {
    if (next) new Image().src = `/thumb/large/${next.sha256}`;
  }
}

/** @param {import("./state.js").BoardImage} image */
function stateWords(image) {
  /** @type {Record<string, string>} */
  const words = {
    label: `now ${image.label}`,
    keep: `accepted: ${image.label}`,
    aside: "set aside",
    moved: `moved to ${image.label} by hand`,
    missing: "no longer there",
  };
  if (words[image.state]) return words[image.state];
  if (!expected(image)) return "What is this?";
  if (image.given) return `in ${image.given}; the model says ${image.guess}`;
  return `${image.guess}${image.below_threshold ? "?" : ""}`;
}

/** @param {string} reason */
function reasonWords(reason) {
  if (reason === "unlike") return "It is unfamiliar: unlike all training images, so it counts as unsure.";
  return reason === "unsure" ? "Its best score is below confidence_min." : "";
}

/** @param {string} sha */
async function loadDetails(sha) {
  try {
    const facts = await get(`/api/image/${sha}`);
    if (shown === sha) drawDetails(facts);
    const { near } = await get(`/api/near/${sha}`);
    if (shown === sha) drawNear($("near"), near);
  } catch {
    /* the image itself is what matters; the next key says what is wrong */
  }
}

/** @param {any} facts */
function drawDetails({ name, scores, title, credit, licence, link, source }) {
  if (scores.length) $("scores").replaceChildren(...bars(scores));
  const lines = [title, credit, [source, licence].filter(Boolean).join(" · "), name].filter(Boolean);
  const shownLines = [...new Set(lines)].map((text) => make("p", { text }));
  if (link) {
    const page = make("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: "its page" });
    shownLines.push(make("p", {}, page));
  }
  $("credit").replaceChildren(...shownLines);
}

/** Label and score pairs, best first, as list items. @param {[string, number][]} scores */
export const bars = (scores) => scores.slice(0, SHOWN).map(([label, score]) => bar(label, score));

/** @param {string} label @param {number} score a fraction 0..1 */
function bar(label, score) {
  const inside = make("i");
  inside.style.width = `${100 * score}%`;
  const track = make("span", { kind: "track", "aria-hidden": "true" }, inside);
  return make("li", {}, make("span", { text: label }), track, make("span", { kind: "number", text: percent(score) }));
}

/** The training images most similar to one, in `place`, which is hidden where there are none.
 *  @param {any} place @param {any[]} near */
export function drawNear(place, near) {
  place.hidden = near.length === 0;
  place.querySelector("ul").replaceChildren(...near.map(nearTile));
}

/** @param {{ sha256: string, label: string, similarity: number }} image */
function nearTile({ sha256, label, similarity }) {
  const img = make("img", { src: `/thumb/grid/${sha256}`, alt: "", loading: "lazy" });
  img.addEventListener("error", () => img.remove());
  const title = `similarity ${percent(Math.max(0, similarity))}`;
  return make("li", { title }, img, make("span", { text: label }));
}
