// Pictures with their answers, as tiles; a click opens one large.
import { card, corrector, errorCard } from "./answer.js";
import { answerFor, facts, h, percent, showIn } from "./page.js";

/** The answers that are at hand, for the matrix of Model. */
export const atHand = { rows: [] };

export const labelOf = (row) => (row.rejected ? facts().models[0].neither : row.answer?.label);

const THUMBNAIL = 240;

export const tile = (row, rows) => {
  const image = h("img", { alt: "", loading: "lazy" });
  if (row.answer) showIn(image, row.source, THUMBNAIL);
  const text = row.answer ? labelOf(row) : "not readable";
  const figure = row.answer && !row.rejected ? percent(row.answer.score) : "";
  const isWrong = row.truth !== undefined && row.truth !== (row.rejected ? null : row.answer?.label);
  const say = `${row.name}: ${text} ${figure}${isWrong ? `, shows ${row.truth ?? "neither"}` : ""}`;
  const open = () => openLarge(row, rows);
  return h(
    "button",
    { class: isWrong ? "tile wrong" : "tile", "aria-label": say, title: row.name, onclick: open },
    image,
    h("span", {}, figure || text),
  );
};

const large = (row, image, side) => {
  const [model] = facts().models;
  const { collects } = facts();
  const frame = h("div", { class: "frame" }, image);
  side.replaceChildren(h("p", { class: "quiet" }, row.name));
  if (!row.answer) {
    side.append(errorCard({ message: row.error }));
    return frame;
  }
  side.append(card({ ...row.answer, rejected: row.rejected, answer: labelOf(row) }, model));
  if (collects) side.append(corrector(row.source, (label) => row.mark(label)));
  if (model.explains && !row.rejected)
    answerFor(row.source, model.key, { explain: 1 }).then(
      ({ map }) => map && frame.append(h("img", { class: "layer", src: map, alt: "" })),
      () => {},
    );
  return frame;
};

const openLarge = (row, rows) => {
  const side = h("div", { class: "side" });
  const stage = h("div", { class: "stage" });
  let place = rows.indexOf(row);
  const show = () => {
    const image = h("img", { class: "shown", alt: rows[place].name });
    if (rows[place].answer) showIn(image, rows[place].source);
    stage.replaceChildren(large(rows[place], image, side));
  };
  const step = (by) => {
    place = (place + by + rows.length) % rows.length;
    show();
  };
  const button = (text, act) => h("button", { class: "button", onclick: act }, text);
  const tools = h("div", { class: "tools" }, button("Previous", () => step(-1)), button("Next", () => step(1)));
  const dialog = h("dialog", { class: "large", "aria-label": "One picture" });
  tools.append(button("Close", () => dialog.close()));
  dialog.append(stage, side, tools);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.querySelector(".gradio-container").append(dialog);
  show();
  dialog.showModal();
};
