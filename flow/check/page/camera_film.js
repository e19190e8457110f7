// @ts-check
// A video that is dropped here: the browser decodes it, and frames that show something new are kept, shot by shot.

import { frame, post } from "./api.js";
import { SIDE as CELLS, greyOf, isCut } from "./camera_cuts.js";
import { take } from "./camera_draw.js";
import { followLearning } from "./camera_record.js";
import { SIDE_KEPT, SIDE_MIN, state } from "./camera_state.js";
import { grab, square } from "./camera_stream.js";
import { $, button, count, say } from "./dom.js";
import * as picker from "./picker.js";

const EVERY_S = 0.2; // of film, between two frames that are looked at
const LONGEST_S = 3600;
const STUCK_MS = 8000; // a film that does not move on for so long is given up
const UNKNOWN_S = 1e7; // where a film does not say how long it is, its end is looked for there
const [canvas, small] = [document.createElement("canvas"), document.createElement("canvas")];
let turn = 0; // of the film; an older one stops

/** What is wrong with a film, in a sentence; nothing where it can be looked at. @param {number} seconds @param {number} side pixels */
export function objection(seconds, side) {
  if (!side) return "It has no picture, only sound, or this browser cannot decode it. In the terminal: --source video:FILE.";
  if (side < SIDE_MIN) return `It is ${side} pixels small; at least ${SIDE_MIN} are needed.`;
  if (!Number.isFinite(seconds) || seconds <= 0) return "It does not say where it ends, so it may be cut off. Copy it again.";
  if (seconds > LONGEST_S) return `It lasts ${Math.round(seconds / 60)} minutes; at most ${LONGEST_S / 60} are looked at. Cut it first.`;
  return "";
}

/** The seconds of film that are looked at. @param {number} seconds @returns {number[]} */
export function moments(seconds) {
  return Array.from({ length: Math.max(1, Math.floor(seconds / EVERY_S)) }, (_, i) => (i + 0.5) * EVERY_S).filter((at) => at < seconds);
}

export function listen() {
  addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").hidden = ![...(event.dataTransfer?.types ?? [])].includes("Files");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    open([...(event.dataTransfer?.files ?? [])]);
  });
  $("choose").addEventListener("change", () => {
    open([...$("choose").files]);
    $("choose").value = "";
  });
  $("filming").addEventListener("close", () => {
    turn += 1;
  });
}

/** @param {File[]} files */
function open(files) {
  const [file] = files;
  if (!file) return;
  if (file.type.startsWith("image/") || /\.(heic|heif)$/i.test(file.name)) {
    say("Videos go here. Photos come in by the terminal: roboflow.py … 50 photos download --source folder:DIR", true);
    return;
  }
  $("filming-name").textContent = `${file.name}${files.length > 1 ? `, the first of ${files.length}: one at a time` : ""}`;
  $("filming-title").textContent = "What does this video show?";
  $("filming-progress").hidden = true;
  $("filming-close").textContent = "Leave it";
  const labels = state.shown.map(({ label }) => button(label, () => read(file, label)));
  const other = button("another …", () => picker.pick("", (label) => read(file, label)));
  $("filming-labels").replaceChildren(
    ...labels,
    other,
    button("no label yet", () => read(file, "")),
  );
  $("filming").showModal();
}

/** @param {File} file @param {string} label */
async function read(file, label) {
  const mine = turn;
  $("filming-labels").replaceChildren();
  $("filming-progress").hidden = false;
  $("filming-title").textContent = label ? `Frames for ${label}` : "Frames without a label";
  const video = document.createElement("video");
  const address = URL.createObjectURL(file);
  let id = "";
  try {
    await opened(video, address);
    const seconds = await length(video);
    const wrong = objection(seconds, square(video));
    if (wrong) throw new Error(wrong);
    id = (await post("record", { label, video: file.name })).recording;
    const images = await frames(video, seconds, id, () => mine === turn);
    if (mine === turn) $("filming-title").textContent = images ? "Done." : "Nothing in it was new.";
  } catch (problem) {
    if (mine === turn) $("filming-words").textContent = /** @type {Error} */ (problem).message;
  } finally {
    URL.revokeObjectURL(address);
    if (id) await ended(id);
  }
  $("filming-close").textContent = "Back to the camera";
}

/** @param {HTMLVideoElement} video @param {string} address */
function opened(video, address) {
  return new Promise((ready, failed) => {
    video.muted = true;
    video.preload = "auto";
    video.onloadeddata = ready;
    video.onerror = () => failed(new Error("It cannot be decoded here: it is damaged, or no video. In the terminal: --source video:FILE."));
    setTimeout(() => failed(new Error("It does not begin; it may be damaged.")), STUCK_MS);
    video.src = address;
  });
}

/** How long it is, in seconds; a recording of a browser says so only at its end. @param {HTMLVideoElement} video */
async function length(video) {
  if (Number.isFinite(video.duration)) return video.duration;
  await seek(video, UNKNOWN_S).catch(() => {});
  return video.duration;
}

/** @param {HTMLVideoElement} video @param {number} at seconds */
function seek(video, at) {
  return new Promise((ready, failed) => {
    const stuck = setTimeout(() => failed(new Error(`It is damaged after ${Math.floor(at)} s; what came before is kept.`)), STUCK_MS);
    video.onseeked = () => {
      clearTimeout(stuck);
      ready(undefined);
    };
    video.onerror = () => failed(new Error(`It is damaged after ${Math.floor(at)} s; what came before is kept.`));
    video.currentTime = at;
  });
}

/** @param {HTMLVideoElement} video @param {number} seconds @param {string} id @param {() => boolean} isWanted */
async function frames(video, seconds, id, isWanted) {
  let images = 0;
  /** @type {import("./camera_cuts.js").Moment | null} */ let before = null;
  for (const at of moments(seconds)) {
    if (!isWanted()) return images;
    const now = { at, cells: await cellsAt(video, at) };
    const cut = Boolean(before) && (await isCut(/** @type {any} */ (before), now, (time) => cellsAt(video, time)));
    if (cut) await seek(video, at);
    before = now;
    const data = await grab(video, SIDE_KEPT, canvas);
    const seen = data && (await frame(data, id, cut));
    if (seen?.why === "") images += 1;
    $("filming").querySelector(".work i").style.width = `${(100 * at) / seconds}%`;
    $("filming-words").textContent = `${Math.round(at)} of ${Math.round(seconds)} s of film, ${count(images, "image")} kept`;
  }
  return images;
}

/** @param {HTMLVideoElement} video @param {number} at seconds */
async function cellsAt(video, at) {
  await seek(video, at);
  small.width = small.height = CELLS;
  const context = small.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser cannot look at videos.");
  const side = square(video);
  context.imageSmoothingQuality = "high";
  context.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, CELLS, CELLS);
  return greyOf(context.getImageData(0, 0, CELLS, CELLS).data);
}

/** @param {string} id */
async function ended(id) {
  try {
    take(await post("recorded", { recording: id }));
    followLearning();
  } catch (problem) {
    say(/** @type {Error} */ (problem).message, true);
  }
}
