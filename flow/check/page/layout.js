// @ts-check
// How many images fit the window, and how large they are.

import { $ } from "./dom.js";
import { images } from "./state.js";

const SIZES = [84, 100, 122, 144, 168, 208, 262, 330, 420]; // pixels, of an image
const MOST = 120; // images a page
const FOOT_PX = 30; // below each image
const LARGER = 1.6; // times the wanted size, where a page has few images
let columnsThatFit = 2;

/** As many images as whole rows and columns of about the wanted size fill the window. */
export function fitting() {
  const { width, height, gap } = room();
  const wanted = imageSize();
  const rows = Math.max(1, Math.round((height + gap) / (wanted + FOOT_PX + gap)));
  const high = Math.max(64, (height - gap * (rows - 1)) / rows - FOOT_PX);
  columnsThatFit = Math.max(2, Math.ceil((width + gap) / (Math.max(high, 0.8 * wanted) + gap)));
  return Math.min(MOST, columnsThatFit * rows);
}

/** Few images are shown larger, as there is room. */
export function arrange() {
  fitting();
  const { width, height, gap } = room();
  const n = images().length;
  let columns = columnsThatFit;
  for (let c = 2; c < columnsThatFit; c += 1) {
    const side = (width - gap * (c - 1)) / c;
    const rows = Math.ceil(n / c);
    if (side <= LARGER * imageSize() && rows * (side + FOOT_PX + gap) - gap <= height) {
      columns = c;
      break;
    }
  }
  $("grid").style.setProperty("--columns", columns);
}

/** How many images stand side by side. */
export function columns() {
  return getComputedStyle($("grid")).gridTemplateColumns.split(" ").length;
}

/** The next larger or smaller size. @param {number} by */
export function resize(by) {
  const now = imageSize();
  const at = SIZES.reduce((best, size, i) => (Math.abs(size - now) < Math.abs(SIZES[best] - now) ? i : best), 0);
  setSize(SIZES[Math.max(0, Math.min(SIZES.length - 1, at + by))]);
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

function room() {
  const style = getComputedStyle($("grid"));
  const width = $("grid").clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
  const height = $("main").clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
  return { width, height, gap: parseFloat(style.rowGap) || 0 };
}
