// @ts-check
// A training that was started here: how far it is, what it came to, and the end of the page.

import { get, post } from "./api.js";
import { $, button, make } from "./dom.js";

const POLL_MS = 400;

/** @param {() => void} goOn @param {() => void} finish */
export async function train(goOn, finish) {
  await post("work", { steps: ["train"] });
  await follow(goOn, finish);
}

/** Until the training has ended. @param {() => void} goOn @param {() => void} finish */
export async function follow(goOn, finish) {
  for (;;) {
    const work = await get("/api/work");
    if (!work.busy) {
      show(...ended(work, goOn, finish));
      return;
    }
    show(...working(work));
    await new Promise((ready) => setTimeout(ready, POLL_MS));
  }
}

export const isOpen = () => !$("end").hidden;

export function close() {
  $("end").hidden = true;
  $("end").replaceChildren();
  $("deck").hidden = false;
}

/** The run has ended; nothing more can be done here. The first to say so is believed.
 *  @param {string} title @param {string} text */
export function drawClosed(title, text) {
  if ($("tools").hidden) return;
  $("tools").hidden = true;
  const soft = make("p", { kind: "soft", text: "You can close this tab; the terminal says what comes next." });
  show(make("h2", { text: title }), make("p", { text }), soft);
}

/** @param {...HTMLElement} parts */
function show(...parts) {
  const now = make("div", {}, ...parts);
  $("deck").hidden = true;
  $("end").hidden = false;
  if ($("end").firstElementChild?.isEqualNode(now)) return;
  $("end").replaceChildren(now);
  $("end").querySelector("button.main")?.focus();
}

/** @param {any} work @returns {HTMLElement[]} */
function working({ bar, lines }) {
  const inside = make("i");
  const known = bar && bar[2];
  if (known) inside.style.width = `${(100 * bar[1]) / bar[2]}%`;
  const track = make("div", { kind: known ? "work" : "work unknown", role: "progressbar", "aria-label": "training" }, inside);
  const words = bar ? `${bar[0]}: ${bar[1]}${bar[2] ? ` of ${bar[2]}` : ""}` : "a moment …";
  return [make("h2", { text: "Training a model …" }), track, make("p", { kind: "soft", text: words }), linesOf(lines.slice(-6))];
}

/** @param {any} work @param {() => void} goOn @param {() => void} finish @returns {HTMLElement[]} */
function ended({ ended: results, lines, problem }, goOn, finish) {
  const result = results[results.length - 1];
  const parts = [make("h2", { text: problem ? "Not yet." : "A new model." })];
  if (problem) {
    parts.push(make("p", { kind: "verdict", text: problem[0] }), make("p", { text: problem[1] }));
  } else if (result) {
    if (result.verdict) parts.push(make("p", { kind: "verdict", text: result.verdict }));
    parts.push(make("p", { text: result.line }));
    if (result.report) {
      const report = make("a", { href: `/report/${result.report}`, target: "_blank", text: "Read its report" });
      parts.push(make("p", {}, report));
    }
  }
  parts.push(make("div", { kind: "buttons" }, button("show it more", goOn, "ENTER"), button("done", finish)));
  return [...parts, linesOf(lines.filter((/** @type {string} */ line) => !result?.line.includes(line)))];
}

/** @param {string[]} lines */
const linesOf = (lines) => make("div", { kind: "lines" }, ...lines.map((text) => make("p", { text })));
