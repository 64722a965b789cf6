// Answers as CSV: the columns of `pocketlens predict --format csv`, and what could not be read.

/** @typedef {{name: string, answer: import("./model.js").Answer | null, error: string}} Row */

// What a spreadsheet would run as a formula gets an apostrophe in front, as OWASP advises.
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/** @param {string | number | boolean} value */
const cell = (value) => {
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(String(value)) && value !== "-" ? `'${value}` : String(value);
  return `"${text.replaceAll('"', '""')}"`;
};

/** @param {Row[]} rows @param {string[]} labels */
export const csv = (rows, labels) => {
  const header = ["file", "answer", "label", "score", "rejected", "familiarity", ...labels.map((label) => `p(${label})`), "error"];
  const lines = rows.map(({ name, answer, error }) => {
    if (!answer) return [name, ...Array(5 + labels.length).fill(""), error];
    const { label, score, rejected, familiarity, probabilities } = answer;
    // The score of a rejected picture means nothing.
    const known = rejected ? ["", ""] : [label, score];
    return [name, answer.answer, ...known, rejected, familiarity ?? "", ...probabilities, ""];
  });
  const text = [header, ...lines].map((line) => `${line.map(cell).join(",")}\n`).join("");
  return new Blob(["\ufeff", text], { type: "text/csv" });
};
