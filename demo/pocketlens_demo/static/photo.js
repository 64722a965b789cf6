// The tab Photo: a drop zone, then the photo with its map on the left and the answer on the right.
import { card, corrector, errorCard } from "./answer.js";
import { open, shot } from "./camera.js";
import { answerFor, ask, facts, h, showIn } from "./page.js";

const SIZE = [1920, 1440];

export const start = (element, examples) => {
  const root = element.querySelector(".photo");
  const input = h("input", {
    type: "file",
    accept: "image/*,.heic,.heif,.tif,.tiff,.jp2,.jxl,.tga,.ico",
    "aria-label": "Choose a photo",
  });
  // A large photo would else hold up the answer until it is drawn.
  const image = h("img", { class: "shown", alt: "", decoding: "async" });
  const layer = h("img", { class: "layer", alt: "", hidden: true });
  const video = h("video", { playsinline: true, muted: true, hidden: true });
  const stage = h("figure", { class: "stage" }, h("div", { class: "frame" }, image, layer, video));
  const side = h("div", { class: "side", "aria-live": "polite" });
  const foot = h("div", { class: "foot" });
  const tools = h("div", { class: "tools" });
  const question = h("h2", {});
  let turn = 0;
  let cameraOff = null;

  const button = (text, act, kind = "") => h("button", { class: `button ${kind}`, onclick: act }, text);
  const choose = () => input.click();
  const state = (name) => (root.dataset.state = name);

  const show = (nodes) => {
    side.replaceChildren(...nodes);
    root.dataset.many = nodes.length > 1;
  };
  const mapLegend = (answer) => {
    const change = (event) => (layer.style.opacity = event.target.value / 100);
    layer.src = answer.map;
    layer.hidden = false;
    layer.style.opacity = 0.5;
    const slider = h("input", { type: "range", min: 0, max: 100, value: 50, oninput: change });
    const legend = h("span", { class: "quiet" }, h("i", { class: "swatch" }), `speaks for ${answer.answer}`);
    return h("figcaption", { class: "legend" }, legend, h("label", {}, h("span", {}, "Map"), slider));
  };
  const empty = () => {
    cameraOff?.();
    turn++;
    question.textContent = facts().models[0].question;
    state("empty");
    clear();
  };
  const clear = () => {
    // The answer of another photo must not stand beside this one for a moment.
    side.replaceChildren();
    foot.replaceChildren();
    stage.querySelector(".legend")?.remove();
    layer.hidden = true;
    layer.removeAttribute("src");
  };
  const answered = (answers, models, source, collects) => {
    const [first] = answers;
    state(first.rejected ? "neither" : "answered");
    show(answers.map((answer, place) => card(answer, models[place], models[1] && models[place].name)));
    if (first.map) stage.append(mapLegend(first));
    if (collects) foot.replaceChildren(corrector(source));
  };
  const take = async (source, name) => {
    cameraOff?.();
    const mine = ++turn;
    clear();
    state("waiting");
    image.alt = `The photo ${name}`;
    const { models, collects } = facts();
    const drawn = showIn(image, source);
    drawn.then((isShown) => mine === turn && (root.dataset.shown = isShown));
    root.dataset.shown = true;
    try {
      const asked = models.map(({ key }) => answerFor(source, key, { explain: 1 }));
      const answers = await Promise.all(asked);
      if (mine === turn) answered(answers, models, source, collects);
    } catch (problem) {
      if (mine !== turn) return;
      state("error");
      show([errorCard(problem)]);
    }
  };
  const useCamera = async () => {
    const mine = ++turn;
    clear();
    state("camera");
    video.hidden = false;
    const ended = () => {
      video.hidden = true;
      cameraOff = null;
      if (root.dataset.state === "camera") empty();
    };
    const press = async () => {
      const picture = await shot(video, Math.max(...SIZE));
      if (picture) take(picture, "of the camera");
    };
    try {
      const off = await open(video, SIZE, ended);
      if (mine !== turn) return off();
      cameraOff = off;
      show([button("Take photo", press, "first"), button("Cancel", empty)]);
    } catch (problem) {
      video.hidden = true;
      state("error");
      root.dataset.shown = false;
      show([errorCard(problem)]);
    }
  };
  const example = async (number) => {
    const response = await ask(`examples/${number}`, { method: "GET", side: 1024 });
    take(await response.blob(), `example ${number + 1}`);
  };

  input.addEventListener("change", () => {
    const [file] = input.files;
    input.value = "";
    if (file) take(file, file.name);
  });
  document.addEventListener("paste", (event) => {
    const file = [...event.clipboardData.files][0];
    if (file && root.checkVisibility()) take(file, "from the clipboard");
  });
  for (const name of ["dragover", "dragleave", "drop"])
    root.addEventListener(name, (event) => {
      event.preventDefault();
      root.classList.toggle("over", name === "dragover");
    });
  root.addEventListener("drop", (event) => {
    const [file] = event.dataTransfer.files;
    if (file) take(file, file.name);
  });

  const thumbnails = h("div", { class: "examples" });
  examples.forEach((name, place) => {
    const source = `page/examples/${place}?side=240`;
    const picture = h("img", { src: source, alt: `Example ${place + 1}: ${name}`, width: 88, height: 88 });
    thumbnails.append(h("button", { onclick: () => example(place) }, picture));
  });
  const hint = examples.length ? "or drop or paste one, or try one:" : "or drop or paste one";
  const zone = h(
    "div",
    { class: "zone" },
    question,
    h("p", {}, button("Choose a photo", choose, "first"), button("Use camera", useCamera)),
    h("p", { class: "quiet" }, hint),
    thumbnails,
  );
  tools.append(button("Another photo", choose), button("Use camera", useCamera));
  root.append(input, zone, stage, side, h("div", { class: "below" }, foot, tools));
  empty();
  const header = document.querySelector(".header");
  new MutationObserver(() => {
    question.textContent = facts().models[0].question;
  }).observe(header.parentElement, { childList: true, subtree: true });
};
