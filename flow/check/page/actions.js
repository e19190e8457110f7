// @ts-check
// What the keys, the mouse and the fingers do.

import { Closed, Refused, get, post, waiting } from "./api.js";
import { lookCloser } from "./closer.js";
import { $, say } from "./dom.js";
import { draw, drawFilters, drawLabels, drawPage, flash, focusCurrent } from "./draw.js";
import { drawClosed, drawEnd, follow, markRead, summary } from "./end.js";
import { sampleEnded } from "./labeling.js";
import { drawLarge } from "./large.js";
import * as labelNames from "./label_names.js";
import { arrange, fitting, resize } from "./layout.js";
import { measureLater } from "./measuring.js";
import * as picker from "./picker.js";
import { clicked, walk } from "./selection.js";
import {
  NONE,
  acceptable,
  advance,
  decidedCount,
  expected,
  goTo,
  images,
  isLabeling,
  isLookingBack,
  isOpen,
  markAll,
  nextFilter,
  otherSkip,
  state,
  targets,
  toggle,
  turnTo,
} from "./state.js";
import { beginTrial, drawTrial } from "./trial.js";

/** @type {Record<string, (...args: any[]) => any>} */
export const actions = {
  nothing() {},
  label(/** @type {number} */ index) {
    const label = state.labels[index];
    if (label !== undefined && label !== "not") return decide("label", label);
    return say(`There is no label ${index + 1}. Type / and a name to make one.`, true);
  },
  none() {
    if (state.labels.includes("not")) return decide("label", "not");
    return say("There is no label “not” yet. Type /not and ENTER to make it.", true);
  },
  aside: () => decide("aside", ""),
  pick: (/** @type {string} */ letter) => {
    if (targets().length) picker.pick(letter, (label) => decide("label", label));
    else say("No image is selected.", true);
  },
  enter() {
    const main = $("end").hidden ? null : $("end").querySelector("button.main");
    if (main) main.click();
    else if (isLookingBack() && !state.large) leave();
    else if (state.large) acceptOne();
    else acceptPage();
  },
  undo() {
    state.ending = false;
    send("undo", {});
  },
  redo: () => send("redo", { count: fitting() }),
  mark() {
    if (state.focused === NONE || state.large) return;
    toggle(state.focused);
    show();
  },
  all() {
    markAll();
    show();
  },
  escape() {
    if (!state.large && isLookingBack() && state.marked.size === 0) return void leave();
    if (state.large) state.large = state.mapped = false;
    else if (state.focused === NONE) goTo(0);
    else state.marked.clear();
    show();
  },
  walk(/** @type {string} */ way, /** @type {boolean} */ extend) {
    walk(way, extend);
    show();
  },
  look() {
    lookCloser();
    show();
  },
  showLarge(/** @type {number} */ index) {
    goTo(index);
    state.large = true;
    show();
  },
  clicked(/** @type {number} */ index, /** @type {{ one?: boolean, run?: boolean }} */ { one, run }) {
    clicked(index, Boolean(one), Boolean(run));
    show();
  },
  tapped(/** @type {number} */ index) {
    toggle(index);
    goTo(index);
    show();
  },
  framed(/** @type {number[]} */ indices, /** @type {boolean} */ more) {
    if (!more) state.marked.clear();
    indices.forEach((i) => state.marked.add(i));
    if (indices.length) goTo(indices[0]);
    show();
  },
  /** What was decided; again, with one label after the other. */
  lookBack(/** @type {number} */ by) {
    if (!state.work?.busy) lookBack(nextFilter(by));
  },
  filter: (/** @type {string} */ label) => lookBack(label),
  turn(/** @type {string} */ way) {
    const skip = otherSkip(way, fitting());
    if (skip === NONE) say(`There is nothing ${way}.`);
    else lookBack(state.filter.label, skip);
  },
  nameLabels: (/** @type {string} */ label) => labelNames.open(label, actions.renameLabel),
  renameLabel: (/** @type {string} */ old, /** @type {string} */ name) =>
    labelNames.change(old, name.trim(), sayLocked).then((view) => view && take(view), handle),
  help() {
    $("keys").showModal();
    $("keys").scrollTop = 0;
  },
  larger: () => changeSize(1),
  smaller: () => changeSize(-1),
  work,
  tryHarder: () => beginTrial(sayLocked).then(() => (state.progress?.left ? actions.goOn() : show()), handle),
  sample() {
    if (isLabeling() && !state.locked) send("sample", {}); // a page of random images: how good is it?
    state.ending = false;
  },
  camera: () => actions.work(["camera"]),
  suspects() {
    markRead();
    send("suspects", { count: fitting() });
  },
  goOn() {
    state.ending = false;
    markRead();
    show();
    load();
  },
  close() {
    if (!isLabeling()) return actions.finish();
    state.ending = true;
    say("");
    return show();
  },
  async finish() {
    try {
      const { counts } = await post("done", {});
      drawClosed("Done. Thank you.", summary(counts));
    } catch (problem) {
      handle(problem);
    }
  },
  decide,
};

/** What was decided, newest first. @param {string} label empty for all @param {number} [skip] */
async function lookBack(label, skip = 0) {
  try {
    const view = await get(`/api/look_back?label=${encodeURIComponent(label)}&skip=${skip}&count=${fitting()}`);
    state.ending = false;
    if (state.work) markRead();
    state.filter = view.filter;
    say("");
    take(view);
  } catch (problem) {
    handle(problem, false);
  }
}

