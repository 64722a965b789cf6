// The tab Photo: a drop zone, then the photo with its map on the left and the answer on the right.
import { card, errorCard, layer } from "./answer.js";
import { open } from "./camera.js";
import { button, chooser, h, onDrop, told } from "./elements.js";
import { decode } from "./picture.js";

/** @typedef {import("./model.js").Model} Model */

/** @param {HTMLElement} root @param {import("./model.js").Facts} facts @param {Promise<Model>} loading */
export const start = (root, facts, loading) => {
  const image = h("img", { class: "shown", alt: "" });
  const video = h("video", { playsinline: true, muted: true, hidden: true });
  const frame = h("div", { class: "frame" }, image, video);
  const stage = h("figure", { class: "stage" }, frame);
  const side = h("div", { class: "side", "aria-live": "polite" });
  let turn = 0;
  /** @type {(() => void) | null} */
  let cameraOff = null;

  /** @param {string} name */
  const state = (name) => (root.dataset.state = name);
  // The answer of another photo must not stand beside this one for a moment.
  const clear = () => {
    side.replaceChildren();
    stage.querySelector(".legend")?.remove();
    frame.querySelector(".layer")?.remove();
  };
  const empty = () => {
    turn++;
    cameraOff?.();
    clear();
    state("empty");
  };
  /** @param {import("./model.js").Answer} answer */
  const showMap = (answer) => {
    const map = layer(answer, facts.preprocessing);
    if (!map) return;
    map.style.opacity = "0.5";
    const change = () => (map.style.opacity = String(Number(slider.value) / 100));
    const slider = h("input", { type: "range", min: 0, max: 100, value: 50, oninput: change });
    const legend = h("span", { class: "quiet" }, h("i", { class: "swatch" }), `speaks for ${answer.answer}`);
    frame.append(map);
    stage.append(h("figcaption", { class: "legend" }, legend, h("label", {}, h("span", {}, "Map"), slider)));
  };
  /** @param {string} message */
  const fail = (message) => {
    state("error");
    side.append(errorCard(message));
  };
  /** @param {Blob} file @param {string} name */
  const take = async (file, name) => {
    cameraOff?.();
    const mine = ++turn;
    clear();
    state("waiting");
    root.dataset.shown = "true";
    URL.revokeObjectURL(image.src);
    image.alt = `The photo ${name}`;
    image.src = URL.createObjectURL(file);
    try {
      const model = await loading;
      const begin = performance.now();
      const pixels = await decode(file, facts.preprocessing);
      const answer = await model.answer(pixels, { explain: true, size: pixels.size });
      answer.ms = performance.now() - begin;
      if (mine !== turn) return;
      state(answer.rejected ? "neither" : "answered");
      side.append(card(answer));
      showMap(answer);
    } catch (problem) {
      if (mine === turn) fail(told(problem));
    }
  };
  const shoot = () => {
    const canvas = h("canvas", { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    canvas.toBlob((picture) => picture && take(picture, "of the camera"));
  };
  const useCamera = async () => {
    cameraOff?.();
    const mine = ++turn;
    clear();
    state("camera");
    root.dataset.shown = "true";
    video.hidden = false;
    const ended = () => {
      video.hidden = true;
      cameraOff = null;
      if (root.dataset.state === "camera") empty();
    };
    try {
      const off = await open(video, [1920, 1440], ended);
      if (mine !== turn) return off();
      cameraOff = off;
      side.append(button("Take photo", shoot, "first"), button("Cancel", empty));
    } catch (problem) {
      video.hidden = true;
      if (mine === turn) fail(told(problem));
    }
  };

  image.onerror = () => (root.dataset.shown = "false");
  const input = chooser("Choose a photo", { accept: "image/*" }, ([file]) => take(file, file.name));
  const choose = () => input.click();
  document.addEventListener("paste", (event) => {
    const file = event.clipboardData?.files[0];
    if (file && root.checkVisibility()) take(file, "from the clipboard");
  });
  onDrop(root, ([file]) => take(file, file.name));
  const zone = h(
    "div",
    { class: "zone" },
    h("h2", {}, facts.question),
    h("p", {}, button("Choose a photo", choose, "first"), button("Use camera", useCamera)),
    h("p", { class: "quiet" }, "or drop or paste one"),
  );
  const tools = h("div", { class: "below tools" }, button("Another photo", choose), button("Use camera", useCamera));
  root.append(input, zone, stage, side, tools);
  empty();
};
