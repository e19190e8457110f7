// What is shown, and which pictures a key acts on.

export const NOBODY = -1;  // `here` when no picture is: ENTER for the page is next

export const state = {
  page: null, labels: [], progress: null, after: [], counts: null, work: null,
  here: 0,            // index of the picture the person is at, or NOBODY
  anchor: 0,          // where a run with shift began
  chosen: false,      // a person came here, rather than being led here
  marks: new Set(),   // indices
  large: false,
  covered: true,      // something else is shown over the pictures: keys do not reach them
  locked: false,      // the next page is on its way: keys wait for it
  ending: false,      // a lesson's end is shown, though there is more to look at
  closed: false,      // the run has ended
  turned: 0,          // when it came, ms
  ledOn: false,       // a decision on the last pictures led to it, not an ENTER
};

export const pictures = () => state.page?.pictures ?? [];
export const usual = (picture) => picture.given || picture.guess;
export const isOpen = (picture) => picture.state === "";

/** The indices that a key acts on: the large one, or all marked ones, or the one the person is at. */
export function targets() {
  if (state.large || state.marks.size === 0) return state.here === NOBODY ? [] : [state.here];
  return [...state.marks].sort((a, b) => a - b);
}

/** What ENTER accepts and what it leaves for later. */
export function acceptable() {
  const open = pictures().map((p, i) => i).filter((i) => isOpen(pictures()[i]));
  const isAccepted = (i) => !state.marks.has(i) && usual(pictures()[i]) !== "";  // what has no guess waits for a label
  return { accepted: open.filter(isAccepted), later: open.filter((i) => !isAccepted(i)) };
}

export function turnTo(page) {
  state.page = page;
  state.marks.clear();
  state.here = page ? Math.max(0, page.pictures.findIndex(isOpen)) : NOBODY;
  state.anchor = state.here;
  state.chosen = false;
  state.locked = false;
  state.turned = performance.now();
}

export function goTo(index, { extend = false } = {}) {
  const last = pictures().length - 1;
  if (index > last) { state.here = NOBODY; return; }
  index = Math.max(0, index);
  if (extend) {
    const [low, high] = [Math.min(state.anchor, index), Math.max(state.anchor, index)];
    state.marks = new Set(Array.from({ length: high - low + 1 }, (_, i) => low + i));
  } else {
    state.anchor = index;
  }
  state.here = index;
  state.chosen = true;
}

export function toggle(index) {
  if (!state.marks.delete(index)) state.marks.add(index);
}

export function markAll() {
  state.marks = new Set(pictures().map((_, i) => i).filter((i) => isOpen(pictures()[i])));
}

/** After a key: the next picture that is open. After the last one, ENTER for the page is next. */
export function leadOn(acted) {
  const last = acted[acted.length - 1];
  state.marks.clear();
  const next = pictures().findIndex((p, i) => i > last && isOpen(p));
  state.here = next < 0 ? NOBODY : next;
  state.anchor = Math.max(0, state.here);
  state.chosen = false;
  if (state.here === NOBODY) state.large = false;
}
