// @ts-check
// When everything is checked: how good the model was, then harvest and training with their progress.

import { get } from "./api.js";
import { $, button, count, interval, make, percent } from "./dom.js";
import { labelingEnd } from "./labeling.js";
import { isLabeling, state } from "./state.js";

/** @typedef {Record<string, (...args: any[]) => void>} Actions */

const POLL_MS = 400;
let read = ""; // the news that the person has read

/** @param {Actions} actions */
export function drawEnd(actions) {
  if (state.closed) return;
  const { page, work } = state;
  const news = work && (work.ended.length > 0 || Boolean(work.problem)) && newsOf(work) !== read;
  state.covered = !page || state.ending || Boolean(work?.busy) || Boolean(news);
  $("end").hidden = !state.covered || !state.progress;
  if ($("end").hidden) {
    $("end").replaceChildren();
    return;
  }
  const now = make("div", {}, ...parts(actions, Boolean(news)));
  if ($("end").firstElementChild?.isEqualNode(now)) return; // a button that is about to be pressed stays where it is
  if (headingOf(now) !== headingOf($("end"))) state.shownAt = performance.now();
  $("end").replaceChildren(now);
  focusMain();
}

/** @param {Actions} actions @param {boolean} news */
function parts(actions, news) {
  if (state.work?.busy) return working();
  if (news) return worked(actions);
  return isLabeling() ? labelingEnd(actions) : checked(actions);
}

/** @param {any} work */
const newsOf = (work) => JSON.stringify([work.ended, work.problem]);

/** The person has read what the work came to. */
export function markRead() {
  read = newsOf(state.work);
}

/** Ask how far the work is until it has ended. @param {() => void} redraw */
export async function follow(redraw) {
  for (;;) {
    state.work = await get("/api/work");
    redraw();
    if (state.work.address) location.assign(state.work.address); // the camera page, which leads back here
    if (!state.work.busy || state.work.address) return;
    await new Promise((ready) => setTimeout(ready, POLL_MS));
  }
}

/** The run has ended; nothing more can be done here. The first to say so is believed.
 *  @param {string} title @param {string} text */
export function drawClosed(title, text) {
  if (state.closed) return;
  state.closed = state.covered = true;
  const close = make("p", { kind: "soft", text: "You can close this tab; the terminal says what comes next." });
  $("end").replaceChildren(make("div", {}, make("h2", { text: title }), make("p", { text }), close));
  $("end").hidden = false;
  $("deck").hidden = true;
  $("tools").hidden = true;
}

/** @param {{ kept: number, relabelled: number, aside: number }} counts */
export function summary({ kept, relabelled, aside: quarantined }) {
  const guesses = isLabeling() ? "guesses" : "predictions";
  const done = [
    kept && `${kept} ${guesses} accepted`,
    relabelled && `${relabelled} labelled by you`,
    quarantined && `${quarantined} set aside`,
  ].filter(Boolean);
  return done.length ? `${count(kept + relabelled + quarantined, "image")}: ${done.join(", ")}. All saved.` : "Nothing was changed.";
}

/** @param {Actions} actions */
function checked(actions) {
  const { share, harvest, left } = state.progress;
  const title = left ? "What is left cannot be shown." : "That was everything. boop boop.";
  const shown = [make("h2", { text: title }), make("p", { kind: "soft", text: summary(state.counts) }), figures(share, harvest)];
  const buttons = [];
  const can = state.after.filter((step) => step !== "harvest" || harvest?.human);
  const changed = state.counts.kept + state.counts.relabelled + state.counts.aside > 0;
  if (can.includes("harvest")) {
    const text = `harvest ${harvest.human} and retrain`;
    buttons.push(button(text, () => actions.work(["harvest", "retrain"]), "ENTER"));
    buttons.push(button("only harvest", () => actions.work(["harvest"])));
  } else if (can.includes("retrain") && changed) {
    buttons.push(button("retrain with this", () => actions.work(["retrain"]), "ENTER"));
  }
  buttons.push(button("done for now", actions.finish, buttons.length ? "" : "ENTER"), button("undo", actions.undo));
  if (state.decided.length) buttons.push(button("look back", () => actions.lookBack(1)));
  return [...shown, make("div", { kind: "buttons" }, ...buttons)];
}

/** @param {any} share @param {any} harvest */
function figures(share, harvest) {
  const tiles = [];
  if (share?.total) {
    const note = `${share.right} of ${share.total} right; 95 % interval for images like these ${interval(share)}`;
    tiles.push(figure("Accuracy of the model", percent(share.value), note));
  }
  if (harvest) tiles.push(figure("Ready to harvest", String(harvest.human), "images with a label from you"));
  return make("dl", { kind: "numbers" }, ...tiles);
}

/** @param {string} name @param {string} value @param {string} note */
const figure = (name, value, note) =>
  make("div", {}, make("dt", { text: name }), make("dd", { text: value }, make("small", { text: note })));

