// @ts-check
// The keyboard. Arrow keys walk, they do not judge.

import { isLabeling, isLookingBack, state } from "./state.js";

/** @type {Record<string, string>} */
const COMMANDS = {
  n: "none",
  x: "aside",
  z: "look",
  "?": "help",
  "%": "sample",
  "+": "larger",
  "=": "larger",
  "-": "smaller",
  _: "smaller",
};
/** @type {Record<string, string>} */
const LOOKING = { PageUp: "newer", PageDown: "older" };
/** @type {Record<string, string>} */
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };
const PRESSES = ["Enter", " "]; // keys with which the browser presses a button
export const UNSEEN_MS = 400; // what came just now has not been seen: a key was meant for what was there before

/** @typedef {[name: string, ...rest: any[]]} Action an action and its arguments */

/**
 * Call the action that a key means.
 * @param {Record<string, (...args: any[]) => void>} actions
 */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
    const action = meaning(event, performance.now());
    if (!action) return;
    event.preventDefault();
    const [name, ...rest] = action;
    actions[name](...rest);
  });
}

/**
 * What a key means now; null where the browser does what it usually does.
 * @param {any} event a KeyboardEvent
 * @param {number} now ms
 * @returns {Action | null}
 */
export function meaning(event, now) {
  if (event.key === "Enter" && event.repeat) return ["nothing"]; // held since the page before
  const action = event.ctrlKey || event.metaKey ? withControl(event) : plain(event);
  const isUnseen = now - state.shownAt < UNSEEN_MS;
  return isUnseen && (action || PRESSES.includes(event.key)) ? ["nothing"] : action;
}

/** The letter of a key: Caps Lock makes no difference, shift does. @param {string} key */
const letterOf = (key) => (key.length === 1 ? key.toLowerCase() : key);

/** @param {any} event @returns {Action | null} */
function withControl({ key, shiftKey }) {
  const letter = letterOf(key);
  if (letter === "Enter" && isLabeling() && !state.covered) return ["close"];
  if (letter === "z") return [shiftKey ? "redo" : "undo"];
  if (letter === "y") return ["redo"];
  if (letter === "a" && !state.covered && !state.large) return ["all"];
  return null;
}

/** @param {any} event @returns {Action | null} */
function plain(event) {
  const { key, shiftKey, repeat } = event;
  if (key === "Enter") return enter(event);
  if (letterOf(key) === "u") return [shiftKey ? "redo" : "undo"];
  if (key === "Backspace") return repeat ? ["nothing"] : ["lookBack", shiftKey ? -1 : 1];
  if (state.covered) return key === "?" ? ["help"] : key === "%" ? ["sample"] : null;
  if (key === " ") return within(event, "button, a, summary") ? null : ["mark"];
  if (key in ARROWS) return within(event, "#labels, .last, .tools, #filters") && !shiftKey ? null : ["walk", ARROWS[key], shiftKey];
  const action = named(key) ?? decision(event);
  return action && repeat ? ["nothing"] : action; // a key that is held acts once
}

/** Keys that have a name and decide nothing. @param {string} key @returns {Action | null} */
function named(key) {
  if (key === "Escape") return ["escape"];
  if (key === "F2") return ["nameLabels", ""];
  return key in LOOKING && isLookingBack() ? ["turn", LOOKING[key]] : null;
}

/** The element around the focus that fits, if any. @param {any} event @param {string} selector */
const within = ({ target }, selector) => target?.closest?.(selector);

/** A button or link that has the focus is pressed; anywhere else the page is accepted. @param {any} event @returns {Action | null} */
function enter(event) {
  const pressed = within(event, "button, a, summary");
  return pressed && pressed.id !== "accept" ? null : ["enter"];
}

/** Keys that decide, and those that show something. @param {any} event @returns {Action | null} */
function decision(event) {
  const { key } = event;
  const digit = digitOf(event);
  if (digit) return ["label", digit - 1];
  const command = COMMANDS[letterOf(key)];
  if (command) return [command];
  if (key === "/") return ["pick", ""];
  const picks = isLabeling() || state.labels.length > 9;
  return picks && /^\p{L}$/u.test(key) ? ["pick", key] : null;
}

/** 1 to 9, also where the layout has other signs on these keys; 0 for any other key. @param {any} event */
function digitOf({ key, code, shiftKey }) {
  if (/^[1-9]$/.test(key)) return Number(key);
  return /^Digit[1-9]$/.test(code ?? "") && !shiftKey && !/^\p{L}$/u.test(key) ? Number(code.slice(5)) : 0;
}
