import assert from "node:assert/strict";
import { describe, test } from "node:test";

import * as cuts from "../../../flow/check/page/camera_cuts.js";
import { hint, isOver, keyOf, meaning, newHold, verdict } from "../../../flow/check/page/camera_state.js";

const shown = ["cup", "key", "not"].map((label) => ({ label, images: 0, recordings: 0, known: 0 }));
const key = (of, more = {}) => ({ key: of, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });
const seen = (more = {}) => ({ version: 1, images: 0, why: "", problem: "", ...more });

describe("what a key means", () => {
  test("a digit holds the label of that place, n the one for anything else", () => {
    assert.deepEqual(meaning(key("1", { code: "Digit1" }), shown), ["hold", "cup"]);
    assert.deepEqual(meaning(key("n", { code: "KeyN" }), shown), ["hold", "not"]);
    assert.deepEqual(meaning(key("N", { code: "KeyN", shiftKey: true }), shown), ["hold", "not"]);
    assert.deepEqual(
      shown.map((_, i) => keyOf(shown, i)),
      ["1", "2", "n"],
    );
  });

  test("a digit is found by its place on keyboards that have other signs there", () => {
    assert.deepEqual(meaning(key("é", { code: "Digit2" }), shown)?.[0], "type");
    assert.deepEqual(meaning(key('"', { code: "Digit2" }), shown), ["hold", "key"]);
    assert.equal(meaning(key("9", { code: "Digit9" }), shown), null);
  });

  test("letters begin a label's name, but for those that are commands", () => {
    assert.deepEqual(meaning(key("c"), shown), ["type", "c"]);
    assert.deepEqual(meaning(key("ß"), shown), ["type", "ß"]);
    assert.deepEqual(meaning(key("/"), shown), ["type", ""]);
    for (const [letter, name] of Object.entries({ u: "undo", x: "aside", z: "look", "?": "help" })) {
      assert.deepEqual(meaning(key(letter), shown), [name]);
    }
  });

  test("undo and redo are where people expect them, and the browser keeps its own keys", () => {
    assert.deepEqual(meaning(key("z", { ctrlKey: true }), shown), ["undo"]);
    assert.deepEqual(meaning(key("Z", { metaKey: true, shiftKey: true }), shown), ["redo"]);
    assert.deepEqual(meaning(key("U", { shiftKey: true }), shown), ["redo"]);
    for (const own of [key("r", { ctrlKey: true }), key("1", { code: "Digit1", altKey: true }), key("F5"), key("Tab")]) {
      assert.equal(meaning(own, shown), null);
    }
  });
});

describe("a hold", () => {
  test("is over once it was let go and one frame was sent", () => {
    const hold = newHold("cup", 5);
    assert.equal(isOver(hold), false);
    hold.ended = true;
    assert.equal(isOver(hold), false);
    hold.sent = 1;
    assert.equal(isOver(hold), true);
  });

  test("says what is wrong with what is seen", () => {
    assert.equal(hint(seen(), 100), "");
    assert.match(hint(seen({ why: "covered" }), 0), /covered/);
    assert.match(hint(seen({ why: "full" }), 0), /somewhere else/);
    assert.equal(hint(seen({ why: "same" }), 1000), "");
    assert.match(hint(seen({ why: "same" }), 2000), /move it/);
    assert.equal(hint(seen({ why: "full", problem: "Another run works." }), 0), "Another run works.");
  });
});

test("the verdict says where the model is not sure, and what is unfamiliar", () => {
  assert.equal(verdict(null), null);
  assert.equal(verdict(seen()), null);
  const scores = { cup: 0.9, key: 0.1 };
  assert.deepEqual(verdict(seen({ scores, label: "cup", reason: "" })), { text: "cup", sure: true });
  assert.deepEqual(verdict(seen({ scores, label: "cup", reason: "unsure" })), { text: "cup? not sure", sure: false });
  assert.deepEqual(verdict(seen({ scores, label: "cup", reason: "unlike" })), { text: "unfamiliar", sure: false });
});

describe("a cut", () => {
  const cells = (of) => Float32Array.from({ length: cuts.SIDE ** 2 }, (_, i) => of(i % cuts.SIDE, Math.floor(i / cuts.SIDE)));
  const wave = (phase) => cells((x, y) => 128 + 100 * Math.sin((x + phase) / 3) * Math.cos(y / 4));
  const other = cells((x, y) => (((x >> 2) + (y >> 2)) % 2 ? 220 : 20));
  const at = (film) => async (time) => film(time);

  test("differs wherever one looks; what only moves does not", () => {
    assert.equal(cuts.difference(wave(0), wave(0)), 0);
    assert.ok(cuts.movedDifference(wave(0), wave(4)) < 1);
    assert.ok(cuts.movedDifference(wave(0), other) > cuts.CHANGE);
    assert.ok(
      cuts.difference(
        wave(0),
        wave(0).map((value) => value + 60),
      ) < 1e-3,
    );
  });

  test("is found between two moments, at whatever time it is", async () => {
    for (const when of [0.03, 0.1, 0.17]) {
      const film = (time) => (time < when ? wave(0) : other);
      assert.equal(await cuts.isCut({ at: 0, cells: film(0) }, { at: 0.2, cells: film(0.2) }, at(film)), true);
    }
  });

  test("is none where the picture changes bit by bit, or not at all", async () => {
    const fading = (time) => wave(0).map((value, i) => value + (other[i] - value) * (time / 0.2));
    assert.equal(await cuts.isCut({ at: 0, cells: fading(0) }, { at: 0.2, cells: fading(0.2) }, at(fading)), false);
    assert.equal(
      await cuts.isCut(
        { at: 0, cells: wave(0) },
        { at: 0.2, cells: wave(3) },
        at(() => wave(1)),
      ),
      false,
    );
  });

  test("grey is weighed as eyes do", () => {
    const grey = cuts.greyOf(Uint8ClampedArray.from([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255]));
    assert.deepEqual([...grey].map(Math.round), [76, 150, 29]);
  });
});
