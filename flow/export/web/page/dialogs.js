// @ts-check
// What the two buttons at the bottom open: facts about the model, and the credits of its training images.

import { $, make, percent } from "./dom.js";

/** @typedef {import("../engine/payload.js").Model} Model */

const AT_ONCE = 200; // credits drawn at a time

/** @param {Model} model */
export function listenDialogs(model) {
  $("about-open").addEventListener("click", () => {
    drawAbout(model);
    $("about").showModal();
  });
  $("credits-open").addEventListener("click", () => {
    drawCredits(model);
    $("credits").showModal();
  });
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => /** @type {HTMLDialogElement} */ (button.closest("dialog")).close());
  }
  $("credits-more").addEventListener("click", () => drawMore(model));
}

/** @param {Model} model */
function drawAbout({ facts, agreement, confidenceMin, novelty }) {
  $("facts").replaceChildren(
    ...facts.map(([term, text]) => make("div", {}, make("dt", { text: term }), make("dd", { text, dir: "auto" }))),
  );
  $("agreement").textContent = agreement;
  $("agreement").hidden = !agreement;
  $("line").textContent = percent(confidenceMin);
  $("unfamiliar").hidden = novelty === null;
}

/** @param {Model} model */
function drawCredits(model) {
  const { credits, notices, own } = model;
  $("notices").replaceChildren(...notices.map((text) => make("li", { text })));
  $("licences").textContent = licencesOf(credits, own);
  $("makers").replaceChildren();
  drawMore(model);
}

/** @param {Model["credits"]} credits
 *  @param {number} own */
function licencesOf(credits, own) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { licence } of credits) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  const parts = [...counts].sort((one, other) => other[1] - one[1]).map(([licence, count]) => `${count} under ${licence}`);
  if (own) parts.push(`${own} own photos, or images without a record of where they come from`);
  return `${parts.join(", ") || "None"}. The images themselves are not in this page.`;
}

/** @param {Model} model */
function drawMore({ credits }) {
  const from = $("makers").children.length;
  $("makers").append(...credits.slice(from, from + AT_ONCE).map(creditLine));
  const left = credits.length - $("makers").children.length;
  $("credits-more").hidden = left <= 0;
  $("credits-more").textContent = `Show ${Math.min(left, AT_ONCE)} of ${left} more`;
}

/** @param {Model["credits"][0]} credit */
function creditLine({ text, url }) {
  const line = make("li", {}, make("bdi", { text }));
  if (/^https?:\/\//i.test(url)) line.append(" ", make("a", { href: url, target: "_blank", rel: "noopener noreferrer", text: "source" }));
  return line;
}
