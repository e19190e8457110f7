// @ts-check
// The keyboard. Arrow keys walk, they do not judge.

import { isLabeling, state } from "./state.js";

/** @type {Record<string, string>} */
const COMMANDS = { n: "none", x: "aside", z: "look", "?": "help", "+": "larger", "=": "larger", "-": "smaller", _: "smaller" };
/** @type {Record<string, string>} */
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };
export const UNSEEN_MS = 400; // a page that came just now has not been seen: a key was meant for the page before
const KEYS_OF_OWN = ["Shift", "Control", "Alt", "Meta", "CapsLock", "Tab", "F1", "F5", "F11", "F12"];

/**
 * Call the action that a key means.
 * @param {Record<string, (...args: any[]) => void>} actions
 */
export function listen(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
    const action = isUnseen(event.key, performance.now()) ? ["nothing"] : meaning(event);
    if (!action) return;
    event.preventDefault();
    const [name, ...rest] = action;
    actions[name](...rest);
  });
}

/** Whether a key comes before the person can have seen the page. @param {string} key @param {number} now ms */
export function isUnseen(key, now) {
  return now - state.shownAt < UNSEEN_MS && !KEYS_OF_OWN.includes(key);
}

/**
 * The action and its arguments that a key means now; null where the browser does what it usually does.
 * @param {any} event a KeyboardEvent
 * @returns {any[] | null}
 */
export function meaning(event) {
  const { key, target, shiftKey: shift, repeat } = event;
  const letter = key.length === 1 ? key.toLowerCase() : key; // Caps Lock makes no difference, shift does
  const clickable = target?.closest?.("button, a, summary");
  if (event.ctrlKey || event.metaKey) return withControl(letter, shift);
  if (key === "Enter") return clickable && clickable.id !== "accept" ? null : repeat ? ["nothing"] : ["enter"];
  if (letter === "u") return [shift ? "redo" : "undo"];
  if (state.covered) return key === "?" ? ["help"] : null;
  if (key === " ") return clickable ? null : ["mark"];
  if (key in ARROWS) return target?.closest?.("#labels, .last, .tools") && !shift ? null : ["walk", ARROWS[key], shift];
  if (key === "Escape") return ["escape"];
  const digit = digitOf(event);
  if (digit) return repeat ? ["nothing"] : ["label", digit - 1];
  const command = COMMANDS[letter];
  if (command) return repeat ? ["nothing"] : [command];
  if (key === "/") return ["pick", ""];
  if ((isLabeling() || state.labels.length > 9) && /^\p{L}$/u.test(key)) return repeat ? ["nothing"] : ["pick", key];
  return null;
}

/** 1 to 9, also where the layout has other signs on these keys; 0 for any other key. @param {any} event */
function digitOf({ key, code, shiftKey }) {
  if (/^[1-9]$/.test(key)) return Number(key);
  return /^Digit[1-9]$/.test(code ?? "") && !shiftKey && !/^\p{L}$/u.test(key) ? Number(code.slice(5)) : 0;
}

/** @param {string} letter @param {boolean} shift */
function withControl(letter, shift) {
  if (letter === "Enter" && isLabeling() && !state.covered) return ["close"];
  if (letter === "z") return [shift ? "redo" : "undo"];
  if (letter === "y") return ["redo"];
  if (letter === "a" && !state.covered && !state.large) return ["all"];
  return null;
}
