// @ts-check
// How many images fit the window, and how large they are.

import { $ } from "./dom.js";
import { images } from "./state.js";

const SIZES = [84, 100, 122, 144, 168, 208, 262, 330, 420]; // pixels, of an image
const MOST = 120; // images a page
const FOOT_PX = 30; // below each image
const LARGER = 1.6; // times the wanted size, where a page has few images

/** @typedef {{ width: number, height: number, gap: number }} Area pixels for images, and between two of them */

/** Whole columns and rows of about the wanted size that fill the area. @param {Area} area @param {number} wanted pixels */
export function fill({ width, height, gap }, wanted) {
  const rows = Math.max(1, Math.round((height + gap) / (wanted + FOOT_PX + gap)));
  const high = Math.max(64, (height - gap * (rows - 1)) / rows - FOOT_PX);
  const wide = Math.max(2, Math.ceil((width + gap) / (Math.max(high, 0.8 * wanted) + gap)));
  return { rows, columns: wide };
}

/**
 * How many columns `n` images get: few are shown larger, as there is room.
 * @param {number} n @param {Area} area @param {number} wanted pixels
 */
export function columnsFor(n, area, wanted) {
  const most = fill(area, wanted).columns;
  for (let c = 2; c < most; c += 1) {
    const side = (area.width - area.gap * (c - 1)) / c;
    const rows = Math.ceil(n / c);
    if (side <= LARGER * wanted && rows * (side + FOOT_PX + area.gap) - area.gap <= area.height) return c;
  }
  return most;
}

/** The size after or before one. @param {number} now pixels @param {number} by */
export function nextSize(now, by) {
  const at = SIZES.reduce((best, size, i) => (Math.abs(size - now) < Math.abs(SIZES[best] - now) ? i : best), 0);
  return SIZES[Math.max(0, Math.min(SIZES.length - 1, at + by))];
}

/** How many images fill the window. */
export function fitting() {
  const { rows, columns: wide } = fill(measured(), imageSize());
  return Math.min(MOST, wide * rows);
}

/** Give the images of the page their size. */
export function arrange() {
  $("grid").style.setProperty("--columns", columnsFor(images().length, measured(), imageSize()));
}

/** How many images stand side by side. */
export function columns() {
  return getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
}

/** The next larger or smaller size. @param {number} by */
export function resize(by) {
  setSize(nextSize(imageSize(), by));
  arrange();
}

/** The size that the person chose last time. */
export function restoreSize() {
  const size = Number(localStorage.getItem("tile"));
  if (size) setSize(size);
}

/** @param {number} size pixels */
function setSize(size) {
  document.documentElement.style.setProperty("--tile", `${size}px`);
  localStorage.setItem("tile", String(size));
}

const imageSize = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--tile"));

/** @returns {Area} */
function measured() {
  const style = getComputedStyle($("grid"));
  const width = $("grid").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const height = $("main").clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  return { width, height, gap: parseFloat(style.rowGap) || 0 };
}
