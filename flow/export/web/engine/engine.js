// @ts-check
// The network: uint8 pixels in, embeddings out. The two kernels in kernels.wasm do nearly all of the work.

import { sizesOf } from "./shapes.js";

/** @typedef {import("./payload.js").Layer} Layer */
/** @typedef {import("./payload.js").Model} Model */
/** @typedef {import("./shapes.js").Sizes} Sizes */
/** @typedef {{ pointwise: Function, depthwise: Function }} Kernels */
/** Addresses count bytes in the memory that the kernels share.
 *  @typedef {Sizes & { layer: Layer, weights: number, bias: number }} Step */

const PAGE = 65536; // bytes of a page of WebAssembly memory
const BLOCK = 8; // output channels that the product of matrices makes at a time
const EXTRA_PLACES = 3; // rows behind the end of a tensor that it may touch; see kernels.wat
const CACHED = 1 << 17; // bytes of activations that stay in a processor's cache while all channels are made
const MEAN = 127,
  SPREAD = 128; // of the pixels that the network was trained on: (pixel - 127) / 128

/** A network that is ready to run.
 *  @param {Uint8Array} wasm kernels.wasm
 *  @param {Model} model
 *  @returns {Promise<(pixels: Uint8Array) => Float32Array>} RGB pixels [size, size, 3] -> embeddings; the same array
 *    is filled at each call */
export async function openEngine(wasm, model) {
  const sizes = sizesOf(model.layers, model.size);
  const plan = planMemory(model.layers, sizes);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(plan.end / PAGE) });
  const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (wasm), { js: { memory } });
  const floats = new Float32Array(memory.buffer);
  for (const step of plan.steps) loadWeights(floats, step);
  const embeddings = new Float32Array(model.vectorLength);
  const kernels = /** @type {Kernels} */ (/** @type {unknown} */ (instance.exports));
  return (pixels) => {
    run(kernels, floats, plan, pixels, embeddings);
    return embeddings;
  };
}

/** Where everything lies: the weights one after another, then three buffers for activations.
 *  @param {Layer[]} layers
 *  @param {Sizes[]} sizes
 *  @returns {{ steps: Step[], buffers: number[], end: number }} */
function planMemory(layers, sizes) {
  let end = 0;
  const take = (/** @type {number} */ count) => {
    const begin = end;
    end += Math.ceil(count / 4) * 16; // each begins at a multiple of 16 bytes
    return begin;
  };
  const steps = layers.map((layer, i) => ({ layer, ...sizes[i], weights: take(layer.weights.length), bias: take(layer.bias.length) }));
  const largest = Math.max(...sizes.map(({ input, output, patch, places }) => Math.max(input, output, patch * (places + EXTRA_PLACES))));
  const widest = Math.max(...layers.map((layer) => Math.max(layer.in, layer.out)));
  const buffers = [0, 1, 2].map(() => take(largest + EXTRA_PLACES * widest));
  return { steps, buffers, end };
}

/** @param {Float32Array} floats
 *  @param {Step} step */
function loadWeights(floats, { layer, weights, bias }) {
  floats.set(layer.bias, bias / 4);
  if (layer.kind === "depthwise") floats.set(layer.weights, weights / 4);
  else floats.set(inBlocks(layer.weights, layer.out), weights / 4);
}

/** [depth, channels] -> [channels / 8, depth, 8], as the product of matrices reads them.
 *  @param {Float32Array} weights
 *  @param {number} channels */
function inBlocks(weights, channels) {
  const depth = weights.length / channels;
  const packed = new Float32Array(weights.length);
  for (let k = 0, at = 0; k < depth; k++) {
    for (let c = 0; c < channels; c++, at++) {
      packed[((c >> 3) * depth + k) * BLOCK + (c & 7)] = weights[at];
    }
  }
  return packed;
}

/** @param {Kernels} kernels
 *  @param {Float32Array} floats
 *  @param {{ steps: Step[], buffers: number[] }} plan
 *  @param {Uint8Array} pixels
 *  @param {Float32Array} embeddings */
function run(kernels, floats, { steps, buffers }, pixels, embeddings) {
  let current = buffers[0];
  let opened = current; // what the block under way began with
  for (const step of steps) {
    const { layer } = step;
    if (layer.opens) opened = current;
    const out = /** @type {number} */ (buffers.find((buffer) => buffer !== current && buffer !== opened));
    if (layer.kind === "stem") {
      const patches = /** @type {number} */ (buffers.find((buffer) => buffer !== current && buffer !== out));
      takePatches(floats, pixels, step, patches / 4);
      multiply(kernels, step, patches, 0, out);
    } else if (layer.kind === "pointwise") {
      multiply(kernels, step, current, layer.adds ? opened : 0, out);
    } else {
      const [low, high] = bounds(layer);
      kernels.depthwise(
        current,
        step.weights,
        step.bias,
        out,
        step.height,
        step.width,
        layer.out,
        layer.kernel,
        layer.stride,
        step.pad,
        step.outHeight,
        step.outWidth,
        low,
        high,
      );
    }
    current = out;
    if (layer.mean >= 0) writeMeans(floats, current / 4, step, embeddings);
  }
}

/** @param {Layer} layer
 *  @returns {[number, number]} */
const bounds = (layer) => (layer.relu6 ? [0, 6] : [-Infinity, Infinity]);

/** Every patch that the first convolution looks at as a row [kernel, kernel, 3]; zeros where it reaches over the border.
 *  @param {Float32Array} floats
 *  @param {Uint8Array} pixels
 *  @param {Step} step
 *  @param {number} at index of the first number */
function takePatches(floats, pixels, { layer, height, width, outHeight, outWidth, pad }, at) {
  const { kernel, stride } = layer;
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let ky = 0; ky < kernel; ky++) {
        const row = y * stride + ky - pad;
        for (let kx = 0; kx < kernel; kx++, at += 3) {
          const column = x * stride + kx - pad;
          const inside = row >= 0 && row < height && column >= 0 && column < width;
          const from = (row * width + column) * 3;
          floats[at] = inside ? (pixels[from] - MEAN) / SPREAD : 0;
          floats[at + 1] = inside ? (pixels[from + 1] - MEAN) / SPREAD : 0;
          floats[at + 2] = inside ? (pixels[from + 2] - MEAN) / SPREAD : 0;
        }
      }
    }
  }
}

/** A product of matrices, so many places at a time that they stay in the processor's cache.
 *  @param {Kernels} kernels
 *  @param {Step} step
 *  @param {number} input
 *  @param {number} add
 *  @param {number} out */
function multiply(kernels, { layer, places, patch, weights, bias }, input, add, out) {
  const depth = patch || layer.in;
  const [low, high] = bounds(layer);
  const most = Math.max(4, Math.floor(CACHED / (4 * depth)) & ~3);
  for (let from = 0; from < places; from += most) {
    const start = 4 * from * layer.out;
    kernels.pointwise(
      input + 4 * from * depth,
      weights,
      bias,
      add && add + start,
      out + start,
      Math.min(most, places - from),
      depth,
      layer.out,
      low,
      high,
    );
  }
}

/** The mean over all places of each channel, where the embeddings want it.
 *  @param {Float32Array} floats
 *  @param {number} at
 *  @param {Step} step
 *  @param {Float32Array} embeddings */
function writeMeans(floats, at, { layer, places }, embeddings) {
  const sums = new Float64Array(layer.out);
  for (let place = 0; place < places; place++) {
    for (let c = 0; c < layer.out; c++, at++) sums[c] += floats[at];
  }
  for (let c = 0; c < layer.out; c++) embeddings[layer.mean + c] = sums[c] / places;
}
