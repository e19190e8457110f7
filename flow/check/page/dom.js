// @ts-check
// Making elements and words. Never puts text in as HTML.

/** The element with an id of the template. @param {string} id @returns {any} */
export const $ = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {{ text?: string, kind?: string, [attribute: string]: any }} [options] `kind`: its class
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function make(tag, { text, kind, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** A button; with a key it is the main one. @param {string} text @param {() => void} action @param {string} [key] */
export function button(text, action, key = "") {
  const inside = [...(key ? [make("kbd", { text: key })] : []), make("span", { text })];
  const made = make("button", { type: "button", kind: key ? "main" : "" }, ...inside);
  made.addEventListener("click", action);
  return made;
}

/** 0.9167 -> "91.6 %", rounded down. @param {number} share a fraction 0..1 */
export const percent = (share) => `${Math.floor(share * 1000 + 1e-6) / 10} %`;

/** @param {number} n @param {string} word */
export const count = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

/** "84 to 95 %". @param {{ low: number, high: number }} share fractions 0..1 */
export const interval = ({ low, high }) => `${Math.floor(100 * low)} to ${Math.ceil(100 * high)} %`;

/** One sentence for eyes and screen readers. @param {string} text @param {boolean} [isProblem] */
export function say(text, isProblem = false) {
  $("message").textContent = text;
  $("message").classList.toggle("problem", isProblem);
}
