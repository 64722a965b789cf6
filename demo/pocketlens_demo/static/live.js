// A camera with the answer over its picture, smoothed over five frames.
import { open, shot } from "./camera.js";
import { answerFor, facts, h, percent } from "./page.js";

const SIZE = [1280, 960], SENT = 640, SMOOTHED = 5, LATEST = 10, SECONDS = 60, BETWEEN = 100;
const pause = (milliseconds) => new Promise((next) => setTimeout(next, milliseconds));

const smooth = (answers) => {
  const rejected = answers.filter((answer) => answer.rejected);
  if (2 * rejected.length > answers.length) return { text: rejected[0].answer, rejected: true };
  const sums = new Map();
  for (const answer of answers)
    for (const [label, score] of answer.scores) sums.set(label, (sums.get(label) ?? 0) + score);
  const [label, sum] = [...sums].reduce((best, each) => (each[1] > best[1] ? each : best));
  return { text: `${label} ${percent(sum / answers.length)}` };
};

/** `key` gives the model that answers; null: there is none yet. */
export const start = (element, seconds = SECONDS, key = () => facts().models[0].key) => {
  const root = element.querySelector(".live");
  const video = h("video", { playsinline: true, muted: true });
  const pill = h("p", { class: "answer", role: "status", hidden: true });
  const said = h("p", { class: "quiet", role: "status" });
  const rate = h("span", { class: "rate" });
  const button = h("button", { class: "button first", onclick: () => toggle() }, "Start the camera");
  let off = null;

  const ended = () => {
    off = null;
    pill.hidden = true;
    rate.textContent = "";
    root.dataset.state = "off";
    button.textContent = "Start the camera";
    document.dispatchEvent(new Event("cameraoff"));
  };
  const loop = async (mine) => {
    let answers = [], times = [];
    const end = performance.now() + 1000 * seconds;
    while (off === mine && performance.now() < end) {
      const model = key(), begun = performance.now();
      const frame = model && video.videoWidth ? await shot(video, SENT, 0.9) : null;
      if (!frame) {
        await pause(BETWEEN);
        continue;
      }
      let text;
      try {
        const answer = await answerFor(frame, model);
        answers = [...answers, answer].slice(-SMOOTHED);
        times = [...times, performance.now()].slice(-LATEST);
        text = smooth(answers);
      } catch (problem) {
        if (problem.isBusy) {
          await pause(10 * BETWEEN);
          continue;
        }
        said.textContent = problem.message;
        return mine();
      }
      if (off !== mine) return;
      pill.textContent = text.text;
      pill.classList.toggle("neither", text.rejected === true);
      pill.hidden = false;
      const spent = (times.at(-1) - times[0]) / 1000;
      if (spent) rate.textContent = `${Math.round((times.length - 1) / spent)} frames a second`;
      // The server has other visitors.
      await pause(Math.max(0, BETWEEN - (performance.now() - begun)));
    }
    if (off === mine) {
      said.textContent = `It stopped after ${seconds} seconds.`;
      mine();
    }
  };
  const toggle = async () => {
    if (off) return off();
    said.textContent = "";
    button.textContent = "Stop";
    root.dataset.state = "on";
    try {
      off = await open(video, SIZE, ended);
      loop(off);
    } catch (problem) {
      ended();
      said.textContent = problem.message;
    }
  };
  root.append(h("div", { class: "frame" }, video, pill), h("div", { class: "tools" }, button, rate), said);
  root.dataset.state = "off";
  return { video, toggle, stop: () => off?.() };
};
