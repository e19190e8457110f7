// @ts-check
// Frame after frame from the camera to the run and back; a hold is recorded.

import { Closed, Refused, frame, get, post } from "./api.js";
import { drawFrame, take } from "./camera_draw.js";
import { RECORDED_MS, SIDE_KEPT, SIDE_LIVE, SIDE_MIN, hint, isOver, newHold, state } from "./camera_state.js";
import { grab, isOn, nextFrame, square } from "./camera_stream.js";
import { $, say } from "./dom.js";

const IDLE_MS = 150; // between two looks whether there is something to do
const AGAIN_MS = 600; // after a frame that was refused
const SMOOTH = 0.15; // of the frames a second that are shown
const canvas = document.createElement("canvas");
let last = 0; // when the last frame was sent
let newest = 0; // number of the newest frame that was answered
let asking = false;
let isHinted = false; // the message is about what is seen

/** A label's key is held. @param {string} label @returns {Promise<void>} */
export async function begin(label) {
  if (state.hold) return;
  if (!isOn()) {
    say("The camera is off.", true);
    return;
  }
  if (square($("video")) < SIDE_MIN) {
    say(`The camera gives ${square($("video"))} pixels; at least ${SIDE_MIN} are needed.`, true);
    return;
  }
  const hold = newHold(label, performance.now());
  state.hold = hold;
  say("");
  drawFrame();
  try {
    hold.id = (await post("record", { label })).recording;
  } catch (problem) {
    if (state.hold === hold) state.hold = null;
    say(/** @type {Error} */ (problem).message, true);
    drawFrame();
  }
}

/** The key is let go. A short press still records one frame. */
export function end() {
  if (state.hold) state.hold.ended = true;
}

/** There are no more frames: what was recorded so far is the recording. */
export function cutShort() {
  if (state.hold) finish(state.hold);
}

/** @param {import("./camera_state.js").Hold} hold */
async function finish(hold) {
  if (state.hold === hold) state.hold = null;
  say(""); // what was said of it while it went on
  drawFrame();
  if (!hold.id) return;
  try {
    take(await post("recorded", { recording: hold.id }));
  } catch (problem) {
    say(/** @type {Error} */ (problem).message, true);
  }
  followLearning();
}

/** What the model has learned meanwhile, also while no frames are sent. */
export async function followLearning() {
  if (asking) return;
  asking = true;
  try {
    do {
      take(await get("/api/shown"));
      await later(2 * IDLE_MS);
    } while (state.quality.learning);
  } catch {
    /* busy with a training, or closed: that is said elsewhere */
  }
  asking = false;
}

/** Frames, for ever: two are on their way while nothing is recorded, so that neither side waits for the other; those of
 *  a recording go one by one. @param {() => void} closed called when the run has ended */
export async function run(closed) {
  const video = $("video");
  const lanes = [Promise.resolve(), Promise.resolve()];
  for (let n = 0; ; n += 1) {
    const { hold } = state;
    if (!isOn() || (!hold?.id && !state.version) || document.hidden) {
      await later(IDLE_MS);
      continue;
    }
    await nextFrame(video);
    await lanes[n % 2];
    if (hold?.id) {
      await Promise.all(lanes);
      await later(last + RECORDED_MS - performance.now());
    }
    lanes[n % 2] = send(video, hold, n).catch((problem) => refused(problem, hold, closed));
    if (hold?.id) await lanes[n % 2];
    if (hold?.id && isOver(hold) && state.hold === hold) await finish(hold);
  }
}

/** @param {unknown} problem @param {import("./camera_state.js").Hold | null} hold @param {() => void} closed */
async function refused(problem, hold, closed) {
  if (problem instanceof Closed) closed();
  else say(/** @type {Error} */ (problem).message, true);
  if (hold?.id && problem instanceof Refused) await finish(hold);
  await later(AGAIN_MS);
}

/** @param {HTMLVideoElement} video @param {import("./camera_state.js").Hold | null} hold @param {number} number of the frame */
async function send(video, hold, number) {
  const data = await grab(video, hold?.id ? SIDE_KEPT : SIDE_LIVE, canvas);
  if (!data) return later(IDLE_MS);
  const now = performance.now();
  state.rate += SMOOTH * (1000 / Math.max(1, now - last) - state.rate);
  last = now;
  const seen = await frame(data, hold?.id ?? "");
  if (number < newest) return undefined; // a later frame was answered first
  newest = number;
  state.seen = seen;
  if (hold?.id) {
    hold.images = seen.images;
    hold.sent += 1;
    if (seen.why === "closed") hold.ended = true;
  }
  const words = hint(seen, hold ? now - hold.since : 0);
  if (words) say(words, true);
  else if (hold?.id || isHinted) say("");
  isHinted = words !== "";
  drawFrame();
  if (seen.version !== state.version) followLearning();
  return undefined;
}

/** @param {number} ms @returns {Promise<void>} */
const later = (ms) => new Promise((ready) => setTimeout(ready, Math.max(0, ms)));
