// @ts-check
// Mouse and touch: click, ctrl-click, shift-click, a drawn frame, double click; tap and long press.

import { $ } from "./dom.js";

const DRAG_PX = 6;
const LONG_MS = 450;

/** @param {Record<string, (...args: any[]) => void>} actions */
export function listen(actions) {
  const grid = $("grid");
  let start = null;      // of a mouse press: { x, y, index, event }
  let isFrame = false;
  let press = 0;
  let wasLong = false;

  grid.addEventListener("pointerdown", (event) => {
    const index = indexOf(event.target);
    if (event.pointerType === "mouse") {
      if (event.button !== 0 || onScrollbar(event)) return;
      start = { x: event.clientX, y: event.clientY, index };
      event.preventDefault();  // no text selection, no image drag
    } else if (index !== null) {
      wasLong = false;
      press = setTimeout(() => { wasLong = true; actions.showLarge(index); }, LONG_MS);
    }
  });
  addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || !start) return;
    const far = Math.hypot(event.clientX - start.x, event.clientY - start.y);
    if (!isFrame && far < DRAG_PX) return;
    isFrame = true;
    drawFrame(box(start, event));
  });
  addEventListener("pointerup", (event) => {
    clearTimeout(press);
    if (event.pointerType !== "mouse" || !start) return;
    if (isFrame) actions.framed(inside(box(start, event)), event.ctrlKey || event.metaKey || event.shiftKey);
    else if (start.index !== null) actions.clicked(start.index, { one: event.ctrlKey || event.metaKey, run: event.shiftKey });
    else actions.escape();
    stop();
  });
  addEventListener("pointercancel", () => { clearTimeout(press); stop(); });
  grid.addEventListener("scroll", () => clearTimeout(press), { passive: true });
  grid.addEventListener("click", (event) => {
    const index = indexOf(event.target);
    if (event.pointerType === "mouse" || index === null || wasLong) return;
    // A tap marks. A click without any pointer comes from a screen reader: it selects.
    if (event.pointerType) actions.tapped(index);
    else actions.clicked(index, {});
  });
  grid.addEventListener("dblclick", (event) => {
    const index = indexOf(event.target);
    if (index !== null && event.pointerType !== "touch") actions.showLarge(index);
  });
  grid.addEventListener("contextmenu", (event) => { if (press) event.preventDefault(); });

  function stop() {
    start = null;
    isFrame = false;
    $("frame").hidden = true;
  }
}

function indexOf(target) {
  const tile = target.closest?.(".tile");
  return tile ? Number(tile.dataset.index) : null;
}

function onScrollbar(event) {
  const grid = $("grid");
  return event.target === grid && event.clientX > grid.getBoundingClientRect().left + grid.clientWidth;
}

function box(start, event) {
  const [left, right] = [start.x, event.clientX].sort((a, b) => a - b);
  const [top, bottom] = [start.y, event.clientY].sort((a, b) => a - b);
  return { left, right, top, bottom };
}

function drawFrame({ left, top, right, bottom }) {
  const frame = $("frame");
  frame.hidden = false;
  Object.assign(frame.style, { left: `${left}px`, top: `${top}px`, width: `${right - left}px`, height: `${bottom - top}px` });
}

function inside({ left, right, top, bottom }) {
  return [...$("grid").children].filter((tile) => {
    const there = tile.getBoundingClientRect();
    return there.left < right && there.right > left && there.top < bottom && there.bottom > top;
  }).map((tile) => Number(tile.dataset.index));
}
