// When all is looked at: what it says about the robot, then harvest and retrain, with their progress.

import { get } from "./api.js";
import { $, button, count, make, percent } from "./draw.js";
import { state } from "./state.js";
import { isLesson, lessonEnd } from "./teach.js";

const POLL_MS = 400;
let seen = "";  // what the person has read

export function drawEnd(does) {
  if (state.closed) return;
  const { page, work } = state;
  const news = work && (work.ended.length > 0 || Boolean(work.trouble)) && told(work) !== seen;
  state.covered = !page || state.ending || Boolean(work?.busy) || news;
  $("end").hidden = !state.covered || !state.progress;
  if ($("end").hidden) { $("end").replaceChildren(); return; }
  const parts = work?.busy ? working() : news ? worked(does) : isLesson() ? lessonEnd(does) : looked(does);
  const now = make("div", {}, ...parts);
  if ($("end").firstElementChild?.isEqualNode(now)) return;  // a button that is about to be pressed stays where it is
  $("end").replaceChildren(now);
  $("end").querySelector("button.main")?.focus();
}

const told = (work) => JSON.stringify([work.ended, work.trouble]);

/** The person has read what came of the work. */
export function read() {
  seen = told(state.work);
}

/** Ask how far the work is until it has ended. */
export async function follow(redraw) {
  for (;;) {
    state.work = await get("/api/work");
    redraw();
    if (!state.work.busy) return;
    await new Promise((ready) => setTimeout(ready, POLL_MS));
  }
}

/** The run has ended; nothing more can be done here. The first to say so is believed. */
export function drawClosed(words, told) {
  if (state.closed) return;
  state.closed = state.covered = true;
  $("end").replaceChildren(make("div", {}, make("h2", { text: words }), make("p", { text: told }), make("p", { kind: "soft", text: "You can close this tab; the terminal says what comes next." })));
  $("end").hidden = false;
  $("deck").hidden = true;
  document.querySelector(".tools").hidden = true;
}

export function summary({ kept, relabelled, aside }) {
  const parts = [kept && `${kept} as the robot had them`, relabelled && (isLesson() ? `${relabelled} named by you` : `${relabelled} with another label`), aside && `${aside} set aside`].filter(Boolean);
  return parts.length ? `${count(kept + relabelled + aside, "picture")}: ${parts.join(", ")}. All saved.` : "Nothing was changed.";
}

function looked(does) {
  const { share, harvest, left } = state.progress;
  const parts = [make("h2", { text: left ? "What is left cannot be shown." : "That was everything. boop boop." })];
  parts.push(make("p", { kind: "soft", text: summary(state.counts) }), numbers(share, harvest));
  const buttons = [];
  const can = state.after.filter((step) => step !== "harvest" || harvest?.human);
  if (can.includes("harvest")) {
    buttons.push(button(`harvest ${harvest.human} and retrain`, () => does.then(["harvest", "retrain"]), "ENTER"));
    buttons.push(button("only harvest", () => does.then(["harvest"])));
  } else if (can.includes("retrain") && state.counts.kept + state.counts.relabelled + state.counts.aside > 0) {
    buttons.push(button("retrain with this", () => does.then(["retrain"]), "ENTER"));
  }
  buttons.push(button("done for now", does.finish, buttons.length ? "" : "ENTER"), button("undo", does.undo));
  parts.push(make("div", { kind: "buttons" }, ...buttons));
  return parts;
}

function numbers(share, harvest) {
  const tiles = [];
  if (share?.total) {
    tiles.push(number("The robot was right", percent(share.value), `${share.right} of ${share.total}; with pictures like these between ${Math.floor(100 * share.low)} and ${Math.ceil(100 * share.high)} %`));
  }
  if (harvest) tiles.push(number("Ready for the harvest", String(harvest.human), "pictures with a label from you"));
  return make("dl", { kind: "numbers" }, ...tiles);
}

const number = (name, value, note) => make("div", {}, make("dt", { text: name }), make("dd", { text: value }, make("small", { text: note })));

function working() {
  const { step, bar, lines, ended } = state.work;
  const parts = [make("h2", { text: { retrain: "The robot is learning …", teach: "Learning, then sorting …" }[step] ?? "Harvesting …" })];
  parts.push(...ended.map((one) => make("p", { text: `✓ ${one.line}` })));
  const inside = make("i");
  const known = bar && bar[2];
  if (known) inside.style.width = `${(100 * bar[1]) / bar[2]}%`;
  parts.push(make("div", { kind: known ? "work" : "work unknown", role: "progressbar", "aria-label": step }, inside));
  parts.push(make("p", { kind: "soft", text: bar ? `${bar[0]}: ${bar[1]}${bar[2] ? ` of ${bar[2]}` : ""}` : "a moment …" }));
  parts.push(said(lines.slice(-6)));
  return parts;
}

function worked(does) {
  const { ended, lines, trouble } = state.work;
  const verdict = ended.map((one) => one.verdict).find(Boolean);
  const isFirst = ended.some((one) => one.step === "teach");
  const parts = [make("h2", { text: trouble ? "Not yet." : isFirst ? "Your robot sorts." : verdict ? "A new robot." : "Harvested." })];
  if (trouble) parts.push(make("p", { kind: "verdict", text: trouble[0] }), make("p", { text: trouble[1] }));
  if (verdict) parts.push(make("p", { kind: "verdict", text: verdict }));
  parts.push(...ended.map((one) => make("p", { text: one.line })));
  const report = ended.map((one) => one.report).find(Boolean);
  if (report) parts.push(make("p", {}, make("a", { href: `/report/${report}`, target: "_blank", text: "Read its report" })));
  const steps = ended.map((one) => one.step);
  const buttons = [];
  if (!trouble && steps.includes("harvest") && !steps.includes("retrain")) buttons.push(button("retrain", () => does.then(["retrain"])));
  const goesOn = isFirst && Boolean(state.progress?.left);
  if (state.progress?.left) buttons.unshift(button(goesOn ? "look at what it sorted" : "look at what is left", does.goOn, goesOn ? "ENTER" : ""));
  if (goesOn) buttons.push(button("done for now", does.finish));
  else buttons.unshift(button("done", does.finish, "ENTER"));
  parts.push(make("div", { kind: "buttons" }, ...buttons), said(lines.filter((line) => line !== verdict && !ended.some((one) => one.line === line))));
  return parts;
}

const said = (lines) => make("div", { kind: "lines" }, ...lines.map((text) => make("p", { text })));
