// @ts-check
// The camera itself: its light is on only while somebody looks at this page.

/** What a person is told where it cannot be had, by the name of the error. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "The browser did not allow the camera. Allow it for this page (beside the address), then try again.",
  SecurityError: "The browser did not allow the camera. Allow it for this page (beside the address), then try again.",
  NotFoundError: "There is no camera here. Plug one in, or drop a video on this page.",
  NotReadableError: "Another program uses the camera. Close that one, then try again.",
  AbortError: "The camera stopped while it was starting. Try again.",
};
const ELSEWHERE = "Browsers give the camera only to a page of this computer: open the address that begins with http://127.0.0.1.";
export const UNPLUGGED = "The camera was unplugged or taken away.";
export const PIXELS = { width: { ideal: 1280 }, height: { ideal: 720 } };

export class NoCamera extends Error {}

/** @type {MediaStream | null} */
let stream = null;
let attempt = 0; // a camera that comes after the person stopped waiting is switched off again

/**
 * Switch a camera on and show it.
 * @param {HTMLVideoElement} video
 * @param {string} device empty: whichever the browser chooses
 * @param {() => void} onEnded called when it is unplugged or taken away
 * @returns {Promise<MediaStreamTrack | null>} null where it was switched off meanwhile; throws NoCamera with a sentence
 */
export async function start(video, device, onEnded) {
  stop(video);
  const mine = attempt;
  const fresh = await open(device);
  if (mine !== attempt) {
    release(fresh);
    return null;
  }
  stream = fresh;
  const [track] = fresh.getVideoTracks();
  track.addEventListener("ended", onEnded);
  video.srcObject = fresh;
  await video.play().catch(() => {}); // switched off before it began
  return mine === attempt ? track : null;
}

/** @param {string} device @returns {Promise<MediaStream>} */
async function open(device) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera(ELSEWHERE);
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted(device) });
  } catch (problem) {
    const { name, message } = /** @type {DOMException} */ (problem);
    if (device && (name === "OverconstrainedError" || name === "NotFoundError")) return open(""); // unplugged since last time
    throw new NoCamera(reason(name, message));
  }
}

/** @param {string} device @returns {MediaTrackConstraints} */
const wanted = (device) => (device ? { ...PIXELS, deviceId: { exact: device } } : PIXELS);

/** @param {string} name of the error @param {string} message the browser's own */
export const reason = (name, message) => REASONS[name] ?? `The camera cannot be used: ${message || name}.`;

/** @param {HTMLVideoElement} video */
export function stop(video) {
  attempt += 1;
  if (stream) release(stream);
  stream = null;
  video.srcObject = null;
}

export const isOn = () => stream !== null;

/** @param {MediaStream} given */
function release(given) {
  for (const track of given.getTracks()) track.stop();
}

/** The cameras that there are; only once one is allowed do they have names. @returns {Promise<MediaDeviceInfo[]>} */
export async function cameras() {
  const found = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return found.filter(({ kind, deviceId }) => kind === "videoinput" && deviceId);
}

/** Pixels of the square that is looked at: the middle of the picture. @param {HTMLVideoElement} video */
export const square = (video) => Math.min(video.videoWidth, video.videoHeight);

/**
 * The middle square as a JPEG.
 * @param {HTMLVideoElement} video
 * @param {number} most pixels a side
 * @param {HTMLCanvasElement} canvas to draw on
 * @returns {Promise<Blob | null>}
 */
export function grab(video, most, canvas) {
  const side = square(video);
  const size = Math.min(most, side);
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (!side || !context) return Promise.resolve(null);
  context.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, size, size);
  return new Promise((ready) => canvas.toBlob(ready, "image/jpeg", 0.9));
}

/** When the next frame is there, or a quarter of a second later. @param {HTMLVideoElement} video @returns {Promise<void>} */
export function nextFrame(video) {
  return new Promise((ready) => {
    setTimeout(ready, 250);
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => ready());
    else requestAnimationFrame(() => ready());
  });
}
