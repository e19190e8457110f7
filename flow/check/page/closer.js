// @ts-check
// What z does: one step closer to an image.

import { NONE, isLabeling, state } from "./state.js";

/** The image large, then with its map, then all images again. While unlabeled images are labelled there is no model that
 *  could say why. */
export function lookCloser() {
  if (state.focused === NONE) return;
  const isClosest = state.mapped || isLabeling();
  state.mapped = state.large && !isClosest;
  state.large = !state.large || state.mapped;
}

/** What that will do, in a word. */
export function closerWord() {
  if (!state.large) return "look";
  return state.mapped || isLabeling() ? "back" : "why";
}
