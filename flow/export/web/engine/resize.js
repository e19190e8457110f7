// @ts-check
// Pillow's resize, written again to the last bit: its BILINEAR with antialiasing, by which training images are made small
// (src/libImaging/Resample.c). Canvas and createImageBitmap shrink differently, by up to .06 in a probability.

const PRECISION = 22; // bits behind the point of Pillow's whole-number weights: 32 - 8 - 2
const ROUND = 1 << (PRECISION - 1);
// The mean of a whole JPEG block is a multiple of an eighth, or of several, so that halves are frequent, and libjpeg rounds
// them up. Made of 64 rounded pixels a half comes out a little larger or smaller: this much is within it.
const HALF_UP = 0.07;
const JPEG_BLOCK = 8;

/** For each number of the output: `starts`, the first number of the input that it is made of; `counts`, how many;
 *  `weights`, `most` places for each.
 *  @typedef {{ starts: Int32Array, counts: Int32Array, weights: Int32Array, most: number }} Taps */

/** @param {number} from numbers in a row of the input
 *  @param {number} to numbers in a row of the output
 *  @returns {Taps} */
export function tapsOf(from, to) {
  const scale = from / to;
  const support = Math.max(1, scale);
  const most = Math.ceil(support) * 2 + 1;
  const taps = { starts: new Int32Array(to), counts: new Int32Array(to), weights: new Int32Array(to * most), most };
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const count = Math.min(from, Math.trunc(center + support + 0.5)) - start;
    const parts = Array.from({ length: count }, (_, k) => Math.max(0, 1 - Math.abs((k + start - center + 0.5) * (1 / support))));
    const sum = parts.reduce((total, part) => total + part, 0);
    parts.forEach((part, k) => {
      taps.weights[i * most + k] = Math.trunc(0.5 + (part / sum) * (1 << PRECISION));
    });
    taps.starts[i] = start;
    taps.counts[i] = count;
  }
  return taps;
}

/** Every row made `taps` long.
 *  @param {Uint8Array | Uint8ClampedArray} rgba [rows, width, 4]
 *  @param {number} width
 *  @param {number} rows
 *  @param {Taps} taps
 *  @param {Uint8Array} out RGB
 *  @param {number} at index of the first number written */
export function shrinkRows(rgba, width, rows, { starts, counts, weights, most }, out, at) {
  const to = starts.length;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < to; i++, at += 3) {
      let red = ROUND,
        green = ROUND,
        blue = ROUND;
      let from = (row * width + starts[i]) * 4;
      for (let k = i * most, end = k + counts[i]; k < end; k++, from += 4) {
        red += Math.imul(rgba[from], weights[k]);
        green += Math.imul(rgba[from + 1], weights[k]);
        blue += Math.imul(rgba[from + 2], weights[k]);
      }
      out[at] = clipped(red);
      out[at + 1] = clipped(green);
      out[at + 2] = clipped(blue);
    }
  }
}

/** Every column made `taps` long.
 *  @param {Uint8Array} pixels RGB or RGBA
 *  @param {number} stride numbers in a row
 *  @param {Taps} taps
 *  @returns {Uint8Array} */
export function shrinkColumns(pixels, stride, { starts, counts, weights, most }) {
  const to = starts.length;
  const out = new Uint8Array(to * stride);
  for (let i = 0, at = 0; i < to; i++) {
    for (let x = 0; x < stride; x++, at++) {
      let sum = ROUND;
      let from = starts[i] * stride + x;
      for (let k = i * most, end = k + counts[i]; k < end; k++, from += stride) sum += Math.imul(pixels[from], weights[k]);
      out[at] = clipped(sum);
    }
  }
  return out;
}

/** Whether a height is to be made smaller by so much more than the width that Pillow, from 13 on, begins with the columns.
 *  @param {number} width
 *  @param {number} height
 *  @param {number} size pixels of the square */
export const isTall = (width, height, size) => height > size && height - size > 2 * (width - size);

