// A picture of the person's own, dropped, pasted or chosen: what the robot says of it. Nothing is kept of it.

import { lookAt } from "./api.js";
import { $, say } from "./draw.js";
import { bars, drawNear } from "./large.js";

let turn = 0;      // of the picture that is looked at; an answer to an older one is not shown
let address = "";  // of the picture in the browser's memory

export function listen() {
  addEventListener("dragover", (event) => {
    event.preventDefault();  // without this the browser would leave the page for the file
    $("drop").hidden = !holdsFiles(event.dataTransfer);
  });
  addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").hidden = true; });
  addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").hidden = true;
    take(event.dataTransfer);
  });
  addEventListener("paste", (event) => { if (holdsFiles(event.clipboardData)) take(event.clipboardData); });
  $("choose").addEventListener("change", () => {
    take({ files: $("choose").files });
    $("choose").value = "";
  });
  $("tried-picture").addEventListener("error", () => { $("tried-picture").hidden = true; });
  $("tried").addEventListener("close", () => { turn += 1; forget(); });
}

const holdsFiles = (data) => [...(data?.types ?? [])].includes("Files");

function take(data) {
  if ($("picker").open) return;
  $("keys").close();
  const files = [...data.files];
  if (files.length) tell(files[0], files.length);
  else say("Only files can be looked at here; an address goes into the terminal: roboflow.py … try ADDRESS", true);
}

async function tell(file, among) {
  const mine = turn += 1;
  begin(file, among > 1 ? `The first of ${among}: one at a time.` : "");
  try {
    const most = Number(document.querySelector("meta[name=roboflow-bytes]").content);
    if (file.size > most) throw new Error(`That file has ${(file.size / 1e6).toFixed(0)} MB; ${(most / 1e6).toFixed(0)} MB can be looked at.`);
    const told = await lookAt(file);
    if (mine === turn) drawLook(told);
  } catch (problem) {
    if (mine !== turn) return;
    $("tried-says").textContent = "Not this one.";
    $("tried-more").textContent = problem.message === "busy" ? "The robot is busy. A moment, then again." : problem.message;
  }
}

function begin(file, more) {
  forget();
  address = URL.createObjectURL(file);
  $("tried-picture").hidden = false;
  $("tried-picture").src = address;
  $("tried-says").textContent = "boop boop. looking …";
  $("tried-more").textContent = more;
  $("tried-scores").replaceChildren();
  $("tried-near").hidden = true;
  if (!$("tried").open) $("tried").showModal();
}

function drawLook({ verdict, scores, near }) {
  $("tried-says").textContent = verdict;
  $("tried-scores").replaceChildren(...bars(scores));
  drawNear($("tried-near"), near);
}

function forget() {
  if (address) URL.revokeObjectURL(address);
  address = "";
  $("tried-picture").removeAttribute("src");
}
