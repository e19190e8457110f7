// @ts-check
// Walking from image to image, and clicking on them.

import { columns } from "./layout.js";
import { NONE, goTo, images, state, toggle } from "./state.js";

/** @param {string} way @param {boolean} extend */
export function walk(way, extend) {
  const wide = state.large ? 1 : columns();
  /** @type {Record<string, number>} */
  const steps = { left: -1, right: 1, up: -wide, down: wide, first: -Infinity, last: Infinity };
  const by = steps[way];
  const last = images().length - 1;
  let to = state.focused === NONE ? (by < 0 ? last : NONE) : state.focused + by;
  if (to === NONE && state.focused === NONE) return;
  const toLastRow = way === "down" && to > last && state.focused < last - (last % wide);
  if (way === "last" || toLastRow) to = last;
  if (state.large) to = Math.min(to, last);
  goTo(Math.max(0, to), { extend: extend && to <= last });
}

/** @param {number} index @param {boolean} one one more @param {boolean} run all on the way */
export function clicked(index, one, run) {
  if (run) {
    goTo(index, { extend: true });
    return;
  }
  if (one) {
    const hasOne = state.marked.size === 0 && state.walked && state.focused !== NONE && state.focused !== index;
    if (hasOne) toggle(state.focused);
    toggle(index);
  } else {
    state.marked.clear();
  }
  goTo(index);
}