/** @param {number} sum */
function clipped(sum) {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Pixels that become one: `across` in a row, `down` in a column. At one side of the image the blocks may be cut: `left`
 *  and `top` are the sizes of the first ones, what is left over goes to the right and to the bottom. `isJpeg`: their means
 *  are rounded as a JPEG decoder does, in brightness and two differences of colour.
 *  @typedef {{ across: number, down: number, left: number, top: number, isJpeg: boolean }} Blocks */

/** Blocks of pixels become their mean. So libjpeg decodes large photos at a fraction of their size, which Pillow has it do.
 *  @param {Uint8ClampedArray} rgba [height, width, 4]
 *  @param {number} width
 *  @param {number} height
 *  @param {Blocks} blocks
 *  @returns {Uint8Array} RGBA, a pixel for each block */
export function blockMeans(rgba, width, height, { across, down, left, top, isJpeg }) {
  const columns = countBlocks(width, across, left);
  const out = new Uint8Array(columns * countBlocks(height, down, top) * 4);
  const sums = new Uint32Array(columns * 4);
  for (let from = 0, at = 0, rows = top; from < height; from += rows, rows = down) {
    rows = Math.min(rows, height - from);
    sums.fill(0);
    for (let row = from; row < from + rows; row++) addRow(rgba, row * width * 4, width, across, left, sums);
    for (let column = 0; column < columns; column++, at += 4) {
      const begin = column && left + (column - 1) * across;
      const count = rows * Math.min(column ? across : left, width - begin);
      const [red, green, blue] = [sums[4 * column] / count, sums[4 * column + 1] / count, sums[4 * column + 2] / count];
      if (isJpeg) putAsJpeg(out, at, red, green, blue, across === JPEG_BLOCK ? HALF_UP : 0);
      else put(out, at, red, green, blue);
    }
  }
  return out;
}

/** @param {Uint8Array} out
 *  @param {number} at
 *  @param {number} red
 *  @param {number} green
 *  @param {number} blue */
function put(out, at, red, green, blue) {
  out[at] = byte(red);
  out[at + 1] = byte(green);
  out[at + 2] = byte(blue);
}

/** The colour that libjpeg makes of a block: it rounds the brightness Y and two differences of colour, Cb and Cr, and adds to
 *  Y what these stand for in red, green and blue, rounded too (JFIF; jdcolor.c). The pixels were made in the same way: where
 *  Cb and Cr were the same in all of them, what was rounded off them is taken off again before Y is.
 *  @param {Uint8Array} out
 *  @param {number} at
 *  @param {number} red
 *  @param {number} green
 *  @param {number} blue
 *  @param {number} up added to the brightness before it is rounded */
function putAsJpeg(out, at, red, green, blue, up) {
  const cb = -0.168735892 * red - 0.331264108 * green + 0.5 * blue;
  const cr = 0.5 * red - 0.418687589 * green - 0.081312411 * blue;
  const wholeCb = Math.round(cb);
  const wholeCr = Math.round(cr);
  const isSame = Math.max(0, 1 - 2 * Math.max(Math.abs(cb - wholeCb), Math.abs(cr - wholeCr))); // 0..1: how likely
  const addRed = Math.round(1.402 * wholeCr);
  const addGreen = Math.round(-0.344136286 * wholeCb - 0.714136286 * wholeCr);
  const addBlue = Math.round(1.772 * wholeCb);
  const y = byte(brightness(red, green, blue) - isSame * brightness(addRed, addGreen, addBlue) + up);
  put(out, at, y + addRed, y + addGreen, y + addBlue);
}

/** @param {number} red
 *  @param {number} green
 *  @param {number} blue */
const brightness = (red, green, blue) => 0.299 * red + 0.587 * green + 0.114 * blue;

/** @param {number} value */
const byte = (value) => Math.max(0, Math.min(255, Math.floor(value + 0.5)));

/** How many blocks a row or a column is cut into.
 *  @param {number} length
 *  @param {number} block
 *  @param {number} first */
export const countBlocks = (length, block, first) => 1 + Math.ceil(Math.max(0, length - first) / block);

/** @param {Uint8ClampedArray} rgba
 *  @param {number} at
 *  @param {number} width
 *  @param {number} across
 *  @param {number} left
 *  @param {Uint32Array} sums */
function addRow(rgba, at, width, across, left, sums) {
  for (let column = 0, to = 0, length = left; column < width; column += length, length = across, to += 4) {
    let red = 0,
      green = 0,
      blue = 0;
    for (const end = at + 4 * Math.min(length, width - column); at < end; at += 4) {
      red += rgba[at];
      green += rgba[at + 1];
      blue += rgba[at + 2];
    }
    sums[to] += red;
    sums[to + 1] += green;
    sums[to + 2] += blue;
  }
}
