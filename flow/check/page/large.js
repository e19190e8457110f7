// One picture large: scores as bars, where it comes from, and what is most like it in the training data.

import { get } from "./api.js";
import { $, make, percent } from "./draw.js";
import { pictures, state, usual } from "./state.js";

const SHOWN = 12;  // labels with a bar
let shown = "";

export function drawLarge() {
  $("large").hidden = !state.large;
  if (!state.large) { shown = ""; return; }
  const picture = pictures()[state.here];
  const words = { label: `now ${picture.label}`, keep: `right: ${picture.label}`, aside: "set aside", moved: `moved to ${picture.label} by hand`, gone: "no longer there" };
  const doubt = !usual(picture) ? "What is this?" : picture.given ? `in ${picture.given}; looks like ${picture.guess}` : `${picture.guess}${picture.under ? "?" : ""}`;
  $("state").textContent = words[picture.state] ?? doubt;
  if (shown === picture.sha256) return;
  shown = picture.sha256;
  const image = $("picture");
  image.src = `/thumb/large/${picture.sha256}`;
  image.alt = [usual(picture), picture.name].filter(Boolean).join(", ");
  $("name").textContent = `${state.here + 1} of ${pictures().length}`;
  $("scores").replaceChildren(...(picture.score === null ? [] : bars([[picture.guess, picture.score]])));
  $("why").textContent = picture.reason === "unlike" ? "It is unlike all training pictures, so it went under the line." : picture.reason === "unsure" ? "Its best score is below confidence_min." : "";
  $("credit").replaceChildren(make("p", { text: picture.name }));
  $("near").hidden = true;
  tell(picture.sha256);
  for (const next of [pictures()[state.here + 1], pictures()[state.here - 1]]) {
    if (next) new Image().src = `/thumb/large/${next.sha256}`;
  }
}

async function tell(sha) {
  try {
    const facts = await get(`/api/picture/${sha}`);
    if (shown === sha) drawFacts(facts);
    const { near } = await get(`/api/near/${sha}`);
    if (shown === sha) drawNear($("near"), near);
  } catch { /* the picture itself is what matters; what went wrong is said at the next key */ }
}

function drawFacts({ name, scores, title, credit, license, link, source }) {
  if (scores.length) $("scores").replaceChildren(...bars(scores));
  const lines = [title, credit, [source, license].filter(Boolean).join(" · "), name].filter(Boolean);
  const told = [...new Set(lines)].map((text) => make("p", { text }));
  if (link) told.push(make("p", {}, make("a", { href: link, target: "_blank", rel: "noopener noreferrer", text: "its page" })));
  $("credit").replaceChildren(...told);
}

/** Label and score pairs, best first, as list items. */
export const bars = (scores) => scores.slice(0, SHOWN).map(([label, score]) => bar(label, score));

function bar(label, score) {
  const inside = make("i");
  inside.style.width = `${100 * score}%`;
  return make("li", {}, make("span", { text: label }), make("span", { kind: "track", "aria-hidden": "true" }, inside), make("span", { kind: "number", text: percent(score) }));
}

/** The training pictures most like one, in `place`, which is hidden where there are none. */
export function drawNear(place, near) {
  place.hidden = near.length === 0;
  place.querySelector("ul").replaceChildren(...near.map(nearTile));
}

function nearTile({ sha256, label, likeness }) {
  const image = make("img", { src: `/thumb/grid/${sha256}`, alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove());
  return make("li", { title: `likeness ${percent(Math.max(0, likeness))}` }, image, make("span", { text: label }));
}
