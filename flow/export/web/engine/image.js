// @ts-check
// An image file, or a frame of the camera -> pixels as the network was trained on: the whole image, turned as its EXIF
// says, what is transparent laid on white, squeezed to a square.

import { jpegBlocks } from "./jpeg.js";
import { blockMeans, countBlocks, isTall, shrinkColumns, shrinkRows, tapsOf } from "./resize.js";

/** @typedef {import("./resize.js").Blocks} Blocks */
/** @typedef {{ size: number, columnsFirst: boolean }} Target see Model */
/** @typedef {{ pixels: Uint8Array, width: number, height: number }} Read */

const STRIP = 1 << 20; // pixels taken from the canvas at a time; phones allow no canvas of a whole photo
const PIXELS_MOST = 50_000_000; // as Python: larger images are refused
const REDUCED_OVER = 30_000_000; // pixels; as Python, larger images are averaged down first
const HEAD = 1 << 18; // bytes of a file that are looked at to know what it is

const ONE_BY_ONE = { across: 1, down: 1, left: 1, top: 1, isJpeg: false };

export class Unreadable extends Error {}

/** @param {Blob} file
 *  @param {Target} target
 *  @returns {Promise<Read>} throws Unreadable with a sentence for a person */
export async function readFile(file, target) {
  const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
  const bitmap = await decoded(file);
  try {
    const { width, height } = bitmap;
    if (width * height > PIXELS_MOST) {
      throw new Unreadable(`That image has ${Math.round((width * height) / 1e6)} megapixels; up to 50 can be read.`);
    }
    const blocks = largeBlocks(width, height, target.size, jpegBlocks(head, width, height, target.size));
    return { pixels: squeezed(bitmap, width, height, target, blocks), width, height };
  } finally {
    bitmap.close();
  }
}

/** @param {HTMLVideoElement} video
 *  @param {Target} target
 *  @returns {Read} */
export function readFrame(video, target) {
  const { videoWidth: width, videoHeight: height } = video;
  return { pixels: squeezed(video, width, height, target, ONE_BY_ONE), width, height };
}

/** @param {Blob} file
 *  @returns {Promise<ImageBitmap>} */
async function decoded(file) {
  try {
    return await createImageBitmap(file, { colorSpaceConversion: "none" });
  } catch {
    throw new Unreadable("This browser cannot read that file as an image. JPEG, PNG, WebP, GIF and BMP work everywhere.");
  }
}

/** As Python, an image that is still very large after decoding is averaged down.
 *  @param {number} width
 *  @param {number} height
 *  @param {number} size
 *  @param {Blocks} blocks
 *  @returns {Blocks} */
function largeBlocks(width, height, size, blocks) {
  if ((width * height) / (blocks.across * blocks.down) <= REDUCED_OVER) return blocks;
  const across = Math.max(1, Math.floor(width / size));
  const down = Math.max(1, Math.floor(height / size));
  return { across, down, left: across, top: down, isJpeg: false };
}

/** @param {CanvasImageSource} source
 *  @param {number} width
 *  @param {number} height
 *  @param {Target} target
 *  @param {Blocks} blocks pixels that become one before anything is resized
 *  @returns {Uint8Array} RGB [size, size, 3] */
function squeezed(source, width, height, { size, columnsFirst }, blocks) {
  const columns = countBlocks(width, blocks.across, blocks.left);
  const rows = countBlocks(height, blocks.down, blocks.top);
  const taps = tapsOf(columns, size);
  if (columnsFirst && isTall(columns, rows, size)) {
    const whole = new Uint8Array(rows * columns * 4);
    for (const { rgba, row } of strips(source, width, height, blocks)) whole.set(rgba, row * columns * 4);
    const out = new Uint8Array(size * size * 3);
    shrinkRows(shrinkColumns(whole, 4 * columns, tapsOf(rows, size)), columns, size, taps, out, 0);
    return out;
  }
  const narrow = new Uint8Array(rows * size * 3);
  for (const { rgba, row, count } of strips(source, width, height, blocks)) shrinkRows(rgba, columns, count, taps, narrow, row * size * 3);
  return shrinkColumns(narrow, 3 * size, tapsOf(rows, size));
}

/** The image a strip at a time, after its blocks of pixels have become one: `count` rows, the first of which is `row`.
 *  @param {CanvasImageSource} source
 *  @param {number} width
 *  @param {number} height
 *  @param {Blocks} blocks
 *  @returns {Generator<{ rgba: Uint8Array | Uint8ClampedArray, row: number, count: number }>} */
function* strips(source, width, height, blocks) {
  const { across, down } = blocks;
  const most = Math.max(1, Math.floor(STRIP / (width * down))) * down;
  const context = canvasOf(width, Math.min(most, height));
  for (let from = 0, row = 0, top = blocks.top; from < height; top = down) {
    const high = Math.min(most - down + top, height - from);
    const count = countBlocks(high, down, top);
    const rgba = takeStrip(context, source, from, width, high);
    yield { rgba: across * down > 1 ? blockMeans(rgba, width, high, { ...blocks, top }) : rgba, row, count };
    from += high;
    row += count;
  }
}

/** @param {CanvasRenderingContext2D} context
 *  @param {CanvasImageSource} source
 *  @param {number} top
 *  @param {number} width
 *  @param {number} height */
function takeStrip(context, source, top, width, height) {
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, -top);
  return context.getImageData(0, 0, width, height).data;
}

/** @type {CanvasRenderingContext2D | null} */
let kept = null;

/** One canvas for all, at least so large: frames of a camera come 25 times a second.
 *  @param {number} width
 *  @param {number} height */
function canvasOf(width, height) {
  kept ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!kept) throw new Unreadable("This browser gives no canvas to read images with.");
  const { canvas } = kept;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  return kept;
}
