// What the page says: figures, advice, and which labels fit what was typed.

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { count, interval, percent } from "../../../flow/check/page/dom.js";
import { advice } from "../../../flow/check/page/labeling.js";
import { candidates } from "../../../flow/check/page/picker.js";

describe("figures", () => {
  test("a share is rounded down, so that nothing is 100 % that is not", () => {
    assert.equal(percent(0.9167), "91.6 %");
    assert.equal(percent(0.99999), "99.9 %");
    assert.equal(percent(1), "100 %");
    assert.equal(percent(0.29), "29 %"); // 28.999999999999996 in binary
    assert.equal(percent(0), "0 %");
  });

  test("an interval is rounded outwards", () => {
    assert.equal(interval({ low: 0.842, high: 0.951 }), "84 to 96 %");
  });

  test("one image, two images", () => {
    assert.equal(count(1, "image"), "1 image");
    assert.equal(count(2, "image"), "2 images");
    assert.equal(count(0, "image"), "0 images");
  });
});

describe("advice while labels are given", () => {
  const labeling = { enough: false, mixed_up: null, few: [] };

  test("nothing where there is nothing to say", () => assert.equal(advice(labeling), ""));

  test("each thing is a sentence, and of many labels three are named", () => {
    const few = [
      ["a", 1],
      ["b", 2],
      ["c", 3],
      ["d", 4],
    ];
    assert.equal(
      advice({ enough: true, mixed_up: ["cat", "dog", 3], few }),
      "Ten more decisions would hardly change it: you may stop here. Mixed up most: cat and dog. Few images so far: a 1, b 2, c 3 ….",
    );
    assert.equal(advice({ ...labeling, few: few.slice(0, 1) }), "Few images so far: a 1.");
  });

  test("what going on is likely to bring, unless it is enough", () => {
    assert.equal(advice({ ...labeling, forecast: 0.014 }), "30 more decisions: about +1 %.");
    assert.equal(advice({ ...labeling, forecast: 0.036 }), "30 more decisions: about +4 %.");
    assert.equal(advice({ ...labeling, forecast: 0 }), "30 more decisions: less than +1 %.");
    assert.equal(advice({ ...labeling, enough: true, forecast: 0.014 }), "Ten more decisions would hardly change it: you may stop here.");
  });
});

describe("a label by its first letters", () => {
  const labels = ["melon", "Mango", "man", "not"];
  const named = (typed) => candidates(typed, labels).map(({ label, isNew }) => (isNew ? `+${label}` : label));

  test("those that begin like it, and a new one of that name", () => {
    assert.deepEqual(named("me"), ["melon", "+me"]);
    assert.deepEqual(named("kitten"), ["+kitten"]);
    assert.deepEqual(named(" Kitten "), ["+kitten"]);
  });

  test("a name typed in full comes first, and is no new label", () => {
    assert.deepEqual(named("man"), ["man", "Mango"]);
    assert.deepEqual(named("MELON"), ["melon"]);
  });

  test("all of them, and none that is new, before anything is typed", () => assert.deepEqual(named(""), labels));
});
