// Does this browser give the answers that the model gave when it was exported?
import { decode } from "./picture.js";
import { networkInput } from "./recipe.js";

const SAMPLES = 251, GREY_LEVELS = 1;
// Of a probability, where a JPEG is reduced: no browser does that as libjpeg does, and a few pixels
// that differ by one grey level can move an int8 network so far.
const REDUCED_ATOL = 0.05;

/** @typedef {{name: string, passed: boolean, message: string}} Check */

/** @param {string} text */
export const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {Uint8Array<ArrayBuffer>} content @param {string} expected @returns {Promise<Check>} */
const checkFile = async (content, expected) => {
  if (!globalThis.crypto?.subtle)
    return { name: "file", passed: true, message: "not compared: browsers compute SHA-256 for files and https pages alone" };
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const found = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const passed = found === expected;
  const said = passed ? "as it was packed" : "not as it was packed: make or copy the page again";
  return { name: "file", passed, message: `the model is ${said} (SHA-256 ${found.slice(0, 12)}...)` };
};

/**
 * Compares as `pocketlens selftest` does.
 * @param {import("./model.js").Model} model
 * @param {Uint8Array<ArrayBuffer>} content The model's file.
 * @returns {Promise<Check[]>}
 */
export const selftest = async (model, content) => {
  const { selftest: record, preprocessing, sha256 } = model.facts;
  const checks = [await checkFile(content, sha256)];
  for (const [name, picture] of Object.entries(record?.pictures ?? {})) {
    const pixels = await decode(new Blob([fromBase64(picture.data)]), preprocessing);
    const input = networkInput(pixels, preprocessing);
    const { data } = (await model.run(input, false)).probabilities;
    const difference = Math.max(...picture.probabilities.map((each, place) => Math.abs(each - data[place])));
    const step = Math.max(1, Math.floor(input.length / SAMPLES));
    const off = picture.input.map((value, place) => Math.abs(value - input[place * step]));
    const mean = off.reduce((sum, each) => sum + each, 0) / off.length;
    const atol = Math.max(record?.atol ?? 0, pixels.scale > 1 ? REDUCED_ATOL : 0);
    checks.push({
      name,
      passed: difference <= atol && mean <= GREY_LEVELS,
      message: `network input off by ${mean.toFixed(2)} grey levels (${GREY_LEVELS} allowed), a probability by at most ${difference.toExponential(1)} (${atol} allowed)`,
    });
  }
  return checks;
};
