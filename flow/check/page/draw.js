// Draws the page from the state: header, pictures, deck. Never puts text in as HTML.

import { NOBODY, acceptable, isOpen, pictures, state, targets, usual } from "./state.js";
import { drawStanding, isLesson } from "./teach.js";

export const $ = (id) => document.getElementById(id);
const SHARE_LEAST = 10;  // fewer pictures say nothing of the robot
const STATES = { keep: "right", label: "", aside: "set aside", moved: "moved by hand", gone: "no longer there" };

export function make(tag, { text, kind, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function button(text, does, key = "") {
  const made = make("button", { type: "button", kind: key ? "main" : "" }, ...(key ? [make("kbd", { text: key })] : []), make("span", { text }));
  made.addEventListener("click", does);
  return made;
}

export const percent = (share) => `${Math.floor(share * 1000 + 1e-6) / 10} %`;
export const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

export function drawPage() {
  const tiles = pictures().map(tile);
  const grid = $("grid");
  grid.replaceChildren(...tiles);
  grid.scrollTop = 0;
  grid.classList.remove("turned");
  requestAnimationFrame(() => grid.classList.add("turned"));
  drawLabels();
  draw();
}

export function draw() {
  drawHead();
  const acting = new Set(targets());
  pictures().forEach((picture, i) => drawTile($("grid").children[i], picture, i, acting));
  drawDeck();
}

function tile(picture, i) {
  const image = make("img", { src: `/thumb/grid/${picture.sha256}`, alt: "", decoding: "async", draggable: "false" });
  image.addEventListener("error", () => { image.alt = "cannot be shown"; });
  const shot = make("div", { kind: "shot" }, image, make("span", { kind: "badge" }), make("span", { kind: "tick", text: "✓" }));
  const doubted = state.page.kind === "suspects";
  const told = picture.score === null ? "" : `${Math.floor(100 * picture.score + 1e-6)} %`;
  const foot = make("div", { kind: "foot" }, make("b"), make("span", { kind: "score" }));
  foot.lastChild.textContent = doubted ? `${picture.guess}? ${told}` : picture.reason === "unlike" ? "unlike all others" : told;
  return make("li", { kind: doubted ? "tile two" : "tile", role: "option", id: `p${i}`, "data-index": i }, shot, foot);
}

function drawTile(element, picture, i, acting) {
  const is = { marked: state.marks.has(i) && !state.large, here: state.here === i, target: acting.has(i) };
  for (const [name, on] of Object.entries(is)) element.classList.toggle(name, on);
  element.dataset.state = picture.state;
  element.tabIndex = state.here === i || (state.here === NOBODY && i === 0) ? 0 : -1;
  element.setAttribute("aria-selected", is.target);
  element.setAttribute("aria-label", spoken(picture, i));
  element.querySelector(".badge").textContent = picture.state === "label" ? picture.label
    : picture.state === "keep" ? `✓ ${picture.label}` : picture.state === "moved" ? `${picture.label}, by hand` : STATES[picture.state] ?? "";
  element.querySelector("b").textContent = picture.label || usual(picture);
}

export function spoken(picture, i) {
  const parts = [`${i + 1} of ${pictures().length}: ${usual(picture) || "no guess"}`];
  if (state.page.kind === "suspects") parts.push(`the robot says ${picture.guess}`);
  if (picture.score !== null) parts.push(`score ${percent(picture.score)}`);
  if (picture.under) parts.push(picture.reason === "unlike" ? "unlike all training pictures" : "under the line");
  if (picture.state) parts.push(picture.state === "label" || picture.state === "keep" ? `now ${picture.label}` : STATES[picture.state]);
  if (state.marks.has(i)) parts.push("marked");
  return parts.join(", ");
}

function drawHead() {
  const page = state.page;
  document.body.classList.toggle("ended", !page);
  $("title").textContent = page ? page.title : "boop boop";
  $("sub").textContent = page ? subtitle(page) : "";
  drawFar(state.progress);
}

function subtitle(page) {
  const n = page.pictures.length;
  const these = count(n, "picture");
  if (page.kind === "sure") return `${these} the robot is sure of`;
  if (page.kind === "under") return `${these} the robot is not sure of`;
  if (page.kind === "typical") return `${these} typical of many: press a key or type a name`;
  if (page.kind === "doubt") return `${these} it doubts: put right what is wrong`;
  if (page.kind === "guess") return `${these} it takes for ${page.guess}`;
  if (page.kind === "suspects") return `${count(n, "training picture")} the robot doubts, longest doubt first`;
  return `${these} you looked at before`;
}

function drawFar(progress) {
  if (!progress) return;
  document.body.classList.toggle("lesson", isLesson());
  $("curve").hidden = !isLesson();
  if (isLesson()) { drawStanding(progress.teach); return; }
  const done = progress.total - progress.left;
  const share = progress.total ? (100 * done) / progress.total : 100;
  $("filled").style.width = `${share}%`;
  $("bar").setAttribute("aria-valuenow", Math.round(share));
  document.querySelector(".far").classList.toggle("none", progress.total === 0);
  const left = progress.left ? [make("b", { text: String(progress.left) }), ` left of ${progress.total}`] : [`all ${progress.total} looked at`];
  const minutes = progress.per_minute ? progress.left / progress.per_minute : 0;
  const pace = progress.per_minute && progress.left ? [`${Math.round(progress.per_minute)} a minute`, minutes < 1 ? "under a minute to go" : `about ${Math.round(minutes)} min to go`] : [];
  const ripe = progress.harvest?.human ? [`${progress.harvest.human} ready to harvest`] : [];
  $("far").replaceChildren(...left, ...[...pace, ...ripe].map((text) => ` · ${text}`));
  $("robot").replaceChildren(...robotWords(progress));
}

function robotWords({ share }) {
  if (!share || share.total < SHARE_LEAST) return [];
  return ["the robot was right on ", make("b", { text: `${share.right} of ${share.total}` }),
    `: ${percent(share.value)}, between ${Math.floor(100 * share.low)} and ${Math.ceil(100 * share.high)}`];
}

export function drawLabels() {
  const chips = state.labels.map((label, i) => {
    const letter = isLesson() && label === "not" ? "n" : i < 9 ? String(i + 1) : "";
    const key = letter ? [make("kbd", { text: letter })] : [];
    const aria = letter ? `${label}, key ${letter}` : label;
    return make("button", { type: "button", "data-label": label, "aria-label": aria }, ...key, make("span", { text: label }));
  });
  if (isLesson()) chips.push(make("button", { type: "button", id: "naming", "aria-label": "a new label, key /" }, make("kbd", { text: "/" }), make("span", { text: "new label" })));
  $("labels").classList.toggle("many", chips.length > 10);
  $("labels").replaceChildren(...chips);
}

function drawDeck() {
  const acting = targets();
  const { accepted, later } = acceptable();
  $("acts").replaceChildren(...actsOn(acting, accepted.length, later.length));
  const guess = state.large && acting.length ? usual(pictures()[acting[0]]) : state.page?.guess;
  for (const chip of $("labels").children) {
    chip.classList.toggle("usual", chip.dataset.label === guess);
    chip.disabled = acting.length === 0;
  }
  for (const id of ["aside", "look"]) $(id).disabled = acting.length === 0;
  $("look").querySelector("span").textContent = state.large ? "back" : "look";
  $("accepts").textContent = acceptWords(accepted.length, later.length, acting);
  $("accept").disabled = !state.page || state.locked;
}

function actsOn(acting, open, later) {
  if (!state.page) return [];
  if (state.large) return ["Acts on ", make("b", { text: "this one picture" })];
  if (acting.length === 0) return [open ? "No picture is selected. ENTER accepts what you did not touch." : later ? "No picture is selected. ENTER shows others." : "This page is done."];
  if (state.marks.size) return ["Acts on ", make("b", { text: count(acting.length, "marked picture") })];
  return ["Acts on ", make("b", { text: "1 picture" }), `: ${acting[0] + 1} of ${pictures().length}`];
}

function acceptWords(n, later, acting) {
  const page = state.page;
  if (!page) return "accept";
  if (state.large && acting.length) {
    const picture = pictures()[acting[0]];
    return isOpen(picture) && usual(picture) ? `this one is ${usual(picture)}` : "next one";
  }
  const rest = later ? `, leave ${later}` : "";
  if (n === 0) return later ? (page.kind === "typical" ? "show others" : `leave ${later} for later`) : "next page";
  if (page.kind === "suspects") return `keep ${n} as they are${rest}`;
  if (page.kind === "doubt") return `accept ${n} as guessed${rest}`;
  return page.guess ? `accept ${n} as ${page.guess}${rest}` : `accept ${n}${rest}`;
}

/** One sentence for eyes and screen readers. */
export function say(text, isTrouble = false) {
  $("said").textContent = text;
  $("said").classList.toggle("trouble", isTrouble);
}

/** The keyboard is where the eyes are. */
export function focusHere() {
  if (document.querySelector("dialog[open]") || state.covered) return;
  const element = state.here === NOBODY ? $("accept") : $("grid").children[state.here];
  element?.focus({ preventScroll: true });
  if (state.here !== NOBODY) element?.scrollIntoView({ block: "nearest" });
}
