// The tab Model: a cell of the matrix shows its pictures, of those that were dropped on Many.
import { atHand, labelOf, tile } from "./gallery.js";
import { h } from "./page.js";

const MOST = 24;

export const start = (element) => {
  const root = element.querySelector(".about");
  const show = (cell) => {
    const place = root.querySelector(".cell-shown");
    const { truth, answer } = cell.dataset;
    const rows = atHand.rows.filter(
      (row) => row.answer && row.truth === truth && !row.rejected && labelOf(row) === answer,
    );
    const text = rows.length
      ? `Of the pictures dropped on Many: ${rows.length} of ${truth} answered ${answer}.`
      : `No pictures of ${truth} answered ${answer} are at hand: drop a folder or a zip file with one folder for each class on Many.`;
    const tiles = rows.slice(0, MOST).map((row) => tile(row, rows));
    place.replaceChildren(h("p", { role: "status" }, text), h("div", { class: "tiles-of" }, ...tiles));
  };
  root.addEventListener("click", (event) => {
    const cell = event.target.closest("[data-truth]");
    if (cell) show(cell);
  });
  root.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-truth]");
    if (!cell || !["Enter", " "].includes(event.key)) return;
    event.preventDefault();
    show(cell);
  });
};
