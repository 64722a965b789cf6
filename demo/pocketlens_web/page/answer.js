// The card with the answer for one picture, and the map that lies on it.
import { h, percent } from "./elements.js";
import { filled, seen } from "./recipe.js";

/** @typedef {import("./model.js").Answer} Answer @typedef {import("./recipe.js").Recipe} Recipe */

const SMALL = 0.01, MOST_SHOWN = 10;
const MAP_COLOR = [255, 90, 0];

/** @param {string} text */
const fit = (text) => (text.length <= 10 ? "" : text.length <= 20 ? "long" : "longest");

/** @param {string} text @param {string} [figure] */
export const headline = (text, figure) =>
  h("h2", { class: `headline ${fit(text)}` }, h("span", {}, text), figure && h("b", {}, figure));

/** @param {[string, number][]} scores */
const listed = (scores) =>
  h("ul", { class: "others" }, ...scores.map(([label, score]) => h("li", {}, h("span", {}, label), percent(score))));

/** @param {Answer} answer */
const others = ({ scores }) => {
  const named = scores.slice(1, MOST_SHOWN).filter(([, score]) => score >= SMALL);
  const list = listed(named);
  const rest = scores.length - 1 - named.length;
  const most = scores[named.length + 1]?.[1] >= SMALL ? "" : " below 1 %";
  if (rest) list.append(h("li", { class: "quiet" }, `${rest} ${rest > 1 ? "others" : "other"}${most}`));
  return list;
};

/** @param {Answer} answer */
export const card = (answer) => {
  const small = h("p", { class: "quiet" }, `${answer.ms.toFixed(0)} ms`);
  const words = answer.words && h("p", { class: "words" }, answer.words);
  if (answer.rejected) {
    const guess = h("details", {}, h("summary", {}, "If it must be one of them"), listed(answer.scores.slice(0, 3)));
    return h("article", { class: "card neither" }, headline(answer.answer), words, guess, small);
  }
  const bar = h("progress", { max: 1, value: answer.score, "aria-label": "Probability of the answer" });
  const figure = percent(answer.score);
  return h("article", { class: "card" }, headline(answer.answer, figure), bar, others(answer), words, small);
};

/** @param {string} message */
export const errorCard = (message) =>
  h(
    "article",
    { class: "card error", role: "alert" },
    headline("No answer"),
    h("p", { class: "words" }, message),
  );

/**
 * The map as a layer of one colour over the part of the picture that the network saw.
 * @param {Answer} answer @param {Recipe} recipe
 */
export const layer = ({ map, size }, recipe) => {
  if (!map) return null;
  const small = h("canvas", { width: map.width, height: map.height });
  const image = new ImageData(map.width, map.height);
  // Squared: a haze over all of it would hide the picture.
  map.values.forEach((value, place) => image.data.set([...MAP_COLOR, 255 * value ** 2], 4 * place));
  small.getContext("2d")?.putImageData(image, 0, 0);
  const [part, box] = [seen(size, recipe), filled(size, recipe)];
  const [down, across] = [map.height / recipe.input_size[0], map.width / recipe.input_size[1]];
  const canvas = h("canvas", { class: "layer", width: 16 * map.width, height: 16 * map.height });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(small, box.left * across, box.top * down, box.width * across, box.height * down, 0, 0, canvas.width, canvas.height);
  /** @param {number} pixels @param {number} side */
  const share = (pixels, side) => `${(100 * pixels) / side}%`;
  Object.assign(canvas.style, {
    top: share(part.top, size[0]),
    left: share(part.left, size[1]),
    height: share(part.height, size[0]),
    width: share(part.width, size[1]),
  });
  return canvas;
};
