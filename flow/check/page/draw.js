// @ts-check
// Draws the page from the state: header, images, deck.

import { closerWord } from "./closer.js";
import { $, count, interval, make, percent } from "./dom.js";
import { drawLabelingProgress } from "./labeling.js";
import { NONE, acceptable, expected, images, isLabeling, isLookingBack, isOpen, state, targets } from "./state.js";

/** @typedef {import("./state.js").BoardImage} BoardImage */

const QUARANTINED = " aside"; // stands for what was set aside, where one looks back by label
const SHARE_MIN = 10; // fewer images say nothing about the model
/** @type {Record<string, string>} */
const STATES = { keep: "accepted", label: "", aside: "set aside", moved: "moved by hand", missing: "no longer there" };

export function drawPage() {
  const grid = $("grid");
  grid.replaceChildren(...images().map(tile));
  grid.scrollTop = 0;
  grid.classList.remove("turned");
  requestAnimationFrame(() => grid.classList.add("turned"));
  drawLabels();
  draw();
}

export function draw() {
  drawHead();
  const acting = new Set(targets());
  images().forEach((image, i) => drawTile($("grid").children[i], image, i, acting));
  drawDeck();
}

/** @param {BoardImage} image @param {number} i */
function tile(image, i) {
  const img = make("img", { src: `/thumb/grid/${image.sha256}`, alt: "", decoding: "async", draggable: "false" });
  img.addEventListener("error", () => img.setAttribute("alt", "cannot be shown"));
  const shot = make("div", { kind: "shot" }, img, make("span", { kind: "badge" }), make("span", { kind: "tick", text: "✓" }));
  const suspect = state.page?.kind === "suspects";
  const score = image.score === null ? "" : `${Math.floor(100 * image.score + 1e-6)} %`;
  const note = suspect ? `${image.guess}? ${score}` : image.reason === "unlike" ? "unfamiliar" : score;
  const foot = make("div", { kind: "foot" }, make("b"), make("span", { kind: "score", text: note }));
  const kind = suspect ? "tile two" : "tile";
  return make("li", { kind, role: "option", id: `image-${i}`, "data-index": i }, shot, foot);
}

/** @param {any} element @param {BoardImage} image @param {number} i @param {Set<number>} acting */
function drawTile(element, image, i, acting) {
  const is = { marked: state.marked.has(i) && !state.large, focused: state.focused === i, target: acting.has(i) };
  for (const [name, on] of Object.entries(is)) element.classList.toggle(name, on);
  element.dataset.state = image.state;
  element.tabIndex = state.focused === i || (state.focused === NONE && i === 0) ? 0 : -1;
  element.setAttribute("aria-selected", is.target);
  element.setAttribute("aria-label", spoken(image, i));
  element.querySelector(".badge").textContent = badge(image);
  element.querySelector("b").textContent = image.label || expected(image);
}

/** @param {BoardImage} image */
function badge(image) {
  if (image.state === "label") return image.label;
  if (image.state === "keep") return `✓ ${image.label}`;
  if (image.state === "moved") return `${image.label}, by hand`;
  return STATES[image.state] ?? "";
}

/** @param {BoardImage} image @param {number} i */
export function spoken(image, i) {
  const parts = [`${i + 1} of ${images().length}: ${expected(image) || "no guess"}`];
  if (state.page?.kind === "suspects") parts.push(`the model says ${image.guess}`);
  if (image.score !== null) parts.push(`score ${percent(image.score)}`);
  if (image.below_threshold) parts.push(image.reason === "unlike" ? "unfamiliar, unlike all training images" : "unsure");
  if (image.state === "label" || image.state === "keep") parts.push(`now ${image.label}`);
  else if (image.state) parts.push(STATES[image.state]);
  if (state.marked.has(i)) parts.push("marked");
  return parts.join(", ");
}

