// @ts-check
// The live camera: its light is on only while somebody looks at the page.

/** What a person is told where it cannot be had, by the name of the error. */
const REASONS = {
  NotAllowedError: "The browser did not allow the camera. Allow it in the address bar's settings for this page, then try again.",
  SecurityError: "The browser did not allow the camera. Allow it in the address bar's settings for this page, then try again.",
  NotFoundError: "There is no camera on this device.",
  OverconstrainedError: "There is no camera on this device that fits.",
  NotReadableError: "The camera is in use by another program. Close that one, then try again.",
  AbortError: "The camera stopped while it was starting. Try again.",
};
const INSECURE = "Browsers give a page the camera only over https, from this device's own disk, or on localhost.";

export class NoCamera extends Error {}

/** @type {MediaStream | null} */
let stream = null;
let attempt = 0; // a camera that comes after the person stopped waiting is switched off again

/** Switch a camera on and show it.
 *  @param {HTMLVideoElement} video
 *  @param {"environment" | "user"} facing
 *  @param {() => void} onEnded called when the camera is unplugged or taken away
 *  @returns {Promise<boolean>} false where it was stopped meanwhile; throws NoCamera with a sentence for a person */
export async function startCamera(video, facing, onEnded) {
  stopCamera(video);
  const mine = attempt;
  const fresh = await openStream(facing);
  if (mine !== attempt) {
    release(fresh);
    return false;
  }
  stream = fresh;
  const [track] = fresh.getVideoTracks();
  track.addEventListener("ended", onEnded);
  video.classList.toggle("mirrored", track.getSettings().facingMode !== "environment");
  video.srcObject = fresh;
  await video.play().catch(() => {}); // stopped before it began
  return mine === attempt;
}

/** @param {"environment" | "user"} facing */
async function openStream(facing) {
  if (!navigator.mediaDevices?.getUserMedia) throw new NoCamera(INSECURE);
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, width: { ideal: 640 }, height: { ideal: 480 } },
    });
  } catch (problem) {
    const { name, message } = /** @type {DOMException} */ (problem);
    throw new NoCamera(REASONS[/** @type {keyof typeof REASONS} */ (name)] ?? `The camera cannot be used: ${message || name}.`);
  }
}

/** @param {HTMLVideoElement} video */
export function stopCamera(video) {
  attempt += 1;
  if (stream) release(stream);
  stream = null;
  video.srcObject = null;
}

export const isCameraOn = () => stream !== null;

/** @param {MediaStream} given */
const release = (given) => given.getTracks().forEach((track) => track.stop());

/** @returns {Promise<boolean>} whether there is another camera to change to */
export async function hasOtherCamera() {
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  return devices.filter(({ kind }) => kind === "videoinput").length > 1;
}

/** When the next frame is there.
 *  @param {HTMLVideoElement} video
 *  @returns {Promise<void>} */
export function nextFrame(video) {
  return new Promise((ready) => {
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(() => ready());
    else requestAnimationFrame(() => ready());
  });
}
