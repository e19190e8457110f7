// @ts-check
// Accuracy is measured in the background and shown when it is there.

import { get, waiting } from "./api.js";
import { state } from "./state.js";

const MEASURING_MS = 700; // between two looks whether it was measured
/** @type {ReturnType<typeof setTimeout>} */
let nextLook;

/** @param {() => void} show called with news */
export function measureLater(show) {
  clearTimeout(nextLook);
  if (!state.progress?.labeling?.measuring) return;
  nextLook = setTimeout(async () => {
    try {
      if (waiting() === 0 && !state.work?.busy) {
        state.progress = await get("/api/progress");
        show();
      }
    } catch {
      /* the next key says what is wrong */
    }
    measureLater(show);
  }, MEASURING_MS);
}
