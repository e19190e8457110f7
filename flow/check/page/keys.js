// The keyboard. Arrow keys walk, they do not judge.

import { $ } from "./draw.js";
import { state } from "./state.js";
import { isLesson } from "./teach.js";

const COMMANDS = { n: "none", x: "aside", z: "look", u: "undo", "?": "help", "+": "bigger", "=": "bigger", "-": "smaller", _: "smaller" };
const HABIT_MS = 1000;  // as long as hands take to press an ENTER that the eyes would no longer press
const ARROWS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last" };

export function listen(does) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.altKey || document.querySelector("dialog[open]")) return;
    if (isHabit(event)) { event.preventDefault(); return; }
    const action = meant(event);
    if (!action) return;
    event.preventDefault();
    const [name, ...rest] = action;
    does[name](...rest);
  });
}

/** An ENTER for the page before: a label for its last pictures has just led on by itself, to pictures that nobody has
 *  seen yet, or to the end, where ENTER does a lot more. */
function isHabit({ key }) {
  return key === "Enter" && !state.large && state.ledOn && performance.now() - state.turned < HABIT_MS;
}

function meant(event) {
  const { key, target } = event;
  const isButton = target.closest?.("button, a, summary");
  if (event.ctrlKey || event.metaKey) return withControl(key.toLowerCase(), event.shiftKey);
  if (key === "Enter") return isButton && isButton.id !== "accept" ? null : event.repeat ? ["nothing"] : ["enter"];
  if (state.covered) return { "?": ["help"], u: ["undo"], U: ["redo"] }[key] ?? null;
  if (key === " ") return isButton ? null : ["mark"];
  if (key in ARROWS) return target.closest?.("#labels, .last, .tools") && !event.shiftKey ? null : ["walk", ARROWS[key], event.shiftKey];
  if (key === "Escape") return ["escape"];
  if (/^[1-9]$/.test(key)) return ["label", Number(key) - 1];
  if (key === "U") return ["redo"];
  const command = COMMANDS[key] ?? COMMANDS[key.toLowerCase()];
  if (command) return event.repeat && command !== "undo" ? ["nothing"] : [command];
  if (/^Digit[1-9]$/.test(event.code) && !event.shiftKey) return ["label", Number(event.code.slice(5)) - 1];
  if (key === "/") return ["pick", ""];
  if ((isLesson() || state.labels.length > 9) && /^\p{L}$/u.test(key)) return ["pick", key];
  return null;
}

function withControl(key, shift) {
  if (key === "enter" && isLesson() && !state.covered) return ["close"];
  if (key === "z") return [shift ? "redo" : "undo"];
  if (key === "y") return ["redo"];
  if (key === "a" && !state.covered && !state.large) return ["all"];
  return null;
}

/** How many pictures stand side by side. */
export function columns() {
  return getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
}
