import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { UNSEEN_MS, meaning } from "../../../flow/check/page/keys.js";
import { state } from "../../../flow/check/page/state.js";
import { image, key, show } from "./page.mjs";

const NOW = 1e6;
const means = (name, options) => meaning(key(name, options), NOW);

beforeEach(() => show([image(), image(), image()]));

describe("letters and digits", () => {
  test("a digit gives a label, whatever the layout has on that key", () => {
    assert.deepEqual(means("1"), ["label", 0]);
    assert.deepEqual(means("9"), ["label", 8]);
    assert.deepEqual(means("&", { code: "Digit1" }), ["label", 0]); // a French keyboard
    assert.deepEqual(means("1", { code: "Numpad1" }), ["label", 0]);
    assert.equal(means("0", { code: "Digit0" }), null);
    assert.equal(means("!", { code: "Digit1", shift: true }), null);
  });

  test("Caps Lock makes no difference, shift does", () => {
    assert.deepEqual(means("u"), ["undo"]);
    assert.deepEqual(means("U"), ["undo"]); // Caps Lock
    assert.deepEqual(means("U", { shift: true }), ["redo"]);
    assert.deepEqual(means("u", { shift: true }), ["redo"]); // both
    assert.deepEqual(means("N"), ["none"]);
    assert.deepEqual(means("X"), ["aside"]);
  });

  test("a key that is held acts once, but for undo and walking", () => {
    for (const name of ["1", "n", "x", "z", "/", "+"]) assert.deepEqual(means(name, { repeat: true }), ["nothing"], name);
    assert.deepEqual(means("u", { repeat: true }), ["undo"]);
    assert.deepEqual(means("ArrowRight", { repeat: true }), ["walk", "right", false]);
  });

  test("a slash begins a name; a letter too, where there are more labels than digits, or while labels are given", () => {
    assert.deepEqual(means("/"), ["pick", ""]);
    assert.equal(means("k"), null);
    show([image()], { labels: Array.from("abcdefghij") });
    assert.deepEqual(means("k"), ["pick", "k"]);
    show([image()], { labeling: true });
    assert.deepEqual(means("k"), ["pick", "k"]);
    assert.deepEqual(means("ß"), ["pick", "ß"]);
    assert.deepEqual(means("K", { repeat: true }), ["nothing"]);
    assert.deepEqual(means("n"), ["none"]); // keys of their own stay
  });

  test("with control", () => {
    assert.deepEqual(means("z", { ctrl: true }), ["undo"]);
    assert.deepEqual(means("Z", { ctrl: true, shift: true }), ["redo"]);
    assert.deepEqual(means("y", { ctrl: true }), ["redo"]);
    assert.deepEqual(means("a", { ctrl: true }), ["all"]);
    assert.equal(means("r", { ctrl: true }), null); // the browser's own
    assert.equal(means("1", { ctrl: true }), null);
    assert.equal(means("Enter", { ctrl: true }), null);
    show([image()], { labeling: true });
    assert.deepEqual(means("Enter", { ctrl: true }), ["close"]);
  });
});

describe("ENTER, space and arrows", () => {
  test("ENTER accepts, unless a button has the focus that says something else", () => {
    assert.deepEqual(means("Enter"), ["enter"]);
    assert.deepEqual(means("Enter", { inside: { is: "button", id: "accept" } }), ["enter"]);
    assert.equal(means("Enter", { inside: { is: "button", id: "undo" } }), null);
    assert.equal(means("Enter", { inside: { is: "a", id: "" } }), null);
  });

  test("an ENTER that is held does nothing, wherever it is", () => {
    assert.deepEqual(means("Enter", { repeat: true }), ["nothing"]);
    assert.deepEqual(means("Enter", { repeat: true, inside: { is: "button", id: "" } }), ["nothing"]);
    assert.deepEqual(means("Enter", { repeat: true, ctrl: true }), ["nothing"]);
  });

  test("space marks, unless a button has the focus", () => {
    assert.deepEqual(means(" "), ["mark"]);
    assert.equal(means(" ", { inside: { is: "button", id: "undo" } }), null);
  });

  test("arrows walk, and stay within a row of buttons", () => {
    assert.deepEqual(means("ArrowDown"), ["walk", "down", false]);
    assert.deepEqual(means("ArrowDown", { shift: true }), ["walk", "down", true]);
    assert.deepEqual(means("End"), ["walk", "last", false]);
    assert.equal(means("ArrowLeft", { inside: { is: ".tools" } }), null);
    assert.deepEqual(means("Escape"), ["escape"]);
  });
});

describe("what covers the images", () => {
  test("only undo, redo, help and ENTER reach through", () => {
    state.covered = true;
    for (const name of ["1", "n", "x", "z", " ", "ArrowLeft", "/", "Escape"]) assert.equal(means(name), null, name);
    assert.deepEqual(means("u"), ["undo"]);
    assert.deepEqual(means("U", { shift: true }), ["redo"]);
    assert.deepEqual(means("?"), ["help"]);
    assert.deepEqual(means("Enter"), ["enter"]);
    assert.equal(means("a", { ctrl: true }), null);
  });
});

describe("a page that has just come", () => {
  const early = (name, options) => meaning(key(name, options), state.shownAt + UNSEEN_MS - 1);

  beforeEach(() => {
    state.shownAt = NOW;
  });

  test("every key that would do something does nothing until it has been seen", () => {
    for (const name of ["Enter", "1", " ", "n", "x", "u", "z", "/", "?", "Escape", "ArrowRight"]) {
      assert.deepEqual(early(name), ["nothing"], name);
    }
    assert.deepEqual(early("a", { ctrl: true }), ["nothing"]);
    assert.deepEqual(meaning(key("1"), state.shownAt + UNSEEN_MS), ["label", 0]);
  });

  test("nor does a button that has the focus, which the browser would press", () => {
    assert.deepEqual(early("Enter", { inside: { is: "button", id: "" } }), ["nothing"]);
    assert.deepEqual(early(" ", { inside: { is: "button", id: "" } }), ["nothing"]);
  });

  test("the browser keeps its own keys", () => {
    assert.equal(early("r", { ctrl: true }), null);
    assert.equal(early("Tab"), null);
    assert.equal(early("Shift", { shift: true }), null);
    assert.equal(early("F5"), null);
  });
});
