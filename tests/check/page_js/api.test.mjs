// What is sent to the run, in which order, and what happens while another run is at work.

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

globalThis.document = { querySelector: () => ({ getAttribute: () => "the token" }) };
const { Closed, Refused, get, post, waiting } = await import("../../../flow/check/page/api.js");

/** @type {{ path: string, options: any }[]} */
let sent;
/** @type {(() => Promise<any>)[]} */
let answers;

const answer = (status, facts) => async () => ({ status, ok: status < 400, json: async () => facts });
const settled = () => new Promise((ready) => setImmediate(ready));

beforeEach(() => {
  sent = [];
  answers = [];
  globalThis.fetch = async (path, options) => {
    sent.push({ path, options });
    return answers.shift()();
  };
});

test("a change carries the token and names its tab", async () => {
  answers = [answer(200, { page: null })];
  assert.deepEqual(await post("undo", {}), { page: null });
  const [{ path, options }] = sent;
  assert.equal(path, "/api/undo");
  assert.equal(options.headers["X-Roboflow-Token"], "the token");
  assert.ok(options.headers["X-Tab"].length > 10);
});

test("changes go one after another, in the order of the keys", async () => {
  let first;
  answers = [() => new Promise((ready) => (first = ready)), answer(200, { n: 2 })];
  const both = [post("decide", { n: 1 }), post("decide", { n: 2 })];
  await settled();
  assert.equal(sent.length, 1);
  assert.equal(waiting(), 2);
  first({ status: 200, ok: true, json: async () => ({ n: 1 }) });
  assert.deepEqual(await Promise.all(both), [{ n: 1 }, { n: 2 }]);
  assert.equal(waiting(), 0);
});

describe("errors", () => {
  test("carry their kind and what to do", async () => {
    answers = [answer(400, { kind: "refused", error: "No.", hint: "Do it otherwise." })];
    await assert.rejects(post("decide", {}), (problem) => {
      assert.ok(problem instanceof Refused);
      assert.equal(problem.kind, "refused");
      assert.equal(problem.message, "No. Do it otherwise.");
      return true;
    });
    assert.equal(waiting(), 0);
  });

  test("one does not keep the next change from being sent", async () => {
    answers = [answer(409, { kind: "busy", error: "Busy.", hint: "" }), answer(200, { done: true })];
    const both = await Promise.allSettled([post("decide", {}), post("undo", {})]);
    assert.deepEqual(
      both.map(({ status }) => status),
      ["rejected", "fulfilled"],
    );
  });

  test("a run that has ended, or does not know the page, is closed", async () => {
    answers = [() => Promise.reject(new TypeError("Failed to fetch")), answer(403, {})];
    await assert.rejects(get("/api/view?count=4"), Closed);
    await assert.rejects(get("/api/view?count=4"), Closed);
  });
});

test("while another run is at work a change is kept and sent again until it is taken", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const locked = answer(423, { kind: "locked", error: "Another run works.", hint: "Wait for it." });
    answers = [locked, locked, answer(200, { done: true })];
    const messages = [];
    const change = post("decide", { n: 1 }, (message) => messages.push(message));
    for (let i = 0; i < 2; i += 1) {
      await settled();
      await settled();
      assert.equal(sent.length, i + 1);
      assert.equal(waiting(), 1);
      mock.timers.tick(1000);
    }
    assert.deepEqual(await change, { done: true });
    assert.equal(sent.length, 3);
    assert.deepEqual(messages, ["Another run works. Wait for it.", "Another run works. Wait for it."]);
    assert.ok(sent.every(({ options }) => options.body === sent[0].options.body));
  } finally {
    mock.timers.reset();
  }
});
