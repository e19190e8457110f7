// The check page: what the keys, the mouse and the fingers do.

import { Gone, Refused, get, post, stayAlive, waiting } from "./api.js";
import { $, draw, drawLabels, drawPage, focusHere, say } from "./draw.js";
import { drawClosed, drawEnd, follow, read, summary } from "./end.js";
import * as keys from "./keys.js";
import { drawLarge } from "./large.js";
import * as picker from "./picker.js";
import * as pointer from "./pointer.js";
import { isLesson } from "./teach.js";
import * as trying from "./try.js";
import { NOBODY, acceptable, goTo, isOpen, leadOn, markAll, pictures, state, targets, toggle, turnTo, usual } from "./state.js";

const SIZES = [84, 100, 122, 144, 168, 208, 262, 330, 420];  // pixels, of a picture
const CALM_MS = 300;  // a page that came just now is not accepted by the ENTER before
const MOST = 120;     // pictures a page
const FOOT_PX = 30;   // below each picture
const MEASURING_MS = 700;  // between two looks whether something was measured
const LARGER = 1.6;   // times the wanted size, where a page has few pictures

const does = {
  nothing() {},
  label(index) {
    const label = state.labels[index];
    if (label === undefined || (isLesson() && label === "not")) return say(`There is no label ${index + 1}.${isLesson() ? " Type a name to make one." : ""}`, true);
    return decide("label", label);
  },
  none() {
    if (state.labels.includes("not")) return decide("label", "not");
    return say("There is no label “not” here. Make a folder of that name beside the other label folders.", true);
  },
  aside: () => decide("aside", ""),
  pick: (letter) => { if (targets().length) picker.pick(letter, (label) => decide("label", label)); },
  enter() {
    const main = $("end").hidden ? null : $("end").querySelector("button.main");
    if (main) main.click();
    else if (state.large) acceptOne();
    else acceptPage();
  },
  undo() { state.ending = false; send("undo", {}); },
  redo: () => send("redo", { count: fitting() }),
  mark() {
    if (state.here === NOBODY || state.large) return;
    toggle(state.here);
    show();
  },
  all() { markAll(); show(); },
  escape() {
    if (state.large) state.large = false;
    else if (state.here === NOBODY) goTo(0);
    else state.marks.clear();
    show();
  },
  walk(way, extend) {
    const columns = state.large ? 1 : keys.columns();
    const by = { left: -1, right: 1, up: -columns, down: columns, first: -Infinity, last: Infinity }[way];
    const last = pictures().length - 1;
    let to = state.here === NOBODY ? (by < 0 ? last : NOBODY) : state.here + by;
    if (to === NOBODY && state.here === NOBODY) return;
    if (way === "last" || (way === "down" && to > last && state.here < last - (last % columns))) to = last;
    if (state.large) to = Math.min(to, last);
    goTo(Math.max(0, to), { extend: extend && to <= last });
    show();
  },
  look() {
    if (state.here === NOBODY) return;
    state.large = !state.large;
    show();
  },
  large(index) { goTo(index); state.large = true; show(); },
  clicked(index, { one, run }) {
    if (run) goTo(index, { extend: true });
    else if (one) {
      if (state.marks.size === 0 && state.chosen && state.here !== NOBODY && state.here !== index) toggle(state.here);
      toggle(index);
      goTo(index);
    } else {
      state.marks.clear();
      goTo(index);
    }
    show();
  },
  tapped(index) { toggle(index); goTo(index); show(); },
  framed(indices, more) {
    if (!more) state.marks.clear();
    indices.forEach((i) => state.marks.add(i));
    if (indices.length) goTo(indices[0]);
    show();
  },
  help() { $("keys").showModal(); $("keys").scrollTop = 0; },
  bigger: () => resize(1),
  smaller: () => resize(-1),
  then(steps) { state.ending = false; work(steps); },
  goOn() { state.ending = false; read(); show(); load(); },
  close() {
    if (!isLesson()) return does.finish();
    state.ending = true;
    show();
  },
  async finish() {
    try {
      const { counts } = await post("done", {});
      drawClosed("Done. Thank you.", summary(counts));
    } catch (problem) { trouble(problem); }
  },
};

