import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { columnsFor, fill, nextSize } from "../../../flow/check/page/layout.js";

const DESKTOP = { width: 1400, height: 640, gap: 10 };
const PHONE = { width: 366, height: 430, gap: 6 };
const FOOT_PX = 30;

/** How high a page is whose images fill the width. */
const heightOf = ({ width, gap }, { rows, columns }) => rows * ((width - gap * (columns - 1)) / columns + FOOT_PX + gap) - gap;

describe("how many images fill the window", () => {
  for (const [name, area] of Object.entries({ DESKTOP, PHONE })) {
    for (const wanted of [84, 122, 168, 262, 420]) {
      test(`${name}, of ${wanted} pixels: whole rows, none cut off below`, () => {
        const filled = fill(area, wanted);
        assert.ok(filled.columns >= 2 && filled.rows >= 1);
        if (filled.columns > 2) assert.ok(heightOf(area, filled) <= area.height + 1, `${heightOf(area, filled)} of ${area.height}`);
      });
    }
  }

  test("larger images are fewer", () => {
    const counts = [84, 122, 168, 262, 420].map((wanted) => fill(DESKTOP, wanted)).map(({ rows, columns }) => rows * columns);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => b - a),
    );
    assert.ok(counts[0] > 4 * counts[4]);
  });

  test("a window without any height still shows a row", () => {
    assert.equal(fill({ width: 300, height: 0, gap: 6 }, 168).rows, 1);
  });
});

describe("few images", () => {
  test("are shown larger, but not beyond measure, and all of them at once", () => {
    const many = fill(DESKTOP, 168);
    const columns = columnsFor(4, DESKTOP, 168);
    assert.ok(columns < many.columns);
    const side = (DESKTOP.width - DESKTOP.gap * (columns - 1)) / columns;
    assert.ok(side > 168 && side <= 1.6 * 168);
  });

  test("a full page keeps its columns", () => {
    const { rows, columns } = fill(DESKTOP, 168);
    assert.equal(columnsFor(rows * columns, DESKTOP, 168), columns);
    assert.equal(columnsFor(1000, DESKTOP, 168), columns);
  });
});

describe("sizes", () => {
  test("go up and down by one, and end at both ends", () => {
    assert.equal(nextSize(168, 1), 208);
    assert.equal(nextSize(168, -1), 144);
    assert.equal(nextSize(84, -1), 84);
    assert.equal(nextSize(420, 1), 420);
    assert.equal(nextSize(170, 1), 208); // from the nearest
  });
});
