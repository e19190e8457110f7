// @ts-check
// The person's own image, dropped, pasted or chosen: what the model says of it. Nothing is kept of it.

import { Refused, predict } from "./api.js";
import { $, say } from "./dom.js";
import { bars, drawNear } from "./large.js";
import { drawWhyOf } from "./why.js";

let turn = 0; // of the image that is looked at; an answer to an older one is not shown
let address = ""; // of the image in the browser's memory
/** @type {Blob | null} */
let answeredFile = null; // the file that the answer shown is about
let mapped = false; // it is shown with its map

export function listen() {
  addEventListener("dragover", (event) => {
    event.preventDefault(); // without this the browser would leave the page for the file
    $("drop").hidden = !holdsFiles(event.dataTransfer);
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) $("drop").hidden = true;
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    take(event.dataTransfer);
  });
  addEventListener("paste", (event) => {
    if (holdsFiles(event.clipboardData)) take(event.clipboardData);
  });
  $("choose").addEventListener("change", () => {
    take({ files: $("choose").files });
    $("choose").value = "";
  });
  $("tried-image").addEventListener("error", () => {
    $("tried-image").hidden = true;
  });
  $("tried").addEventListener("close", () => {
    turn += 1;
    release();
  });
  $("tried-why").addEventListener("click", turnMap);
  $("tried").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat;
    if (plain && event.key.toLowerCase() === "z") turnMap();
  });
}

/** @param {DataTransfer | null} data */
const holdsFiles = (data) => [...(data?.types ?? [])].includes("Files");

/** @param {any} data */
function take(data) {
  if ($("picker").open) return;
  $("keys").close();
  const files = [...data.files];
  if (files.length) show(files[0], files.length);
  else say("Only files work here. For a web address use the terminal: roboflow.py … try ADDRESS", true);
}

/** @param {File} file @param {number} among */
async function show(file, among) {
  turn += 1;
  const mine = turn;
  begin(file, among > 1 ? `The first of ${among}: one at a time.` : "");
  try {
    const most = Number(document.querySelector("meta[name=roboflow-bytes]")?.getAttribute("content"));
    const megabytes = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(0);
    if (file.size > most) throw new Error(`That file has ${megabytes(file.size)} MB; at most ${megabytes(most)} MB work.`);
    const prediction = await predict(file);
    if (mine !== turn) return;
    drawPrediction(prediction);
    answeredFile = file;
    $("tried-why").hidden = false;
  } catch (problem) {
    if (mine !== turn) return;
    const busy = problem instanceof Refused && problem.kind === "busy";
    $("tried-verdict").textContent = "Not this one.";
    $("tried-more").textContent = busy ? "The model is busy. Try again in a moment." : /** @type {Error} */ (problem).message;
  }
}

/** @param {File} file @param {string} more */
function begin(file, more) {
  release();
  address = URL.createObjectURL(file);
  $("tried-image").hidden = false;
  $("tried-image").src = address;
  $("tried-verdict").textContent = "boop boop. looking …";
  $("tried-more").textContent = more;
  $("tried-scores").replaceChildren();
  $("tried-near").hidden = true;
  if (!$("tried").open) $("tried").showModal();
}

/** @param {any} prediction */
function drawPrediction({ verdict, remark, scores, near }) {
  $("tried-verdict").textContent = verdict;
  $("tried-more").textContent = [$("tried-more").textContent, remark].filter(Boolean).join(" ");
  $("tried-scores").replaceChildren(...bars(scores));
  drawNear($("tried-near"), near);
}

/** Show the map of what spoke for the label, or the image again. */
function turnMap() {
  if (!answeredFile) return;
  mapped = !mapped;
  $("tried-why").setAttribute("aria-pressed", String(mapped));
  drawWhyOf(answeredFile, mapped);
}

function release() {
  if (answeredFile) drawWhyOf(answeredFile, false);
  answeredFile = null;
  mapped = false;
  $("tried-why").hidden = true;
  $("tried-why").setAttribute("aria-pressed", "false");
  if (address) URL.revokeObjectURL(address);
  address = "";
  $("tried-image").removeAttribute("src");
}
