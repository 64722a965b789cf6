// The camera: opened on a click, off as soon as nobody sees its picture.
import { Problem } from "./elements.js";

/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: "The camera is not allowed for this page: allow it in the browser's address bar.",
  NotFoundError: "No camera was found: connect one, or choose a photo.",
  NotReadableError: "Another program uses the camera: close it and try again.",
};

/**
 * Turns it on in a <video>; gives the function that turns it off, which calls `ended`.
 * @param {HTMLVideoElement} video @param {[number, number]} size @param {() => void} ended
 * @returns {Promise<() => void>}
 */
export const open = async (video, size, ended) => {
  if (!navigator.mediaDevices)
    throw new Problem("Browsers open the camera only for pages on this device or with https: choose a photo.");
  /** @type {MediaStream} */
  let stream;
  try {
    // The rear camera of a phone, not mirrored, like the pictures of the training.
    const wanted = { facingMode: "environment", width: { ideal: size[0] }, height: { ideal: size[1] } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    throw new Problem(REASONS[name] ?? `The camera does not start (${message || name}): choose a photo.`);
  }
  let isOn = true;
  const off = () => {
    if (!isOn) return;
    isOn = false;
    clearInterval(timer);
    document.removeEventListener("visibilitychange", look);
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    ended();
  };
  const look = () => {
    const isLost = stream.getVideoTracks()[0].readyState !== "live";
    if (isLost || document.hidden || !video.checkVisibility()) off();
  };
  const timer = setInterval(look, 100);
  document.addEventListener("visibilitychange", look);
  video.srcObject = stream;
  await video.play().catch(() => {});
  return off;
};
