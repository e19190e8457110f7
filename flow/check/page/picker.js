// @ts-check
// A label by its first letters, or a new one by its name.

import { $, make } from "./dom.js";
import { isLabeling, state } from "./state.js";

/** @type {(label: string) => void} */
let chosen = () => {};

/** @param {string} letter @param {(label: string) => void} then */
export function pick(letter, then) {
  chosen = then;
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

function drawFound() {
  const begun = $("letters").value.trim().toLowerCase();
  const fits = state.labels.filter((label) => label.toLowerCase().startsWith(begun));
  const items = fits.map((label) => make("li", { role: "option", text: label, "data-label": label }));
  // A name typed in full comes first; where there is no label of that name it becomes one.
  const exact = items.findIndex((item) => item.dataset.label?.toLowerCase() === begun);
  if (exact > 0) items.unshift(...items.splice(exact, 1));
  if (begun && exact < 0) {
    items.push(make("li", { role: "option", text: `new label: ${begun}`, "data-label": begun, kind: "new" }));
  }
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === 0)));
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