function working() {
  const { step, bar, lines, ended } = state.work;
  /** @type {Record<string, string>} */
  const titles = {
    retrain: "Training a new model …",
    first_model: "Training, then sorting …",
    harvest: "Harvesting …",
    camera: "On to the camera …",
  };
  const inside = make("i");
  const known = bar && bar[2];
  if (known) inside.style.width = `${(100 * bar[1]) / bar[2]}%`;
  const kind = known ? "work" : "work unknown";
  return [
    make("h2", { text: titles[step] ?? "Working …" }),
    ...ended.map((/** @type {any} */ one) => make("p", { text: `✓ ${one.line}` })),
    make("div", { kind, role: "progressbar", "aria-label": step }, inside),
    make("p", { kind: "soft", text: bar ? `${bar[0]}: ${bar[1]}${bar[2] ? ` of ${bar[2]}` : ""}` : "a moment …" }),
    linesOf(lines.slice(-6)),
  ];
}

/** What the steps came to, in a word or two. @param {string[]} steps @param {boolean} isNew a new model was made */
function titleOf(steps, isNew) {
  if (steps.includes("first_model")) return state.progress?.left ? "Your first model has sorted the others." : "Your first model.";
  if (isNew) return "A new model.";
  return steps.includes("camera") ? "Back from the camera." : "Harvested.";
}

/** @param {Actions} actions */
function worked(actions) {
  const { ended, lines, problem, suspects, more } = state.work;
  const verdict = ended.map((/** @type {any} */ one) => one.verdict).find(Boolean);
  const steps = ended.map((/** @type {any} */ one) => one.step);
  const isFirst = steps.includes("first_model");
  const title = problem ? "Not yet." : titleOf(steps, Boolean(verdict));
  const shown = [make("h2", { text: title })];
  if (problem) shown.push(make("p", { kind: "verdict", text: problem[0] }), make("p", { text: problem[1] }));
  if (verdict) shown.push(make("p", { kind: "verdict", text: verdict }));
  shown.push(...ended.map((/** @type {any} */ one) => make("p", { text: one.line })));
  const report = ended.map((/** @type {any} */ one) => one.report).find(Boolean);
  if (report) shown.push(...shortcutsOf(ended, report), reportLinks(report));
  shown.push(make("div", { kind: "buttons" }, ...workedButtons(actions, { problem, steps, isFirst, suspects, more })));
  const shownLines = new Set([verdict, ...ended.flatMap(linesShown)]);
  shown.push(linesOf(lines.filter((/** @type {string} */ line) => !shownLines.has(line))));
  return shown;
}

/** @param {Actions} actions @param {any} facts */
function workedButtons(actions, { problem, steps, isFirst, suspects, more }) {
  const buttons = [];
  if (more && !problem) buttons.push(button(`try harder, ${more}`, actions.tryHarder));
  if (suspects) {
    const text = `look at ${count(suspects, "training image")} that may be mislabelled`;
    buttons.push(button(text, actions.suspects));
  }
  const harvested = !problem && steps.includes("harvest") && !steps.includes("retrain");
  if (harvested) buttons.push(button("retrain", () => actions.work(["retrain"])));
  const left = Boolean(state.progress?.left);
  const goesOn = isFirst && left;
  if (left) buttons.unshift(button(goesOn ? "check what it sorted" : "go on with what is left", actions.goOn, goesOn ? "ENTER" : ""));
  if (goesOn) buttons.push(button("done for now", actions.finish));
  else buttons.unshift(button("done", actions.finish, "ENTER"));
  return buttons;
}

/** What an ended step has said above the other lines. @param {any} one */
const linesShown = (one) => [one.line, ...(one.shortcuts ?? []).map((/** @type {string} */ text) => `careful: ${text}`)];

/** What gives labels away: a sentence each, and where these places are shown side by side.
 *  @param {any[]} ended @param {string} key */
export function shortcutsOf(ended, key) {
  const found = ended.flatMap((one) => one.shortcuts ?? []);
  const link = reportLink(`/report/${key}#why`, "See these places side by side");
  return [...found.map((text) => make("p", { kind: "shortcut", text })), ...(found.length ? [make("p", {}, link)] : [])];
}

/** Links to a new model's report. @param {string} key */
export const reportLinks = (key) =>
  make("p", {}, reportLink(`/report/${key}`, "Read its report"), " · ", reportLink(`/report/${key}#take`, "Take it with you"));

/** A link that gives the focus back: ENTER then does what the main button says. @param {string} href @param {string} text */
function reportLink(href, text) {
  const link = make("a", { href, target: "_blank", text });
  link.addEventListener("click", () => setTimeout(focusMain));
  return link;
}

/** @param {Element} part */
const headingOf = (part) => part.querySelector("h2")?.textContent;

function focusMain() {
  $("end").querySelector("button.main")?.focus();
}

/** @param {string[]} lines */
const linesOf = (lines) => make("div", { kind: "lines" }, ...lines.map((text) => make("p", { text })));
