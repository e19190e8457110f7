// Runs modules of the exported page for tests in Python: a task as JSON on stdin, the answer as JSON on stdout.

import fs from "node:fs";
import { pathToFileURL } from "node:url";

const given = JSON.parse(fs.readFileSync(0, "utf8"));
const module = (name) => import(pathToFileURL(`${given.engine}/${name}`).href);
const bytes = (path) => new Uint8Array(fs.readFileSync(path));

const TASKS = {
  async predict() {
    const { openEngine } = await module("engine.js");
    const { readModel } = await module("payload.js");
    const { predict } = await module("predict.js");
    const payload = bytes(given.payload);
    const model = readModel(payload.buffer.slice(payload.byteOffset, payload.byteOffset + payload.length));
    const embed = await openEngine(bytes(`${given.engine}/kernels.wasm`), model);
    const pixels = bytes(given.pixels);
    const count = model.size ** 2 * 3;
    const rows = [];
    for (let from = 0; from < pixels.length; from += count) {
      const embeddings = embed(pixels.subarray(from, from + count));
      const { scores, distance, kind } = predict(model, embeddings);
      rows.push({ embeddings: [...embeddings], scores: [...scores], distance, kind });
    }
    return { rows };
  },

  /** RGBA pixels made small as a file of this kind would be. */
  async resize() {
    const { jpegBlocks } = await module("jpeg.js");
    const { blockMeans, countBlocks, isTall, shrinkColumns, shrinkRows, tapsOf } = await module("resize.js");
    const { width, height, size } = given;
    const rgba = bytes(given.rgba);
    const blocks = jpegBlocks(bytes(given.head), width, height, size);
    const { across, down, left, top } = blocks;
    const columns = countBlocks(width, across, left);
    const rows = countBlocks(height, down, top);
    const means = blockMeans(rgba, width, height, blocks);
    if (given.columnsFirst && isTall(columns, rows, size)) {
      const out = new Uint8Array(size * size * 3);
      shrinkRows(shrinkColumns(means, 4 * columns, tapsOf(rows, size)), columns, size, tapsOf(columns, size), out, 0);
      return { blocks, pixels: [...out] };
    }
    const narrow = new Uint8Array(rows * size * 3);
    shrinkRows(means, columns, rows, tapsOf(columns, size), narrow, 0);
    return { blocks, pixels: [...shrinkColumns(narrow, 3 * size, tapsOf(rows, size))] };
  },
};

process.stdout.write(JSON.stringify(await TASKS[given.task]()));
