// The camera of a tab: opened on a click, off as soon as nobody sees its picture.
import { Problem } from "./page.js";

const REASONS = {
  NotAllowedError: "The camera is not allowed for this page: allow it in the browser's address bar.",
  NotFoundError: "No camera was found.",
  NotReadableError: "Another program uses the camera.",
};

/** Turns it on in a <video>; gives the function that turns it off, which calls `ended`. */
export const open = async (video, size, ended) => {
  if (!navigator.mediaDevices)
    throw new Problem("Browsers open the camera only for pages on this computer or with https.");
  let stream;
  try {
    // The rear camera of a phone, not mirrored, like the pictures of the training.
    const wanted = { facingMode: "environment", width: { ideal: size[0] }, height: { ideal: size[1] } };
    stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
  } catch (error) {
    throw new Problem(REASONS[error.name] ?? `The camera does not start (${error.message}).`);
  }
  let timer = null;
  const off = () => {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    document.removeEventListener("visibilitychange", look);
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    ended();
  };
  const look = () => {
    const isLost = stream.getVideoTracks()[0].readyState !== "live";
    if (isLost || document.hidden || !video.checkVisibility()) off();
  };
  timer = setInterval(look, 100);
  document.addEventListener("visibilitychange", look);
  video.srcObject = stream;
  await video.play().catch(() => {});
  return off;
};

/** The picture of a <video> as a JPEG, at most `longest` pixels a side. */
export const shot = (video, longest, quality = 0.92) => {
  const { videoWidth, videoHeight } = video;
  const scale = Math.min(1, longest / Math.max(videoWidth, videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(videoWidth * scale);
  canvas.height = Math.round(videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
};
