// @ts-check
// Mouse and touch: click, ctrl-click, shift-click, a drawn frame, double click; tap and long press.

import { $ } from "./dom.js";

const DRAG_PX = 6;
const LONG_MS = 450;

/**
 * @typedef {{ x: number, y: number, index: number | null }} Start where the mouse was pressed
 * @typedef {{ left: number, right: number, top: number, bottom: number }} Box pixels of the window
 * @typedef {Record<string, (...args: any[]) => void>} Actions
 */

/** @param {Actions} actions */
export function listen(actions) {
  listenToMouse(actions);
  listenToTouch(actions);
}

/** @param {Actions} actions */
function listenToMouse(actions) {
  const grid = $("grid");
  /** @type {Start | null} */
  let start = null;
  let isFrame = false;

  const stop = () => {
    start = null;
    isFrame = false;
    $("frame").hidden = true;
  };
  grid.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || onScrollbar(event)) return;
    start = { x: event.clientX, y: event.clientY, index: indexOf(event.target) };
    event.preventDefault(); // no text selection, no image drag
  });
  addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || !start) return;
    const far = Math.hypot(event.clientX - start.x, event.clientY - start.y);
    if (!isFrame && far < DRAG_PX) return;
    isFrame = true;
    drawFrame(boxOf(start, event));
  });
  addEventListener("pointerup", (event) => {
    if (event.pointerType !== "mouse" || !start) return;
    const one = event.ctrlKey || event.metaKey;
    if (isFrame) actions.framed(inside(boxOf(start, event)), one || event.shiftKey);
    else if (start.index !== null) actions.clicked(start.index, { one, run: event.shiftKey });
    else actions.escape();
    stop();
  });
  addEventListener("pointercancel", stop);
  grid.addEventListener("dblclick", (/** @type {any} */ event) => {
    const index = indexOf(event.target);
    if (index !== null && event.pointerType !== "touch") actions.showLarge(index);
  });
}

/** @param {Actions} actions */
function listenToTouch(actions) {
  const grid = $("grid");
  /** @type {ReturnType<typeof setTimeout>} */
  let press;
  let wasTouched = false;
  let wasLong = false;

  grid.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const index = indexOf(event.target);
    if (event.pointerType === "mouse" || index === null) return;
    wasTouched = true;
    wasLong = false;
    press = setTimeout(() => {
      wasLong = true;
      actions.showLarge(index);
    }, LONG_MS);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => clearTimeout(press));
  grid.addEventListener("scroll", () => clearTimeout(press), { passive: true });
  grid.addEventListener("click", (/** @type {any} */ event) => {
    const index = indexOf(event.target);
    if (event.pointerType === "mouse" || index === null || wasLong) return;
    // A tap marks. A click without any pointer comes from a screen reader: it selects.
    if (event.pointerType) actions.tapped(index);
    else actions.clicked(index, {});
  });
  grid.addEventListener("contextmenu", (/** @type {Event} */ event) => {
    if (wasTouched) event.preventDefault();
  });
}

/** @param {any} target */
function indexOf(target) {
  const tile = target.closest?.(".tile");
  return tile ? Number(tile.dataset.index) : null;
}

/** @param {PointerEvent} event */
function onScrollbar(event) {
  const grid = $("grid");
  return event.target === grid && event.clientX > grid.getBoundingClientRect().left + grid.clientWidth;
}

/** @param {Start} start @param {PointerEvent} event @returns {Box} */
function boxOf(start, event) {
  const [left, right] = [start.x, event.clientX].sort((a, b) => a - b);
  const [top, bottom] = [start.y, event.clientY].sort((a, b) => a - b);
  return { left, right, top, bottom };
}

/** @param {Box} box */
function drawFrame({ left, top, right, bottom }) {
  const frame = $("frame");
  frame.hidden = false;
  Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
}

/** The indices of the images that a frame touches. @param {Box} box */
function inside({ left, right, top, bottom }) {
  return [...$("grid").children]
    .filter((tile) => {
      const there = tile.getBoundingClientRect();
      return there.left < right && there.right > left && there.top < bottom && there.bottom > top;
    })
    .map((tile) => Number(tile.dataset.index));
}
