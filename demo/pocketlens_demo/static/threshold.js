// Where "neither" begins: a slider, and what it just accepts and just rejects of the pictures.
import { tile } from "./gallery.js";
import { facts, h } from "./page.js";

const NEAREST = 6, STEPS = 200;
// Thresholds are small: the slider's steps are finer there.
const toShare = (step) => (step / STEPS) ** 2;
const toStep = (share) => Math.round(STEPS * Math.sqrt(share));

export const threshold = (changed) => {
  let rows = [], share = null;
  const slider = h("input", { type: "range", min: 0, max: STEPS, "aria-label": "Familiarity below which the answer is neither" });
  const said = h("p", { role: "status" });
  const below = h("div", { class: "tiles-of" }), above = h("div", { class: "tiles-of" });
  const element = h(
    "details",
    { class: "threshold", hidden: true },
    h("summary", {}, "Where neither begins"),
    slider,
    said,
    h("h3", {}, "Just rejected"),
    below,
    h("h3", {}, "Just accepted"),
    above,
  );
  const known = () => rows.filter((row) => row.answer);
  const draw = () => {
    const own = facts().models[0].threshold;
    const sorted = known().sort((a, b) => a.answer.familiarity - b.answer.familiarity);
    const rejected = sorted.filter((row) => row.rejected);
    const accepted = sorted.filter((row) => !row.rejected);
    const number = share.toFixed(4).replace(/0+$/, "").replace(/\.$/, "");
    said.textContent =
      `Below a familiarity of ${number}: ${rejected.length} rejected, ${accepted.length} accepted.` +
      (share === own ? " This is the model's own." : ` To use it: --min-familiarity ${number}`);
    below.replaceChildren(...rejected.slice(-NEAREST).reverse().map((row) => tile(row, rejected)));
    above.replaceChildren(...accepted.slice(0, NEAREST).map((row) => tile(row, accepted)));
  };
  slider.addEventListener("input", () => {
    const own = facts().models[0].threshold;
    share = Number(slider.value) === toStep(own) ? own : toShare(slider.value);
    for (const row of known()) row.rejected = row.answer.familiarity < share;
    draw();
  });
  slider.addEventListener("change", changed);
  const update = (all) => {
    const own = facts().models[0].threshold;
    if (!all.length) share = null;
    rows = all;
    element.hidden = own == null || !known().length;
    if (element.hidden) return;
    if (share === null) {
      share = own;
      slider.value = toStep(own);
    }
    draw();
  };
  return { element, update };
};
