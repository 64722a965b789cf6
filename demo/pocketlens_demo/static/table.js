// The answers as a table and as CSV.
import { facts, h, percent } from "./page.js";
import { labelOf } from "./gallery.js";

const MOST_CLASSES = 10;
// What a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

const classes = () => {
  const { labels } = facts().models[0];
  return labels.length <= MOST_CLASSES ? labels : [];
};

/** The score of a rejected picture means nothing. */
const cells = (row) => {
  const { answer, rejected } = row;
  const known = answer && !rejected;
  const scores = new Map(answer?.scores);
  return [
    row.name,
    answer ? labelOf(row) : "",
    known ? answer.label : "",
    known ? answer.score : "",
    answer ? String(rejected) : "",
    answer?.familiarity ?? "",
    ...classes().map((label) => (answer ? scores.get(label) : "")),
    row.error ?? "",
  ];
};

const cell = (value) => {
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) && value !== "-" ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
};

export const csv = (rows) => {
  const header = ["file", "answer", "label", "score", "rejected", "familiarity"];
  header.push(...classes().map((label) => `p(${label})`), "error");
  const lines = [header, ...rows.map(cells)].map((line) => line.map(cell).join(","));
  return new Blob(["\ufeff", ...lines.map((line) => `${line}\n`)], { type: "text/csv" });
};

export const table = (rows) => {
  const names = ["photo", "answer", "probability", "familiarity", "problem"];
  const number = (value, show) => (typeof value === "number" ? show(value) : "");
  const lines = rows.map((row) => {
    const [name, answer, , score, , familiarity] = cells(row);
    return [name, answer, number(score, percent), number(familiarity, (value) => value.toFixed(3)), row.error ?? ""];
  });
  const body = h("tbody");
  const fill = () =>
    body.replaceChildren(...lines.map((line) => h("tr", {}, ...line.map((text) => h("td", {}, text)))));
  let sorted = null;
  const sort = (place) => {
    const sign = sorted === place ? -1 : 1;
    sorted = sign > 0 ? place : null;
    lines.sort((a, b) => sign * a[place].localeCompare(b[place], "en", { numeric: true }));
    fill();
  };
  const heads = names.map((name, place) =>
    h("th", { scope: "col" }, h("button", { class: "link", onclick: () => sort(place) }, name)),
  );
  fill();
  const head = h("thead", {}, h("tr", {}, ...heads));
  return h("div", { class: "scrolls", tabindex: 0, role: "region", "aria-label": "Answers" }, h("table", {}, head, body));
};