/** To the page under way. */
async function leave() {
  state.page = null;
  state.locked = true;
  await load();
}

/** @param {string} kind @param {string} label */
function decide(kind, label) {
  const acted = targets();
  if (state.locked || state.covered || !state.page) return;
  if (acted.length === 0) {
    say("No image is selected.", true);
    return;
  }
  for (const i of acted) {
    const image = images()[i];
    if (image.state === "missing") continue;
    image.state = kind === "label" && label === expected(image) ? "keep" : kind;
    image.label = label;
  }
  const body = { page: state.page.id, images: acted.map((i) => images()[i].sha256), kind, label, count: fitting() };
  advance(acted);
  state.locked = !isLookingBack() && !images().some(isOpen);
  show();
  send("decide", body, acted[0]);
}

function acceptOne() {
  const [at] = targets();
  const image = images()[at];
  if (image && isOpen(image) && expected(image)) decide("keep", expected(image));
  else {
    advance([at]);
    show();
  }
}

function acceptPage() {
  if (state.locked || state.covered || !state.page) return;
  const { accepted, later } = acceptable();
  const hashes = (/** @type {number[]} */ indices) => indices.map((i) => images()[i].sha256);
  state.locked = true;
  draw();
  send("accept", { page: state.page.id, images: hashes(accepted), later: hashes(later), count: fitting() });
}

/** Send a change and show what it did. @param {string} name @param {any} body
 *  @param {number} [at] the image that it is about, to which a refusal leads back */
async function send(name, body, at = NONE) {
  try {
    take(await post(name, body, sayLocked));
  } catch (problem) {
    await handle(problem);
    if (at === NONE || !(problem instanceof Refused) || waiting() > 0 || state.page?.id !== body.page) return;
    goTo(at);
    show();
  }
}

/** Another run works, and the change waits for it. @param {string} message */
function sayLocked(message) {
  say(`${message} Your key is kept until then.`, true);
  show();
}

/** Show how everything is now. What was pressed since is not taken back by an older answer. @param {any} view */
function take(view) {
  const { page } = view;
  if (sampleEnded(state.progress, view.progress)) state.ending = true; // what it came to is told there
  const isOther = page?.id !== state.page?.id;
  Object.assign(state, { progress: view.progress, after: view.after, counts: view.counts, work: view.work, decided: view.decided });
  const isFirst = state.labels.length === 0;
  if (view.labels.join("\n") !== state.labels.join("\n")) {
    state.labels = view.labels;
    drawLabels();
  }
  if (isOther) {
    if (!page) state.large = state.mapped = false;
    turnTo(page, isFirst ? -Infinity : performance.now());
    $("deck").hidden = !page; // the room for images is measured with it
    drawPage();
    arrange();
  } else if (page && waiting() === 0) {
    state.page = page;
    state.locked = false;
  }
  drawFilters(state.filter, decidedCount());
  const touched = page ? page.images.map((/** @type {any} */ image) => view.touched.includes(image.sha256)) : [];
  const isBack = (/** @type {number} */ i) => isOpen(page.images[i]) || (isOther && isLookingBack());
  const at = touched.findIndex((/** @type {boolean} */ is, /** @type {number} */ i) => is && isBack(i));
  if (at >= 0) goTo(at); // undone: here it is again
  measureLater(show);
  if (view.message) say(view.message, view.incomplete);
  show();
  if (isFirst && page?.fills && page.images.length !== fitting()) load(true); // the labels took some of the room
  if (at >= 0) flash(touched.flatMap((/** @type {boolean} */ is, /** @type {number} */ i) => (is ? [i] : [])));
}

export function show() {
  draw();
  drawLarge();
  drawEnd(actions);
  drawTrial(show);
  document.body.classList.toggle("covered", state.covered);
  $("deck").hidden = state.covered && !$("message").textContent;
  if (!state.covered) focusCurrent();
}

/** @param {string[]} steps */
async function work(steps) {
  state.ending = false;
  say("");
  try {
    state.work = (await post("work", { steps }, sayLocked)).work;
    say("");
  } catch (problem) {
    handle(problem);
    return;
  }
  waitForWork();
}

/** Until the run has time for the page again. */
async function waitForWork() {
  try {
    await follow(show);
    if (state.work.address) return;
    load();
  } catch (problem) {
    handle(problem);
  }
}

/** @param {boolean} [again] cut an untouched page anew */
export async function load(again = false) {
  if (isLookingBack()) return again ? lookBack(state.filter.label, state.filter.skip) : undefined;
  try {
    take(await get(`/api/view?count=${fitting()}${again ? "&again=1" : ""}`));
  } catch (problem) {
    handle(problem, false);
  }
}

/** @param {unknown} problem @param {boolean} [reload] show how everything is now */
async function handle(problem, reload = true) {
  state.locked = false;
  if (problem instanceof Closed) {
    drawClosed("The run has ended.", "What you did before it ended is saved; your last key may not be.");
  } else if (problem instanceof Refused && problem.kind === "busy") {
    waitForWork();
  } else {
    if (reload) await (isLookingBack() ? lookBack(state.filter.label, state.filter.skip) : load());
    say(/** @type {Error} */ (problem).message, true);
    show();
  }
}

/** @param {number} by */
function changeSize(by) {
  resize(by);
  load(true);
}
