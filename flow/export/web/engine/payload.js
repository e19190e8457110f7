// @ts-check
// The model as the exporter packed it: a description in JSON, then the numbers that it points to.

/** @typedef {"stem" | "pointwise" | "depthwise"} Kind */
/** `mean`: where in the embeddings the means of its channels begin, -1 = nowhere; `opens`: a block begins with what comes
 *  in; `adds`: that is added to what comes out.
 *  @typedef {{ kind: Kind, in: number, out: number, kernel: number, stride: number, relu6: boolean, opens: boolean,
 *    adds: boolean, mean: number, weights: Float32Array, bias: Float32Array }} Layer */
/** `rows`: training images as rows of length 1; `columns`: of the embeddings, those that count: from, to; `limit`: 1 -
 *  cosine beyond which an image is unfamiliar.
 *  @typedef {{ rows: Float32Array, centre: Float32Array, spread: Float32Array, columns: [number, number], limit: number }} Novelty */
/** @typedef {{ weights: Float32Array, bias: Float32Array, temperature: number }} Head */
/** @typedef {{ text: string, licence: string, url: string }} Credit */
/** `columnsFirst`: tall images are made small by columns before rows.
 *  @typedef {{ title: string, size: number, columnsFirst: boolean, vectorLength: number, labels: string[], confidenceMin: number, layers: Layer[],
 *    head: Head, novelty: Novelty | null, facts: [string, string][], notices: string[], credits: Credit[], agreement: string,
 *    own: number }} Model */
/** A tensor in the file: `at` in bytes; `scales`: what a whole number or a half float is multiplied by, one a column
 *  (`by` "column") or one a row.
 *  @typedef {{ type: "float32" | "float16" | "int8", shape: number[], at: number, scales?: Stored, by?: "row" | "column" }} Stored */

export const FORMAT = 1;

/** @param {ArrayBuffer} buffer the unpacked payload
 *  @returns {Model} */
export function readModel(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const described = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  if (described.format !== FORMAT) throw new Error(`The model in this page is of format ${described.format}, not ${FORMAT}.`);
  return filled(described, new Uint8Array(buffer, 4 + length));
}

/** A description with every stored tensor replaced by its numbers.
 *  @param {any} value
 *  @param {Uint8Array} bytes
 *  @returns {any} */
function filled(value, bytes) {
  if (Array.isArray(value)) return value.map((one) => filled(one, bytes));
  if (value === null || typeof value !== "object") return value;
  if ("at" in value && "shape" in value) return numbersOf(value, bytes);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, bytes)]));
}

/** @param {Stored} stored
 *  @param {Uint8Array} bytes
 *  @returns {Float32Array} */
export function numbersOf(stored, bytes) {
  const count = stored.shape.reduce((product, n) => product * n, 1);
  const numbers = plainNumbers(stored, bytes, count);
  if (!stored.scales) return numbers;
  const scales = numbersOf(stored.scales, bytes);
  const columns = stored.shape[stored.shape.length - 1];
  const isByRow = stored.by === "row";
  for (let at = 0, row = 0; at < count; row++) {
    for (let column = 0; column < columns; column++, at++) numbers[at] *= scales[isByRow ? row : column];
  }
  return numbers;
}

/** @param {Stored} stored
 *  @param {Uint8Array} bytes
 *  @param {number} count */
function plainNumbers({ type, at }, bytes, count) {
  if (type === "float32") return new Float32Array(bytes.slice(at, at + 4 * count).buffer);
  if (type === "int8") return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset + at, count));
  const numbers = new Float32Array(count);
  const table = halfFloats();
  for (let i = 0; i < count; i++) numbers[i] = table[bytes[at + i] | (bytes[at + count + i] << 8)]; // low bytes, high bytes
  return numbers;
}

/** @type {Float32Array | null} */
let halves = null;

/** Every half float by its bits (IEEE 754 binary16). */
function halfFloats() {
  if (halves) return halves;
  halves = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const size =
      exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction ? NaN : Infinity) : (1024 + fraction) * 2 ** (exponent - 25);
    halves[bits] = bits & 32768 ? -size : size;
  }
  return halves;
}

/** Base64 text -> its bytes, in pieces so that no second text of the whole is made.
 *  @param {string} text without line breaks
 *  @returns {Uint8Array} */
export function fromBase64(text) {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const piece = 1 << 18; // characters; a multiple of 4
  for (let from = 0, at = 0; from < text.length; from += piece) {
    const plain = atob(text.slice(from, from + piece));
    for (let i = 0; i < plain.length; i++, at++) bytes[at] = plain.charCodeAt(i);
  }
  return bytes;
}

/** @param {Uint8Array} bytes gzip
 *  @returns {Promise<ArrayBuffer>} */
export function gunzip(bytes) {
  const stream = new Blob([/** @type {BlobPart} */ (bytes)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
