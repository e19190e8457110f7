// @ts-check
// How large the tensors of a network are, layer by layer.

/** @typedef {import("./payload.js").Layer} Layer */
/** `places`: height times width of the output; `pad`: rows and columns of zeros before the first; `patch`: numbers that
 *  one place of the first layer is made of, 0 for all others; `input`, `output`: numbers in the tensors.
 *  @typedef {{ height: number, width: number, outHeight: number, outWidth: number, places: number, pad: number,
 *    patch: number, input: number, output: number }} Sizes */

/** @param {Layer[]} layers
 *  @param {number} size pixels of the square image
 *  @returns {Sizes[]} */
export function sizesOf(layers, size) {
  let side = size;
  return layers.map((layer) => {
    const from = side;
    side = Math.ceil(from / layer.stride);
    const places = side * side;
    return {
      height: from,
      width: from,
      outHeight: side,
      outWidth: side,
      places,
      pad: paddingBefore(from, side, layer),
      patch: layer.kind === "stem" ? layer.kernel * layer.kernel * layer.in : 0,
      input: from * from * layer.in,
      output: places * layer.out,
    };
  });
}

/** TensorFlow's SAME: what cannot be shared out evenly goes behind.
 *  @param {number} from
 *  @param {number} to
 *  @param {Layer} layer */
function paddingBefore(from, to, { kernel, stride }) {
  return Math.max(0, (to - 1) * stride + kernel - from) >> 1;
}
