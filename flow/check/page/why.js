// @ts-check
// Why: a map of what in an image spoke for its label, shown in the image's place.

import { explain, get } from "./api.js";
import { $, make } from "./dom.js";

const KEPT = 40; // maps in memory; the oldest goes first

/** @typedef {{ address: string, sentence: string, labels: string[] }} WhyMap */
/** @type {Map<string, WhyMap>} */
const kept = new Map();
let turn = 0; // an answer to an older question is not shown

/**
 * Show the map of an image of the page, or the image again.
 * @param {string} sha @param {boolean} mapped
 */
export function drawWhy(sha, mapped) {
  const wanted = kept.get(sha);
  turn += 1;
  if (!mapped) return show("image", "map", "map-words");
  if (wanted) return show("image", "map", "map-words", wanted);
  return load("image", "map", "map-words", async () => {
    const made = mapOf(await get(`/api/why/${sha}`));
    kept.set(sha, made);
    if (kept.size > KEPT) forget(kept.keys().next().value ?? "");
    return made;
  });
}

/** Show the map of a person's own file, or the file again. @param {Blob} file @param {boolean} mapped */
export function drawWhyOf(file, mapped) {
  turn += 1;
  release("tried-map");
  if (!mapped) return show("tried-image", "tried-map", "tried-words");
  return load("tried-image", "tried-map", "tried-words", async () => mapOf(await explain(file)));
}

/** @param {string} image @param {string} map @param {string} words @param {() => Promise<WhyMap>} made */
async function load(image, map, words, made) {
  const mine = turn;
  show(image, map, words);
  $(words).textContent = "boop boop. looking …";
  try {
    const found = await made();
    if (mine === turn) show(image, map, words, found);
  } catch (problem) {
    if (mine === turn) $(words).textContent = /** @type {Error} */ (problem).message;
  }
}

/** @param {string} image @param {string} map @param {string} words @param {WhyMap} [found] */
function show(image, map, words, found) {
  $(map).hidden = !found;
  $(image).classList.toggle("behind", Boolean(found));
  $(words).replaceChildren();
  if (!found) return;
  $(map).src = found.address;
  $(map).alt = `where the evidence for ${found.labels[0]} lay`;
  const key = ["for", "against"].map((kind, i) => make("span", { kind, text: found.labels[i] }));
  $(words).append(make("span", { kind: "legend" }, ...key), make("span", { text: found.sentence }));
}

/** @param {any} facts @returns {WhyMap} */
function mapOf({ image, sentence, labels }) {
  const bytes = Uint8Array.from(atob(image), (character) => character.charCodeAt(0));
  return { address: URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })), sentence, labels };
}

/** @param {string} sha */
function forget(sha) {
  URL.revokeObjectURL(kept.get(sha)?.address ?? "");
  kept.delete(sha);
}

/** @param {string} map */
function release(map) {
  if ($(map).src) URL.revokeObjectURL($(map).src);
  $(map).removeAttribute("src");
}
