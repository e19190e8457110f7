// @ts-check
// Other ways to train are tried while the person goes on: a line above the images, and what it came to.

import { get, post } from "./api.js";
import { $, button, make, say } from "./dom.js";
import { reportLinks, shortcutsOf } from "./end.js";
import { state } from "./state.js";

const POLL_MS = 1000;
let read = ""; // the outcome that the person has put away
/** @type {ReturnType<typeof setTimeout>} */
let nextLook;

/** Try other ways than the head that was just made. @param {(message: string) => void} locked see `post` */
export async function beginTrial(locked) {
  state.work = (await post("try_harder", {}, locked)).work;
}

/** @param {() => void} show called with news */
export function drawTrial(show) {
  const trial = state.work?.trial;
  $("trial").hidden = !trial || state.closed || (trial.outcome && read === trial.outcome.line);
  if ($("trial").hidden) return;
  const now = make("div", {}, ...(trial.outcome ? ended(trial.outcome, show) : underWay(trial, show)));
  if (!$("trial").firstElementChild?.isEqualNode(now)) $("trial").replaceChildren(now);
  if (!trial.outcome) lookLater(show);
}

/** @param {any} trial @param {() => void} show */
function underWay({ bar, stopping }, show) {
  const share = bar?.[2] ? ` ${Math.floor((100 * bar[1]) / bar[2])} %` : "";
  const text = stopping ? "Stopping …" : `Trying other ways to train … ${bar ? `${bar[0]}${share}` : ""}`;
  const stop = button("stop", () => {
    state.work.trial.stopping = true;
    post("stop", {}).catch(() => {});
    show();
  });
  return [make("span", { text }), ...(stopping ? [] : [stop])];
}

/** @param {any} outcome @param {() => void} show */
function ended(outcome, show) {
  const details = button("details", () => {
    drawOutcome(outcome);
    $("trial-outcome").showModal();
  });
  const close = make("button", { type: "button", "aria-label": "put away", text: "✕" });
  close.addEventListener("click", () => {
    read = outcome.line;
    show();
  });
  return [make("span", { text: outcome.verdict || outcome.line }), details, close];
}

/** @param {any} outcome */
function drawOutcome(outcome) {
  $("trial-title").textContent = outcome.report ? "A new model." : "The model stays.";
  const shown = [outcome.verdict, outcome.line].filter(Boolean).map((text) => make("p", { text }));
  if (outcome.tried.length) shown.push(triedTable(outcome.tried));
  if (outcome.report) shown.push(...shortcutsOf([outcome], outcome.report), reportLinks(outcome.report));
  $("trial-came").replaceChildren(...shown);
}

/** What was tried, a row each below the headings. @param {string[][]} rows */
function triedTable(rows) {
  const row = (/** @type {string[]} */ cells, /** @type {string} */ tag) => make("tr", {}, ...cells.map((text) => make(tag, { text })));
  return make("table", { kind: "trials" }, ...rows.map((cells, i) => row(cells, i ? "td" : "th")));
}

/** Ask now and then how far it is. @param {() => void} show */
function lookLater(show) {
  clearTimeout(nextLook);
  nextLook = setTimeout(async () => {
    try {
      const { trial } = await get("/api/work");
      if (state.work) state.work.trial = trial;
      if (trial?.outcome) say(trial.outcome.verdict || trial.outcome.line);
    } catch {
      /* the next key says what is wrong */
    }
    show();
  }, POLL_MS);
}