function drawHead() {
  const page = state.page;
  document.body.classList.toggle("ended", !page);
  document.body.classList.toggle("looking", isLookingBack());
  $("title").textContent = page ? page.title : "boop boop";
  $("sub").textContent = page ? subtitle(page) : "";
  drawProgress(state.progress);
}

/** @param {import("./state.js").Page} page */
function subtitle(page) {
  const these = count(page.images.length, "image");
  /** @type {Record<string, string>} */
  const subtitles = {
    sure: `${these} the model is sure of`,
    unsure: `${these} the model is not sure of`,
    typical: `${these}, each typical of many: press a key or type a name`,
    uncertain: `${these} with uncertain guesses: correct what is wrong`,
    confirm: `${these} the model takes for ${page.guess}`,
    back: `${these}, newest first: give a wrong one another label; ENTER goes back`,
    whole: `${these} with this label, the least typical first`,
    cluster: `${these} that look alike: give the selected ones a label`,
    sample: `${count(page.images.length, "random image")} with the guesses on them: correct what is wrong, ENTER if all are right`,
    suspects: `${count(page.images.length, "training image")} that may be mislabelled, the likeliest first`,
  };
  return subtitles[page.kind] ?? `${these} you looked at before`;
}

/** Looking back: by label, and from page to page. @param {{ label: string, skip: number }} filter @param {number} total */
export function drawFilters({ label, skip }, total) {
  $("filters").hidden = !isLookingBack();
  if (!isLookingBack()) return;
  const all = state.decided.reduce((sum, [, n]) => sum + n, 0);
  const chips = [["", all], ...state.decided].map(([name, n]) => {
    const words = `${name === "" ? "all" : name === QUARANTINED ? "set aside" : name} ${n}`;
    return make("button", { type: "button", "data-label": name, "aria-pressed": name === label, text: words });
  });
  const end = skip + images().length;
  const newer = make("button", { type: "button", "data-turn": "newer", text: "‹ newer" });
  const older = make("button", { type: "button", "data-turn": "older", text: "older ›" });
  newer.toggleAttribute("disabled", skip === 0);
  older.toggleAttribute("disabled", end >= total);
  const where = make("span", { text: `${skip + 1} to ${end} of ${total}` });
  $("filters").replaceChildren(...chips, newer, where, older);
}

/** @param {any} progress */
function drawProgress(progress) {
  if (!progress) return;
  document.body.classList.toggle("labeling", isLabeling());
  $("curve").hidden = !isLabeling();
  if (isLabeling()) {
    drawLabelingProgress(progress.labeling);
    return;
  }
  const done = progress.total - progress.left;
  const share = progress.total ? (100 * done) / progress.total : 100;
  $("filled").style.width = `${share}%`;
  $("bar").setAttribute("aria-valuenow", Math.round(share));
  $("progress").classList.toggle("none", progress.total === 0);
  $("left").replaceChildren(...leftWords(progress));
  $("accuracy").replaceChildren(...shareWords(progress));
}

/** @param {any} progress @returns {(Node | string)[]} */
function leftWords({ left, total, per_minute, harvest }) {
  const minutes = per_minute ? left / per_minute : 0;
  const rest = minutes < 1 ? "under a minute to go" : `about ${Math.round(minutes)} min to go`;
  const pace = per_minute && left ? [`${Math.round(per_minute)} a minute`, rest] : [];
  const ready = harvest?.human ? [`${harvest.human} ready to harvest`] : [];
  const first = left ? [make("b", { text: String(left) }), ` left of ${total}`] : [`all ${total} checked`];
  return [...first, ...[...pace, ...ready].map((text) => ` · ${text}`)];
}

/** @param {any} progress @returns {(Node | string)[]} */
function shareWords({ share }) {
  if (!share || share.total < SHARE_MIN) return [];
  const correct = make("b", { text: `${share.right} of ${share.total}` });
  return ["the model was right on ", correct, `: ${percent(share.value)} (95 % interval ${interval(share)})`];
}

