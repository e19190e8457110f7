// @ts-check
// What is known on the camera page, and what a key means there.

/**
 * @typedef {{ label: string, images: number, recordings: number, known: number }} Row a label, and what there is of it
 * @typedef {{ id: string, title: string, labels: string[], images: number, first: string }} Recording
 * @typedef {{ label: string, id: string, images: number, sent: number, ended: boolean, since: number }} Hold
 * @typedef {{ scores?: Record<string, number>, label?: string, reason?: string, version: number, images: number,
 *   why: string, problem: string }} Seen
 */

export const SIDE_MIN = 320; // pixels, of an image that is kept
export const SIDE_KEPT = 640; // pixels, at most
export const SIDE_LIVE = 320; // of a frame that is only looked at
export const RECORDED_MS = 100; // between two frames of a recording

export const state = {
  /** @type {Row[]} */ shown: [],
  /** @type {Recording[]} */ recordings: [],
  quality: { text: "", advice: "", learning: false },
  version: 0, // of the model
  /** @type {Seen | null} */ seen: null,
  /** @type {Hold | null} */ hold: null,
  rate: 0, // frames a second
};

/** A hold that begins now. @param {string} label @param {number} now ms @returns {Hold} */
export const newHold = (label, now) => ({ label, id: "", images: 0, sent: 0, ended: false, since: now });

/** Whether a hold is over: let go, and at least one frame of it was sent. @param {Hold} hold */
export const isOver = (hold) => hold.ended && hold.sent > 0;

/** The key of a label: its place, n for "not", or none. @param {Row[]} shown @param {number} index */
export const keyOf = (shown, index) => (shown[index].label === "not" ? "n" : index < 9 ? String(index + 1) : "");

/** @typedef {["hold", string] | ["type", string] | ["undo"] | ["redo"] | ["aside"] | ["look"] | ["help"] | null} Meaning */

/**
 * What a key means here.
 * @param {{ key: string, code: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean, shiftKey: boolean }} event
 * @param {Row[]} shown
 * @returns {Meaning}
 */
export function meaning(event, shown) {
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) {
    if (letter === "z") return [event.shiftKey ? "redo" : "undo"];
    return letter === "y" ? ["redo"] : null;
  }
  const digit = /^Digit[1-9]$/.test(event.code) && !event.shiftKey && !/^\p{L}$/u.test(event.key) ? event.code.slice(5) : event.key;
  const index = shown.findIndex((_, i) => keyOf(shown, i) === (letter === "n" ? "n" : digit));
  if (index >= 0) return ["hold", shown[index].label];
  /** @type {Record<string, Meaning>} */
  const commands = { u: [event.shiftKey ? "redo" : "undo"], x: ["aside"], z: ["look"], "?": ["help"], "/": ["type", ""] };
  if (letter in commands) return commands[letter];
  return /^\p{L}$/u.test(event.key) ? ["type", event.key] : null;
}

/** What is said while something is recorded, or looked at. @param {Seen} seen @param {number} heldMs @returns {string} */
export function hint(seen, heldMs) {
  if (seen.problem) return seen.problem;
  if (seen.why === "covered") return "The picture shows nothing. Is the camera covered?";
  if (seen.why === "full") return "That is enough of one recording. Let go, and record it again somewhere else.";
  if (seen.why === "same" && heldMs > 1500) return "Only what differs is kept: move it a little.";
  return "";
}

/** The verdict below the picture. @param {Seen | null} seen @returns {{ text: string, sure: boolean } | null} */
export function verdict(seen) {
  if (!seen?.scores || seen.label === undefined) return null;
  if (seen.reason === "unlike") return { text: "unfamiliar", sure: false };
  if (seen.reason) return { text: `${seen.label}? not sure`, sure: false };
  return { text: seen.label, sure: true };
}
