// @ts-check
// Small helpers. Text is never put in as HTML.

/** @param {string} id
 *  @returns {any} the element; it is in template.html */
export const $ = (id) => document.getElementById(id);

/** @param {string} tag
 *  @param {{ text?: string, kind?: string, [attribute: string]: string | undefined }} [given] attributes, and text and class
 *  @param {...(Node | string)} children */
export function make(tag, { text, kind, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (kind) element.className = kind;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, /** @type {string} */ (value));
  element.append(...children);
  return element;
}

/** Rounded down, so that 100 % means all.
 *  @param {number} share 0..1 */
export const percent = (share) => `${(Math.floor(share * 1000 + 1e-6) / 10).toFixed(1)} %`;