export function drawLabels() {
  const chips = state.labels.map((label, i) => {
    const letter = label === "not" ? "n" : i < 9 ? String(i + 1) : "";
    const key = letter ? [make("kbd", { text: letter })] : [];
    const spokenLabel = letter ? `${label}, key ${letter}` : label;
    const text = make("span", { text: label });
    return make("button", { type: "button", "data-label": label, "aria-label": spokenLabel }, ...key, text);
  });
  const slash = make("kbd", { text: "/" });
  const text = make("span", { text: "new label" });
  chips.push(make("button", { type: "button", id: "new-label", "aria-label": "a new label, key /" }, slash, text));
  const names = make("button", { type: "button", id: "rename", title: "rename or merge labels ( F2 )" }, make("span", { text: "rename" }));
  if (state.labels.length) chips.push(names);
  $("labels").classList.toggle("many", chips.length > 10);
  $("labels").replaceChildren(...chips);
}

function drawDeck() {
  const acting = targets();
  const { accepted, later } = acceptable();
  $("acts").replaceChildren(...actsOn(acting, accepted.length, later.length));
  const guess = state.large && acting.length ? expected(images()[acting[0]]) : state.page?.guess;
  for (const chip of $("labels").children) {
    chip.classList.toggle("expected", Boolean(guess) && chip.dataset.label === guess);
    chip.disabled = acting.length === 0 && chip.id !== "rename";
  }
  for (const id of ["aside", "look"]) $(id).disabled = acting.length === 0;
  $("look").querySelector("span").textContent = closerWord();
  $("accepts").textContent = acceptWords(accepted.length, later.length, acting);
  $("accept").disabled = !state.page || state.locked;
}

/** @param {number[]} acting @param {number} open @param {number} later @returns {(Node | string)[]} */
function actsOn(acting, open, later) {
  if (!state.page) return [];
  if (state.large) return ["Acts on ", make("b", { text: "this one image" })];
  if (acting.length === 0) {
    if (isLookingBack()) return ["No image is selected. ENTER goes back."];
    if (open) return ["No image is selected. ENTER accepts what you did not touch."];
    return [later ? "No image is selected. ENTER shows others." : "This page is done."];
  }
  if (state.marked.size) return ["Acts on ", make("b", { text: count(acting.length, "marked image") })];
  return ["Acts on ", make("b", { text: "1 image" }), `: ${acting[0] + 1} of ${images().length}`];
}

/** @param {number} n @param {number} later @param {number[]} acting */
function acceptWords(n, later, acting) {
  const page = state.page;
  if (!page) return "accept";
  if (isLookingBack()) return state.large ? "next one" : "back to where you were";
  if (state.large && acting.length) {
    const image = images()[acting[0]];
    return isOpen(image) && expected(image) ? `this one is ${expected(image)}` : "next one";
  }
  const rest = later ? `, leave ${later}` : "";
  if (n === 0) return later ? (page.kind === "typical" ? "show others" : `leave ${later} for later`) : "next page";
  if (page.kind === "suspects") return `keep ${n} as they are${rest}`;
  if (page.kind === "uncertain" || page.kind === "sample") return `accept ${n} as guessed${rest}`;
  return page.guess ? `accept ${n} as ${page.guess}${rest}` : `accept ${n}${rest}`;
}

/** These came back. @param {number[]} indices */
export function flash(indices) {
  for (const i of indices) {
    const { classList } = $("grid").children[i];
    classList.remove("fresh");
    requestAnimationFrame(() => classList.add("fresh"));
  }
}

/** The keyboard is where the eyes are. */
export function focusCurrent() {
  if (document.querySelector("dialog[open]") || state.covered) return;
  const element = state.focused === NONE ? $("accept") : $("grid").children[state.focused];
  element?.focus({ preventScroll: true });
  if (state.focused !== NONE) element?.scrollIntoView({ block: "nearest" });
}