function decide(kind, label) {
  const acted = targets();
  if (state.locked || state.covered) return;
  if (acted.length === 0) { say("No picture is selected.", true); return; }
  const hashes = acted.map((i) => pictures()[i].sha256);
  for (const i of acted) {
    const picture = pictures()[i];
    if (picture.state === "gone") continue;
    picture.state = kind === "label" && label === usual(picture) ? "keep" : kind;
    picture.label = label;
  }
  leadOn(acted);
  state.locked = state.ledOn = !pictures().some(isOpen);
  show();
  send("decide", { page: state.page.id, pictures: hashes, kind, label, count: fitting() }, acted[0]);
}

function acceptOne() {
  const [at] = targets();
  const picture = pictures()[at];
  if (picture && isOpen(picture) && usual(picture)) decide("keep", usual(picture));
  else { leadOn([at]); show(); }
}

function acceptPage() {
  if (state.locked || state.covered || performance.now() - state.turned < CALM_MS) return;
  const { accepted, later } = acceptable();
  const hashes = (indices) => indices.map((i) => pictures()[i].sha256);
  state.locked = true;
  state.ledOn = false;
  draw();
  send("accept", { page: state.page.id, pictures: hashes(accepted), later: hashes(later), count: fitting() });
}

/** `at`: the picture that it is about, to which a refusal leads back. */
async function send(name, body, at = NOBODY) {
  try {
    take(await post(name, body));
  } catch (problem) {
    await trouble(problem);
    if (at === NOBODY || !(problem instanceof Refused) || waiting() > 0 || state.page?.id !== body.page) return;
    goTo(at);
    show();
  }
}

/** How everything looks now. What was pressed since is not taken back by an older answer. */
function take(view) {
  const { page } = view;
  const isOther = page?.id !== state.page?.id;
  Object.assign(state, { progress: view.progress, after: view.after, counts: view.counts, work: view.work });
  const isFirst = state.labels.length === 0;
  if (view.labels.join("\n") !== state.labels.join("\n")) { state.labels = view.labels; drawLabels(); }
  if (isOther) {
    state.large = state.large && Boolean(page);
    turnTo(page);
    $("deck").hidden = !page;  // the room for pictures is measured with it
    drawPage();
    arrange();
  } else if (page && waiting() === 0) {
    state.page = page;
    state.locked = false;
  }
  const at = page ? page.pictures.findIndex((p) => view.touched.includes(p.sha256) && isOpen(p)) : -1;
  if (at >= 0) goTo(at);  // undone: here it is again
  askAgain();
  if (view.said) say(view.said, /left alone|could not/.test(view.said));
  show();
  if (isFirst && page?.fits && page.pictures.length !== fitting()) load(true);  // the labels took some of the room
  if (at >= 0) flash(page.pictures.map((p, i) => (view.touched.includes(p.sha256) ? i : -1)).filter((i) => i >= 0));
}

/** What is measured behind our back is told when it is there. */
async function askAgain() {
  clearTimeout(askAgain.later);
  if (!state.progress?.teach?.measuring) return;
  askAgain.later = setTimeout(async () => {
    try {
      if (waiting() === 0 && !state.work?.busy) { state.progress = await get("/api/progress"); show(); }
    } catch { /* the next key says what is wrong */ }
    askAgain();
  }, MEASURING_MS);
}

function flash(indices) {
  for (const i of indices) {
    const tile = $("grid").children[i];
    tile.classList.remove("fresh");
    requestAnimationFrame(() => tile.classList.add("fresh"));
  }
}

function show() {
  draw();
  drawLarge();
  drawEnd(does);
  $("deck").hidden = state.covered;
  if (!state.covered) focusHere();
}

