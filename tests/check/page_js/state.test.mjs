import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { closerWord, lookCloser } from "../../../flow/check/page/closer.js";
import * as page from "../../../flow/check/page/state.js";
import { image, show } from "./page.mjs";

const { state } = page;
const marked = () => [...state.marked].sort((a, b) => a - b);

beforeEach(() => show([image(), image({ state: "keep", label: "cat" }), image(), image({ guess: "" }), image()]));

describe("a page", () => {
  test("begins at its first open image, with nothing marked", () => {
    page.toggle(2);
    page.turnTo({ ...state.page, images: [image({ state: "aside" }), image()] }, 5);
    assert.equal(state.focused, 1);
    assert.equal(state.anchor, 1);
    assert.deepEqual(marked(), []);
    assert.equal(state.shownAt, 5);
    assert.equal(state.locked, false);
  });

  test("that is the end has no image to act on", () => {
    page.turnTo(null, 5);
    assert.equal(state.focused, page.NONE);
    assert.deepEqual(page.targets(), []);
    assert.deepEqual(page.images(), []);
    assert.deepEqual(page.acceptable(), { accepted: [], later: [] });
  });
});

describe("what a key acts on", () => {
  test("the image one is at, or all marked ones in their order, or the large one", () => {
    assert.deepEqual(page.targets(), [0]);
    page.toggle(4);
    page.toggle(2);
    assert.deepEqual(page.targets(), [2, 4]);
    state.large = true;
    assert.deepEqual(page.targets(), [0]);
  });

  test("nothing, where ENTER for the page is next", () => {
    page.goTo(5);
    assert.equal(state.focused, page.NONE);
    assert.deepEqual(page.targets(), []);
  });

  test("marking all marks what is open", () => {
    page.markAll();
    assert.deepEqual(marked(), [0, 2, 3, 4]);
  });

  test("marking twice unmarks", () => {
    page.toggle(2);
    page.toggle(2);
    assert.deepEqual(marked(), []);
  });
});

describe("ENTER for the page", () => {
  test("accepts open images; marked ones and those without a guess are left for later", () => {
    page.toggle(2);
    assert.deepEqual(page.acceptable(), { accepted: [0, 4], later: [2, 3] });
  });

  test("a suspect is accepted as what its folder says", () => {
    assert.equal(page.expected(image({ given: "dog", guess: "cat" })), "dog");
    assert.equal(page.expected(image({ guess: "cat" })), "cat");
  });
});

describe("walking", () => {
  test("stays on the page, and with shift marks a run from where it began", () => {
    page.goTo(2);
    page.goTo(4, { extend: true });
    assert.deepEqual(marked(), [2, 3, 4]);
    page.goTo(1, { extend: true });
    assert.deepEqual(marked(), [1, 2]);
    assert.equal(state.anchor, 2);
    page.goTo(-3);
    assert.equal(state.focused, 0);
    assert.equal(state.walked, true);
  });

  test("after a decision the next open image comes, and after the last one ENTER for the page", () => {
    page.toggle(0);
    page.advance([0]);
    assert.equal(state.focused, 2);
    assert.deepEqual(marked(), []);
    assert.equal(state.walked, false);
    state.large = true;
    page.advance([4]);
    assert.equal(state.focused, page.NONE);
    assert.equal(state.large, false);
  });
});

test("labels are given while the progress says so", () => {
  assert.equal(page.isLabeling(), false);
  show([image()], { labeling: true });
  assert.equal(page.isLabeling(), true);
});

describe("looking closer", () => {
  test("shows the image large, then its map, then all images again", () => {
    const seen = [];
    for (let i = 0; i < 4; i += 1) {
      lookCloser();
      seen.push([state.large, state.mapped]);
    }
    assert.deepEqual(seen, [
      [true, false],
      [true, true],
      [false, false],
      [true, false],
    ]);
  });

  test("has no map while unlabeled images are labelled: there is no model", () => {
    show([image()], { labeling: true });
    lookCloser();
    assert.equal(closerWord(), "back");
    assert.deepEqual([state.large, state.mapped], [true, false]);
    lookCloser();
    assert.deepEqual([state.large, state.mapped], [false, false]);
  });

  test("ends with the last image", () => {
    Object.assign(state, { large: true, mapped: true });
    page.advance([4]);
    assert.deepEqual([state.large, state.mapped], [false, false]);
  });
});
