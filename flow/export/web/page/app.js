// @ts-check
// The page: opens the model, takes images and frames, shows what the model says.

import { openEngine } from "../engine/engine.js";
import { readFile, readFrame, Unreadable } from "../engine/image.js";
import { fromBase64, gunzip, readModel } from "../engine/payload.js";
import { predict } from "../engine/predict.js";
import { hasOtherCamera, isCameraOn, nextFrame, NoCamera, startCamera, stopCamera } from "./camera.js";
import { listenDialogs } from "./dialogs.js";
import { $, make } from "./dom.js";
import { offerInstall } from "./hosting.js";
import { drawMessage, drawPrediction, speak, spokenOf } from "./result.js";

/** @typedef {import("../engine/payload.js").Model} Model */
/** @typedef {import("../engine/image.js").Read} Read */

const NAMED = 6; // labels named at the top
const PACE_MS = 1000; // how often the number of frames a second is written anew
const HIDDEN = "The camera is on only while this page is in view. Press Live camera to go on.";

/** @type {Model} */
let model;
/** @type {(pixels: Uint8Array) => Float32Array} */
let embed;
let turn = 0; // of the image that is looked at; an answer to an older one is not shown
let address = ""; // of that image in the browser's memory
/** @type {"environment" | "user"} */
let facing = "environment";

async function start() {
  offerInstall();
  try {
    await open();
  } catch (problem) {
    drawMessage(
      "oh no",
      problem instanceof Unusable ? problem.message : `The model in this page cannot be opened: ${/** @type {Error} */ (problem).message}`,
    );
    return;
  }
  $("labels").replaceChildren("It knows ", ...named(model.labels), ".");
  $("buttons").hidden = false;
  drawMessage("boop boop", "Show it an image, and it says what it is.");
  listenDialogs(model);
  listen();
  document.documentElement.dataset.ready = "yes";
}

class Unusable extends Error {}

async function open() {
  const kernels = takeBytes("kernels");
  if (
    typeof DecompressionStream === "undefined" ||
    typeof createImageBitmap === "undefined" ||
    !WebAssembly.validate(/** @type {BufferSource} */ (kernels))
  ) {
    throw new Unusable(
      "This browser is too old for this page (it lacks WebAssembly SIMD or DecompressionStream). Safari 16.4, Firefox 113, Chrome 91, or newer ones run it.",
    );
  }
  model = readModel(await gunzip(takeBytes("model")));
  embed = await openEngine(kernels, model);
}

/** The bytes in a script element, which is then thrown away: the text is larger than they are.
 *  @param {string} id */
function takeBytes(id) {
  const bytes = fromBase64($(id).textContent);
  $(id).remove();
  return bytes;
}

/** @param {string[]} labels
 *  @returns {(Node | string)[]} */
function named(labels) {
  const shown = labels.slice(0, NAMED);
  const parts = shown.flatMap((label, i) => [i === 0 ? "" : i === labels.length - 1 ? " and " : ", ", make("bdi", { text: label })]);
  return labels.length > NAMED ? [...parts, ` and ${labels.length - NAMED} more`] : parts;
}

function listen() {
  for (const id of ["choose", "take"]) {
    $(id).addEventListener("change", () => {
      show([...$(id).files]);
      $(id).value = "";
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault(); // without this the browser would leave the page for the file
    $("drop").hidden = !event.dataTransfer?.types.includes("Files");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    show([...(event.dataTransfer?.files ?? [])]);
  });
  addEventListener("paste", (event) => show([...(event.clipboardData?.files ?? [])]));
  $("image").addEventListener("error", () => {
    $("image").hidden = true;
  });
  $("live").addEventListener("click", () => (isLive() ? endLive() : live()));
  $("flip").addEventListener("click", () => {
    facing = facing === "user" ? "environment" : "user";
    live();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && isLive()) endLive("The camera is off", HIDDEN);
  });
  addEventListener("pagehide", () => stopCamera($("video")));
}

// An image