async function work(steps) {
  try {
    state.work = (await post("then", { steps })).work;
  } catch (problem) { trouble(problem); return; }
  wait();
}

/** Until the robot has time for us again. */
async function wait() {
  try {
    await follow(show);
    load();
  } catch (problem) { trouble(problem); }
}

async function load(again = false) {
  try {
    take(await get(`/api/view?count=${fitting()}${again ? "&again=1" : ""}`));
  } catch (problem) { trouble(problem); }
}

async function trouble(problem) {
  state.locked = false;
  if (problem instanceof Gone) drawClosed("The run has ended.", "What you did before it ended is saved; your last key may not be.");
  else if (problem.message === "busy") wait();
  else { say(problem.message, true); await load(); }
}

/** How many pictures fit the window: as many whole rows and columns of about the wanted size as fill it. */
function fitting() {
  const { width, height, gap } = room(), wanted = tileSize();
  const rows = Math.max(1, Math.round((height + gap) / (wanted + FOOT_PX + gap)));
  const high = Math.max(64, (height - gap * (rows - 1)) / rows - FOOT_PX);
  const columns = Math.max(2, Math.ceil((width + gap) / (Math.max(high, 0.8 * wanted) + gap)));
  fitting.columns = columns;
  return Math.min(MOST, columns * rows);
}

/** Few pictures are shown larger, as there is room. */
function arrange() {
  fitting();
  const { width, height, gap } = room(), n = pictures().length;
  let columns = fitting.columns;
  for (let c = 2; c < fitting.columns; c += 1) {
    const side = (width - gap * (c - 1)) / c, rows = Math.ceil(n / c);
    if (side <= LARGER * tileSize() && rows * (side + FOOT_PX + gap) - gap <= height) { columns = c; break; }
  }
  $("grid").style.setProperty("--columns", columns);
}

function room() {
  const style = getComputedStyle($("grid"));
  const width = $("grid").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const height = $("main").clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  return { width, height, gap: parseFloat(style.rowGap) || 0 };
}

const tileSize = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--tile"));

function resize(by) {
  const now = tileSize();
  const at = SIZES.reduce((best, size, i) => (Math.abs(size - now) < Math.abs(SIZES[best] - now) ? i : best), 0);
  setSize(SIZES[Math.max(0, Math.min(SIZES.length - 1, at + by))]);
  arrange();
  load(true);
}

function setSize(size) {
  document.documentElement.style.setProperty("--tile", `${size}px`);
  localStorage.setItem("tile", size);
}

function wire() {
  keys.listen(does);
  pointer.listen(does);
  picker.listen();
  trying.listen();
  $("labels").addEventListener("click", (event) => {
    const chip = event.target.closest("button");
    if (chip?.id === "naming") does.pick("");
    else if (chip) decide("label", chip.dataset.label);
  });
  const buttons = { smaller: does.smaller, bigger: does.bigger, ask: does.help, done: does.close, look: does.look, aside: does.aside, undo: does.undo,
    redo: does.redo, accept: does.enter, close: does.escape, before: () => does.walk("left", false), after: () => does.walk("right", false) };
  for (const [id, action] of Object.entries(buttons)) $(id).addEventListener("click", () => { action(); focusHere(); });
  for (const id of ["keys", "picker", "tried"]) $(id).addEventListener("close", focusHere);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && waiting() === 0 && !state.work?.busy) load(); });
  addEventListener("resize", () => { clearTimeout(wire.later); wire.later = setTimeout(() => { arrange(); if (!state.locked && waiting() === 0) load(true); }, 250); });
}

history.replaceState(null, "", "/");  // the ticket does not stay in the address
if (localStorage.getItem("tile")) setSize(Number(localStorage.getItem("tile")));
wire();
stayAlive(() => drawClosed("The run has ended.", "Everything you did is saved."));
load();
