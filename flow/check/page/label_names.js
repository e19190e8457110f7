// @ts-check
// Renaming and merging labels: names typed anew in a little window, and a label dropped on another one.

import { post } from "./api.js";
import { $, make } from "./dom.js";
import { state } from "./state.js";

const DRAG_PX = 6;

/** @typedef {(old: string, name: string) => void} Rename */

/** The names, to be typed anew. @param {string} label the one to begin with; empty for the first @param {Rename} rename */
export function open(label, rename) {
  $("names").replaceChildren(...state.labels.map((name, i) => row(name, i, rename)));
  $("naming").showModal();
  const fields = [...$("names").querySelectorAll("input")];
  const field = fields.find((one) => one.dataset.label === label) ?? fields[0];
  field?.focus();
  field?.select();
}

/** @param {string} label @param {number} i @param {Rename} rename */
function row(label, i, rename) {
  const letter = label === "not" ? "n" : i < 9 ? String(i + 1) : "";
  const field = /** @type {HTMLInputElement} */ (
    make("input", { value: label, "data-label": label, "aria-label": `the label ${label}`, autocomplete: "off", spellcheck: "false" })
  );
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter") return;
    event.preventDefault();
    $("naming").close();
    rename(label, field.value);
  });
  return make("li", {}, letter ? make("kbd", { text: letter }) : make("span"), field);
}

/** A label gets another name, or its images another label, which is asked about.
 * @param {string} old @param {string} name @param {(message: string) => void} locked
 * @returns {Promise<any>} how everything is now; null where the person leaves it */
export async function change(old, name, locked) {
  if (!name || name === old) return null;
  const view = await post("labels", { old, new: name }, locked);
  if (!view.question) return view;
  return (await ask(view.question)) ? post("labels", { old, new: name, sure: true }, locked) : null;
}

/** Whether the person says yes. @param {string} question @returns {Promise<boolean>} */
function ask(question) {
  $("question").textContent = question;
  $("asking").returnValue = "";
  $("asking").showModal();
  return new Promise((answered) => {
    $("asking").addEventListener("close", () => answered($("asking").returnValue === "yes"), { once: true });
  });
}

/** A label's button that is dropped on another one merges the two. @param {Rename} rename */
export function listen(rename) {
  /** @type {{ chip: HTMLElement, x: number, y: number } | null} */
  let start = null;
  /** @type {HTMLElement | null} */
  let onto = null;

  const chipAt = (/** @type {any} */ target) => target?.closest?.("#labels button[data-label]") ?? null;
  const stop = () => {
    start?.chip.classList.remove("dragged");
    onto?.classList.remove("onto");
    start = onto = null;
  };
  $("labels").addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const chip = chipAt(event.target);
    if (event.pointerType === "mouse" && event.button === 0 && chip) start = { chip, x: event.clientX, y: event.clientY };
  });
  addEventListener("pointermove", (event) => {
    if (!start || Math.hypot(event.clientX - start.x, event.clientY - start.y) < DRAG_PX) return;
    start.chip.classList.add("dragged");
    const over = chipAt(document.elementFromPoint(event.clientX, event.clientY));
    onto?.classList.remove("onto");
    onto = over === start.chip ? null : over;
    onto?.classList.add("onto");
  });
  addEventListener("pointerup", () => {
    const [from, to] = [start?.chip.dataset.label, onto?.dataset.label];
    stop();
    if (from && to) rename(from, to);
  });
  addEventListener("pointercancel", stop);
}