/** @param {File[]} files the first is looked at */
async function show(files) {
  endLive();
  if (!files.length) {
    refuse("There is no image file in it. Save the image first, then choose or drop the file.");
    return;
  }
  const mine = (turn += 1);
  showImage(files[0]);
  drawMessage("boop boop. looking …", files.length > 1 ? `The first of ${files.length}: one at a time.` : "");
  await painted();
  try {
    const read = await readFile(files[0], model);
    if (mine === turn) answer(read, files[0].name);
  } catch (problem) {
    if (mine === turn) {
      refuse(problem instanceof Unreadable ? problem.message : `It could not be read: ${/** @type {Error} */ (problem).message}`);
    }
  }
}

/** @param {string} why */
function refuse(why) {
  drawMessage("Not this one", why);
  speak(why);
}

/** @param {File} file */
function showImage(file) {
  forgetImage();
  address = URL.createObjectURL(file);
  $("image").src = address;
  $("image").hidden = false;
  $("empty").hidden = true;
}

function forgetImage() {
  if (address) URL.revokeObjectURL(address);
  address = "";
  $("image").hidden = true;
  $("image").removeAttribute("src");
}

/** What is drawn is on the screen before the processor is busy.
 *  @returns {Promise<void>} */
const painted = () =>
  new Promise((ready) => {
    requestAnimationFrame(() => setTimeout(ready));
  });

/** @param {Read} read
 *  @param {string} [name] of the file; nothing = a frame of the camera */
function answer({ pixels }, name) {
  const begin = performance.now();
  const prediction = predict(model, embed(pixels));
  const milliseconds = performance.now() - begin;
  drawPrediction(model, prediction, name === undefined);
  document.dispatchEvent(new CustomEvent("prediction", { detail: { ...prediction, milliseconds } }));
  const spoken = spokenOf(model, prediction);
  speak(name === undefined ? spoken : `${name}: ${spoken}`, name === undefined);
}

// The camera

const isLive = () => $("live").dataset.on === "yes";

async function live() {
  const mine = (turn += 1);
  forgetImage();
  pressed(true);
  drawMessage("boop boop", "Starting the camera …");
  try {
    const isOn = await startCamera($("video"), facing, () =>
      endLive("The camera is off", "It was unplugged, or taken away by the browser."),
    );
    if (!isOn || mine !== turn) return;
    $("flip").hidden = !(await hasOtherCamera());
    $("video").hidden = false;
    $("empty").hidden = true;
    await follow(mine);
  } catch (problem) {
    if (mine !== turn) return;
    endLive("No camera", problem instanceof NoCamera ? problem.message : `It cannot be used: ${/** @type {Error} */ (problem).message}`);
  }
}

/** Look at one frame after another, as many as the processor can.
 *  @param {number} mine */
async function follow(mine) {
  let since = performance.now();
  let frames = 0;
  while (mine === turn && isCameraOn()) {
    await nextFrame($("video"));
    if (mine !== turn || !$("video").videoWidth) continue;
    answer(readFrame($("video"), model));
    frames += 1;
    const seconds = (performance.now() - since) / 1000;
    if (seconds * 1000 < PACE_MS) continue;
    $("pace").textContent = `${Math.round(frames / seconds)} frames a second`;
    $("pace").hidden = false;
    since = performance.now();
    frames = 0;
  }
}

/** @param {string} [title] nothing = leave what is shown
 *  @param {string} [text] */
function endLive(title, text = "") {
  if (!isLive()) return;
  turn += 1;
  stopCamera($("video"));
  pressed(false);
  for (const id of ["video", "pace", "flip"]) $(id).hidden = true;
  $("empty").hidden = false;
  drawMessage(title ?? "boop boop", title ? text : "Show it an image, and it says what it is.");
  if (title) speak(`${title}. ${text}`);
}

/** @param {boolean} isOn */
function pressed(isOn) {
  $("live").dataset.on = isOn ? "yes" : "no";
  $("live").textContent = isOn ? "Stop camera" : "Live camera";
}

start();
