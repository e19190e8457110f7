// @ts-check
// The check page: joins its parts and loads the first page of images.

import { actions, load } from "./actions.js";
import { stayAlive, waiting } from "./api.js";
import { $ } from "./dom.js";
import { focusCurrent } from "./draw.js";
import { drawClosed } from "./end.js";
import * as labelNames from "./label_names.js";
import * as keys from "./keys.js";
import { arrange, restoreSize } from "./layout.js";
import * as picker from "./picker.js";
import * as pointer from "./pointer.js";
import { state } from "./state.js";
import * as trying from "./try.js";

const RESIZED_MS = 250; // after the last change of the window's size
/** @type {ReturnType<typeof setTimeout>} */
let resized;

function wire() {
  keys.listen(actions);
  pointer.listen(actions);
  picker.listen();
  trying.listen();
  labelNames.listen(actions.renameLabel);
  $("filters").addEventListener("click", (/** @type {any} */ event) => {
    const { label, turn } = event.target.closest("button")?.dataset ?? {};
    if (turn) actions.turn(turn);
    else if (label !== undefined) actions.filter(label);
  });
  $("title").addEventListener("click", () => {
    if (state.labels.includes(state.page?.guess ?? "")) actions.nameLabels(state.page?.guess);
  });
  $("labels").addEventListener("click", (/** @type {any} */ event) => {
    const chip = event.target.closest("button");
    if (chip?.id === "new-label") actions.pick("");
    else if (chip?.id === "rename") actions.nameLabels("");
    else if (chip) actions.decide("label", chip.dataset.label);
  });
  wireButtons();
  for (const id of ["keys", "picker", "tried", "trial-outcome", "naming", "asking"]) $(id).addEventListener("close", focusCurrent);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && waiting() === 0 && !state.work?.busy) load();
  });
  addEventListener("resize", () => {
    clearTimeout(resized);
    resized = setTimeout(() => {
      arrange();
      if (!state.locked && waiting() === 0) load(true);
    }, RESIZED_MS);
  });
}

function wireButtons() {
  const buttons = {
    smaller: actions.smaller,
    larger: actions.larger,
    back: () => actions.lookBack(1),
    ask: actions.help,
    camera: actions.camera,
    done: actions.close,
    look: actions.look,
    aside: actions.aside,
    undo: actions.undo,
    redo: actions.redo,
    accept: actions.enter,
    close: actions.escape,
    before: () => actions.walk("left", false),
    after: () => actions.walk("right", false),
  };
  for (const [id, action] of Object.entries(buttons)) {
    $(id).addEventListener("click", () => {
      action();
      focusCurrent();
    });
  }
}

history.replaceState(null, "", "/"); // the ticket does not stay in the address
restoreSize();
wire();
stayAlive(() => drawClosed("The run has ended.", "Everything you did is saved."));
load();
