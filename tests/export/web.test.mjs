// Modules of the exported page that need no model. Run by test_web_page.py: node --test web.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import zlib from "node:zlib";

const at = "../../flow/export/web";
const { fromBase64, gunzip, numbersOf, readModel } = await import(`${at}/engine/payload.js`);
const { predict, scoresOf } = await import(`${at}/engine/predict.js`);
const { sizesOf } = await import(`${at}/engine/shapes.js`);

test("half floats are read to the bit, low bytes first, then high ones", () => {
  const bits = [0x0000, 0x8000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00];
  const bytes = Uint8Array.from([...bits.map((b) => b & 255), ...bits.map((b) => b >> 8)]);
  const got = numbersOf({ type: "float16", shape: [bits.length], at: 0 }, bytes);
  assert.deepEqual([...got], [0, -0, 1, -2, 65504, 2 ** -24, 2 ** -14, 0.333251953125, Infinity]);
});

test("whole numbers are scaled by column or by row", () => {
  const bytes = new Uint8Array([1, 2, 3, 255, 254, 253, 0, 0, 0x00, 0x40, 0x44, 0x38]); // 2 x 3, then halves 2 4 .5 low, high
  bytes.set([0, 0, 0, 0x40, 0x44, 0x38], 6);
  const scales = { type: "float16", shape: [3], at: 6 };
  const stored = { type: "int8", shape: [2, 3], at: 0, scales };
  assert.deepEqual([...numbersOf({ ...stored, by: "column" }, bytes)], [2, 8, 1.5, -2, -8, -1.5]);
  assert.deepEqual([...numbersOf({ ...stored, by: "row" }, bytes)], [2, 4, 6, -4, -8, -12]);
});

test("base64 in pieces and gzip come back as they were", async () => {
  for (const length of [0, 1, 2, 3, 200_000, 200_001]) {
    const plain = Uint8Array.from({ length }, (_, i) => (i * 7) & 255);
    assert.deepEqual(fromBase64(Buffer.from(plain).toString("base64")), plain);
    assert.deepEqual(new Uint8Array(await gunzip(zlib.gzipSync(plain))), plain);
  }
});

test("a payload of another format is refused in words", () => {
  const text = new TextEncoder().encode(JSON.stringify({ format: 99 }));
  const bytes = new Uint8Array(4 + text.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  assert.throws(() => readModel(bytes.buffer), /format 99/);
});

test("sides and padding are TensorFlow's", () => {
  const layer = (kernel, stride) => ({ kind: "depthwise", in: 8, out: 8, kernel, stride });
  const sides = (size, ...layers) => sizesOf(layers, size).map(({ outHeight, pad }) => [outHeight, pad]);
  assert.deepEqual(sides(260, layer(3, 2), layer(3, 2), layer(5, 2)), [
    [130, 0],
    [65, 0],
    [33, 2],
  ]);
  assert.deepEqual(sides(7, layer(5, 1), layer(3, 2), layer(3, 2)), [
    [7, 2],
    [4, 1],
    [2, 0],
  ]);
});

test("scores are a softmax of calibrated logits that no size can break", () => {
  const head = { weights: new Float32Array([1, 0, 0, 1]), bias: new Float32Array([0, 0]), temperature: 2 };
  const [first, second] = scoresOf(head, new Float32Array([2, 0]));
  assert.ok(Math.abs(first - Math.E / (1 + Math.E)) < 1e-12 && Math.abs(first + second - 1) < 1e-12);
  assert.deepEqual([...scoresOf(head, new Float32Array([1e6, 0]))], [1, 0]);
});

test("below the line it is unsure, also where a score is no number; far away unfamiliar", () => {
  const model = (limit, confidenceMin) => ({
    confidenceMin,
    head: { weights: new Float32Array([1, 0, 0, 1]), bias: new Float32Array(2), temperature: 1 },
    novelty: { rows: new Float32Array([1, 0]), centre: new Float32Array(2), spread: new Float32Array([1, 1]), columns: [0, 2], limit },
  });
  const far = new Float32Array([0, 9]);
  assert.deepEqual(
    ["kind", "distance", "best"].map((name) => predict(model(0.5, 0.9), far)[name]),
    ["unfamiliar", 1, 1],
  );
  assert.equal(predict(model(1.5, 0.9), far).kind, "sure");
  const unsure = predict(model(0.5, 0.9999), far);
  assert.ok(unsure.kind === "unsure" && unsure.isUnfamiliar);
  assert.equal(predict(model(1.5, 0.9), new Float32Array([NaN, 0])).kind, "unsure");
  assert.equal(predict({ ...model(0, 0.9), novelty: null }, far).distance, null);
});
