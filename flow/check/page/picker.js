// A label by its first letters, for more labels than digits.

import { $, make } from "./draw.js";
import { state } from "./state.js";
import { isLesson } from "./teach.js";

let chosen = () => {};

export function pick(letter, then) {
  chosen = then;
  $("letters").value = letter;
  $("letters").placeholder = isLesson() ? "what is it?" : "";
  $("picker").showModal();
  $("letters").focus();
  drawFound();
}

export function listen() {
  $("letters").addEventListener("input", drawFound);
  $("letters").addEventListener("keydown", (event) => {
    event.stopPropagation();  // this ENTER picks a label; it accepts no page
    if (event.key === "Enter") { event.preventDefault(); take(first()); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); step(event.key === "ArrowDown" ? 1 : -1); }
  });
  $("found").addEventListener("click", (event) => take(event.target.closest("li")));
}

function drawFound() {
  const begun = $("letters").value.trim().toLowerCase();
  const fits = state.labels.filter((label) => label.toLowerCase().startsWith(begun));
  const items = fits.map((label) => make("li", { role: "option", text: label, "data-label": label }));
  // What is typed in full comes first; in a lesson it becomes a label where there is none of that name.
  const exact = items.findIndex((item) => item.dataset.label.toLowerCase() === begun);
  if (exact > 0) items.unshift(...items.splice(exact, 1));
  if (isLesson() && begun && exact < 0) items.push(make("li", { role: "option", text: `new label: ${begun}`, "data-label": begun, kind: "new" }));
  items.forEach((item, i) => item.setAttribute("aria-selected", String(i === 0)));
  $("found").replaceChildren(...items);
}

const first = () => $("found").querySelector("[aria-selected=true]");

function step(by) {
  const all = [...$("found").children];
  const at = all.indexOf(first());
  all.forEach((item, i) => item.setAttribute("aria-selected", String(i === Math.max(0, Math.min(all.length - 1, at + by)))));
  first()?.scrollIntoView({ block: "nearest" });
}

function take(item) {
  if (!item) return;
  $("picker").close();
  chosen(item.dataset.label);
}
