// @ts-check
// What is shown, and which images a key acts on.

/**
 * @typedef {{ sha256: string, guess: string, score: number | null, given: string, below_threshold: boolean,
 *   reason: string, name: string, state: string, label: string }} BoardImage
 * @typedef {{ id: string, kind: string, guess: string, title: string, images: BoardImage[], fills: boolean }} Page
 */

export const NONE = -1; // `focused` when no image is: ENTER for the page is next

export const state = {
  /** @type {Page | null} */ page: null,
  /** @type {string[]} */ labels: [],
  /** @type {any} */ progress: null,
  /** @type {string[]} */ after: [],
  /** @type {any} */ counts: null,
  /** @type {any} */ work: null,
  /** @type {[string, number][]} */ decided: [], // label and how many images have it by a decision
  filter: { label: "", skip: 0 }, // what of that is shown, looking back
  focused: 0, // index of the image that the person is at, or NONE
  anchor: 0, // where a run with shift began
  walked: false, // a person came to `focused`, rather than being led there
  /** @type {Set<number>} */ marked: new Set(),
  large: false,
  mapped: false, // the large image is shown with the map of the evidence
  covered: true, // something else is shown over the images: keys do not reach them
  locked: false, // the next page is on its way: keys wait for it
  ending: false, // the end of a labeling session is shown, though there is more to label
  closed: false, // the run has ended
  shownAt: -Infinity, // when the page or the end came, ms
};

export const images = () => state.page?.images ?? [];
/** The label an image gets by being accepted. @param {BoardImage} image */
export const expected = (image) => image.given || image.guess;
/** @param {BoardImage} image */
export const isOpen = (image) => image.state === "";
/** Whether what was decided is shown, rather than what is to be decided. */
export const isLookingBack = () => state.page?.kind === "back";
/** How many images looking back shows, on all its pages. */
export function decidedCount() {
  const { label } = state.filter;
  return state.decided.filter(([name]) => !label || name === label).reduce((sum, [, n]) => sum + n, 0);
}

/** The label of which is shown next what was decided; all of it first. @param {number} by */
export function nextFilter(by) {
  const all = ["", ...state.decided.map(([label]) => label)];
  const at = all.indexOf(state.filter.label);
  return isLookingBack() ? all[(at + by + all.length) % all.length] : "";
}

/** Where the next page of what was decided begins; NONE where there is none. @param {string} way newer or older @param {number} fits */
export function otherSkip(way, fits) {
  const { skip } = state.filter;
  if (way === "newer") return skip === 0 ? NONE : Math.max(0, skip - fits);
  const next = skip + images().length;
  return next < decidedCount() ? next : NONE;
}

/** Whether unlabeled images are labelled, rather than predictions checked. */
export const isLabeling = () => Boolean(state.progress?.labeling);

/** The indices that a key acts on: the large image, or all marked ones, or the one the person is at. */
export function targets() {
  if (state.large || state.marked.size === 0) return state.focused === NONE ? [] : [state.focused];
  return [...state.marked].sort((a, b) => a - b);
}

/** What ENTER accepts and what it leaves for later. */
export function acceptable() {
  const open = images()
    .map((_, i) => i)
    .filter((i) => isOpen(images()[i]));
  /** @param {number} i */
  const isAccepted = (i) => !state.marked.has(i) && expected(images()[i]) !== ""; // without a guess it needs a label
  return { accepted: open.filter(isAccepted), later: open.filter((i) => !isAccepted(i)) };
}

/** Another page is shown. @param {Page | null} page @param {number} now ms */
export function turnTo(page, now) {
  state.page = page;
  state.marked.clear();
  state.focused = page ? Math.max(0, page.images.findIndex(isOpen)) : NONE;
  state.anchor = state.focused;
  state.walked = false;
  state.locked = false;
  state.shownAt = now;
}

/** @param {number} index @param {{ extend?: boolean }} [options] `extend`: mark everything on the way */
export function goTo(index, { extend = false } = {}) {
  const last = images().length - 1;
  if (index > last) {
    state.focused = NONE;
    return;
  }
  index = Math.max(0, index);
  if (extend) {
    const [low, high] = [Math.min(state.anchor, index), Math.max(state.anchor, index)];
    state.marked = new Set(Array.from({ length: high - low + 1 }, (_, i) => low + i));
  } else {
    state.anchor = index;
  }
  state.focused = index;
  state.walked = true;
}

/** @param {number} index */
export function toggle(index) {
  if (!state.marked.delete(index)) state.marked.add(index);
}

export function markAll() {
  state.marked = new Set(
    images()
      .map((_, i) => i)
      .filter((i) => isOpen(images()[i])),
  );
}

/** After a key: the next image that is open. After the last one, ENTER for the page is next. @param {number[]} acted */
export function advance(acted) {
  const last = acted[acted.length - 1];
  state.marked.clear();
  if (isLookingBack()) {
    goTo(last);
    return;
  }
  const next = images().findIndex((image, i) => i > last && isOpen(image));
  state.focused = next < 0 ? NONE : next;
  state.anchor = Math.max(0, state.focused);
  state.walked = false;
  if (state.focused === NONE) state.large = state.mapped = false;
}
