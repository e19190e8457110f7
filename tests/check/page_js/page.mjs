// What the tests of the page's modules share: a page of images, and keys as a browser sends them.

import { state, turnTo } from "../../../flow/check/page/state.js";

export const image = (/** @type {object} */ more = {}) => ({
  sha256: "",
  guess: "cat",
  score: null,
  given: "",
  below_threshold: false,
  reason: "",
  name: "",
  state: "",
  label: "",
  ...more,
});

/** Show a page that has been on the screen for long. */
export function show(images, { kind = "sure", labels = ["cat", "dog"], labeling = false } = {}) {
  Object.assign(state, { labels, large: false, mapped: false, covered: false, ending: false, progress: labeling ? { labeling: {} } : {} });
  turnTo(images && { id: "1", kind, guess: "cat", title: "cat", images, fills: true }, -Infinity);
}

/** A key-down event; `inside`: what `closest` finds around its target. */
export function key(name, { shift = false, ctrl = false, repeat = false, code = "", inside = null } = {}) {
  return {
    key: name,
    code,
    repeat,
    shiftKey: shift,
    ctrlKey: ctrl,
    metaKey: false,
    target: { closest: (selector) => (inside && selector.split(", ").includes(inside.is) ? inside : null) },
  };
}
