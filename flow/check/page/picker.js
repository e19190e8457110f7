// @ts-check
// A label by its first letters, or a new one by its name.

import { $, make } from "./dom.js";
import { isLabeling, state } from "./state.js";

/** @type {(label: string) => void} */
let chosen = () => {};

/** @param {string} letter @param {(label: string) => void} onChosen */
export function pick(letter, onChosen) {
  chosen = onChosen;
  $("letters").value = letter;
  $("letters").placeholder = isLabeling() ? "what is it?" : "a label";
  $("picker").showModal();
  $("letters").focus();
  drawFound();
}

export function listen() {
  $("letters").addEventListener("input", drawFound);
  $("letters").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation(); // this ENTER picks a label; it accepts no page
    if (event.key === "Enter") {
      event.preventDefault();
      take(first());
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
    }
  });
  $("found").addEventListener("click", (/** @type {any} */ event) => take(event.target.closest("li")));
}

/**
 * The labels that begin with what was typed; one of exactly that name comes first. Where there is none of that name, it
 * can become a label.
 * @param {string} typed @param {string[]} labels
 * @returns {{ label: string, isNew: boolean }[]}
 */
export function candidates(typed, labels) {
  const begun = typed.trim().toLowerCase();
  const fits = labels.filter((label) => label.toLowerCase().startsWith(begun));
  const exact = fits.filter((label) => label.toLowerCase() === begun);
  const found = [...exact, ...fits.filter((label) => !exact.includes(label))].map((label) => ({ label, isNew: false }));
  return begun && !exact.length ? [...found, { label: begun, isNew: true }] : found;
}

function drawFound() {
  const items = candidates($("letters").value, state.labels).map(({ label, isNew }, i) =>
    make("li", {
      role: "option",
      text: isNew ? `new label: ${label}` : label,
      "data-label": label,
      "aria-selected": i === 0,
      kind: isNew ? "new" : "",
    }),
  );
  $("found").replaceChildren(...items);
}

const first = () => $("found").querySelector("[aria-selected=true]");

/** @param {number} by */
function step(by) {
  const all = [...$("found").children];
  const at = Math.max(0, Math.min(all.length - 1, all.indexOf(first()) + by));
  all.forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
  first()?.scrollIntoView({ block: "nearest" });
}

/** @param {any} item */
function take(item) {
  if (!item) return;
  $("picker").close();
  chosen(item.dataset.label);
}
