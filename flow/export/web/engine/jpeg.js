// @ts-check
// What Pillow would make of a JPEG before anything is resized. Where an image is wanted small, it has libjpeg decode a
// half, a quarter or an eighth of the size (draft mode), by the means of 2 x 2, 4 x 4 or 8 x 8 pixels.

/** @typedef {import("./resize.js").Blocks} Blocks */

const FRACTIONS = [8, 4, 2];
const APP1 = 0xe1,
  APP2 = 0xe2,
  SCAN = 0xda;
const ORIENTATION = 0x0112; // a tag of EXIF
const CUT_LEFT = [2, 3, 6, 7]; // orientations that turn what was the right or the bottom side of the file to the left
const CUT_TOP = [3, 4, 7, 8];

/** The pixels that become one; 1 x 1 where the file is no JPEG.
 *  @param {Uint8Array} head the beginning of the file
 *  @param {number} width of the image as it is shown
 *  @param {number} height
 *  @param {number} size pixels that are wanted of both sides
 *  @returns {Blocks} */
export function jpegBlocks(head, width, height, size) {
  const block = jpegFraction(head, Math.min(Math.floor(width / size), Math.floor(height / size)));
  const turned = block > 1 ? orientationOf(head) : 1;
  return {
    across: block,
    down: block,
    left: CUT_LEFT.includes(turned) ? width % block || block : block,
    top: CUT_TOP.includes(turned) ? height % block || block : block,
    isJpeg: block > 1,
  };
}

/** @param {Uint8Array} head
 *  @param {number} most pixels that may become one */
function jpegFraction(head, most) {
  if (head[0] !== 0xff || head[1] !== 0xd8 || holdsSeveral(head)) return 1;
  return FRACTIONS.find((fraction) => most >= fraction) ?? 1;
}

/** Whether it holds several images (multi-picture format), which Pillow always decodes at full size. Where a photo only
 *  brings along what makes it brighter on some screens (Ultra HDR), Pillow takes it for a plain JPEG.
 *  @param {Uint8Array} head */
function holdsSeveral(head) {
  const all = [...segments(head)];
  const isBrighter = all.some(({ marker, content }) => marker === APP1 && latin(content).includes(' hdrgm:Version="'));
  return !isBrighter && all.some(({ marker, content }) => marker === APP2 && latin(content.subarray(0, 4)) === "MPF\0");
}

/** How the image is turned before it is shown: 1 to 8, 1 = not at all.
 *  @param {Uint8Array} head */
function orientationOf(head) {
  const exif = [...segments(head)].find(({ marker, content }) => marker === APP1 && latin(content.subarray(0, 6)) === "Exif\0\0");
  return exif ? orientationIn(exif.content.subarray(6)) : 1;
}

/** @param {Uint8Array} tiff */
function orientationIn(tiff) {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  const isLittle = tiff[0] === 0x49;
  try {
    const table = view.getUint32(4, isLittle);
    for (let i = 0; i < view.getUint16(table, isLittle); i++) {
      const row = table + 2 + 12 * i;
      if (view.getUint16(row, isLittle) === ORIENTATION) return view.getUint16(row + 8, isLittle);
    }
  } catch {
    /* a damaged table: browsers do not turn the image then */
  }
  return 1;
}

/** What stands before the first scan.
 *  @param {Uint8Array} head
 *  @returns {Generator<{ marker: number, content: Uint8Array }>} */
function* segments(head) {
  for (let at = 2; at + 4 <= head.length && head[at] === 0xff && head[at + 1] !== SCAN;) {
    const length = Math.max(2, (head[at + 2] << 8) | head[at + 3]);
    yield { marker: head[at + 1], content: head.subarray(at + 4, at + 2 + length) };
    at += 2 + length;
  }
}

/** @param {Uint8Array} bytes */
const latin = (bytes) => new TextDecoder("latin1").decode(bytes);
