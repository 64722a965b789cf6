// The tab Live: a camera with the answer over its picture, smoothed over five frames.
import { open } from "./camera.js";
import { button, h, percent, told } from "./elements.js";
import { drawn } from "./picture.js";

/** @typedef {import("./model.js").Answer} Answer */

const SMOOTHED = 5, LATEST = 20;

/** @param {Answer[]} answers @returns {[string, boolean]} */
const smooth = (answers) => {
  const rejected = answers.filter((answer) => answer.rejected);
  if (2 * rejected.length > answers.length) return [rejected[0].answer, true];
  const sums = new Map();
  for (const { scores } of answers) for (const [label, score] of scores) sums.set(label, (sums.get(label) ?? 0) + score);
  const [label, sum] = [...sums].reduce((best, each) => (each[1] > best[1] ? each : best));
  return [`${label} ${percent(sum / answers.length)}`, false];
};

/** @param {HTMLVideoElement} video */
const nextFrame = (video) =>
  new Promise((done) =>
    "requestVideoFrameCallback" in video ? video.requestVideoFrameCallback(done) : setTimeout(done, 33),
  );

/** @param {HTMLElement} root @param {Promise<import("./model.js").Model>} loading */
export const start = (root, loading) => {
  const video = h("video", { playsinline: true, muted: true });
  const pill = h("p", { class: "answer", hidden: true });
  const said = h("p", { class: "quiet", role: "status" });
  const rate = h("span", { class: "rate" });
  /** @type {(() => void) | null} */
  let off = null;

  const ended = () => {
    off = null;
    pill.hidden = true;
    rate.textContent = "";
    root.dataset.state = "off";
    toggle.textContent = "Start the camera";
  };
  /** @param {() => void} mine */
  const loop = async (mine) => {
    const model = await loading;
    /** @type {Answer[]} */
    let answers = [];
    /** @type {number[]} */
    let times = [];
    for (;;) {
      await Promise.race([nextFrame(video), new Promise((done) => setTimeout(done, 200))]);
      if (off !== mine) return;
      if (!video.videoWidth) continue;
      const answer = await model.answer(drawn(video, video.videoWidth, video.videoHeight));
      if (off !== mine) return;
      answers = [...answers, answer].slice(-SMOOTHED);
      times = [...times, performance.now()].slice(-LATEST);
      const [text, isRejected] = smooth(answers);
      pill.textContent = text;
      pill.classList.toggle("neither", isRejected);
      pill.hidden = false;
      const spent = (times[times.length - 1] - times[0]) / 1000;
      if (spent) rate.textContent = `${Math.round((times.length - 1) / spent)} frames a second`;
    }
  };
  const act = async () => {
    if (off) return off();
    said.textContent = "";
    toggle.textContent = "Stop";
    root.dataset.state = "on";
    try {
      const mine = (off = await open(video, [640, 480], ended));
      await loop(mine);
    } catch (problem) {
      if (off) off();
      else ended();
      said.textContent = told(problem);
    }
  };
  const toggle = button("Start the camera", act, "first");
  root.append(h("div", { class: "frame" }, video, pill), h("div", { class: "tools" }, toggle, rate), said);
  root.dataset.state = "off";
};
