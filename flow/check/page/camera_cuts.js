// @ts-check
// Where a film is cut: the picture changes from one frame to the next and stays changed. The rule and its figures are those
// of scripts/learn/shots.py.

export const SIDE = 32; // cells a side
export const JUMP = 28;
export const CHANGE = 25;
const SHIFT = 6;
const NEXT_S = 0.03; // seconds between two frames that count as neighbours

/** @typedef {{ at: number, cells: Float32Array }} Moment seconds of the film, and its grey cells, row by row */

/** Grey cells of RGBA pixels. @param {Uint8ClampedArray} pixels of SIDE x SIDE @returns {Float32Array} */
export function greyOf(pixels) {
  const cells = new Float32Array(pixels.length / 4);
  for (let i = 0; i < cells.length; i += 1) cells[i] = 0.299 * pixels[4 * i] + 0.587 * pixels[4 * i + 1] + 0.114 * pixels[4 * i + 2];
  return cells;
}

/**
 * How much two images differ, whatever their brightness, with the one moved over the other.
 * @param {Float32Array} one @param {Float32Array} other
 * @param {number} [down] cells @param {number} [right] cells
 */
export function difference(one, other, down = 0, right = 0) {
  const rows = SIDE - Math.abs(down);
  const columns = SIDE - Math.abs(right);
  const offset = (/** @type {number} */ by) => Math.max(0, by);
  /** @param {Float32Array} cells @param {number} dy @param {number} dx */
  const part = (cells, dy, dx) => {
    const found = new Float32Array(rows * columns);
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0; x < columns; x += 1) found[y * columns + x] = cells[(y + offset(dy)) * SIDE + x + offset(dx)];
    }
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    return found.map((value) => value - mean);
  };
  const [a, b] = [part(one, down, right), part(other, -down, -right)];
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / a.length;
}

/** The same where it fits best. @param {Float32Array} one @param {Float32Array} other */
export function movedDifference(one, other) {
  let least = Infinity;
  for (let down = -SHIFT; down <= SHIFT; down += 1) {
    for (let right = -SHIFT; right <= SHIFT; right += 1) least = Math.min(least, difference(one, other, down, right));
  }
  return least;
}

/**
 * Whether the film is cut between two moments.
 * @param {Moment} before @param {Moment} after
 * @param {(at: number) => Promise<Float32Array>} cellsAt looks at another moment
 */
export async function isCut(before, after, cellsAt) {
  if (movedDifference(before.cells, after.cells) < CHANGE) return false;
  while (after.at - before.at > NEXT_S) {
    const at = (before.at + after.at) / 2;
    const middle = { at, cells: await cellsAt(at) };
    const isFirst = difference(before.cells, middle.cells) > difference(middle.cells, after.cells);
    [before, after] = isFirst ? [before, middle] : [middle, after];
  }
  return difference(before.cells, after.cells) >= JUMP;
}
