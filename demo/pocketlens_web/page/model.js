// The model: onnxruntime-web on the processor, and its answers.
import { Problem } from "./elements.js";
import { familiarityOf, networkInput, refusal } from "./recipe.js";

/** @typedef {import("./recipe.js").Pixels} Pixels @typedef {import("./recipe.js").Recipe} Recipe */
/**
 * @typedef {object} Facts What the file says of itself.
 * @property {string} name
 * @property {string[]} labels
 * @property {string} question
 * @property {string} neither
 * @property {string} right
 * @property {Recipe} preprocessing
 * @property {{levels: number[], quantiles: number[], threshold: number} | null} familiarity
 * @property {boolean} explains
 * @property {{atol: number, pictures: Record<string, {data: string, probabilities: number[], input: number[]}>} | null} selftest
 * @property {string} sha256
 * @property {Record<string, string>} figures
 *
 * @typedef {object} Answer
 * @property {string} answer The label, or "neither".
 * @property {string} label
 * @property {number} score
 * @property {[string, number][]} scores Best first.
 * @property {number[]} probabilities In the order of the labels.
 * @property {number | null} familiarity
 * @property {boolean} rejected
 * @property {string} words
 * @property {number} ms
 * @property {[number, number]} size Height and width of the upright picture.
 * @property {ActivationMap | null} map
 *
 * @typedef {{values: Float32Array, height: number, width: number}} ActivationMap What speaks for the label.
 */

const TYPICAL = 0.05, MOST_NAMED = 3, LONGEST = 30;

export class Model {
  /** @type {any} */ #runtime;
  /** @type {any} */ #session;
  /** @type {Promise<unknown>} One at a time: onnxruntime refuses more. */
  #last = Promise.resolve();

  /** @param {Facts} facts @param {any} runtime @param {any} session */
  constructor(facts, runtime, session) {
    this.facts = facts;
    this.#runtime = runtime;
    this.#session = session;
  }

  /**
   * @param {Facts} facts
   * @param {(name: "runtime" | "wasm" | "model") => Promise<Uint8Array<ArrayBuffer>>} part
   */
  static async load(facts, part) {
    const unknown = refusal(facts.preprocessing);
    if (unknown) throw new Problem(`The model asks for ${unknown}, which this page cannot do exactly: make the page again with a newer pocketlens.`);
    if (typeof WebAssembly === "undefined")
      throw new Problem("This browser has WebAssembly switched off, as iPhones do in Lockdown Mode: allow it for this page, or use another browser.");
    if (typeof DecompressionStream === "undefined") throw new Problem("This browser is too old for the page: use a newer one.");
    const [script, wasm, model] = await Promise.all([part("runtime"), part("wasm"), part("model")]);
    const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
    const runtime = await import(address);
    runtime.env.logLevel = "error";
    runtime.env.wasm.numThreads = 1;
    runtime.env.wasm.wasmBinary = wasm;
    try {
      const session = await runtime.InferenceSession.create(model, { executionProviders: ["wasm"], logSeverityLevel: 3 });
      return new Model(facts, runtime, session);
    } catch (error) {
      throw new Problem(`The model does not start in this browser (${error instanceof Error ? error.message : error}): use another browser.`);
    }
  }

  /**
   * @param {Pixels} pixels As decode() gives them.
   * @param {{explain?: boolean, size?: [number, number]}} [more]
   * @returns {Promise<Answer>}
   */
  async answer(pixels, { explain = false, size = [pixels.height, pixels.width] } = {}) {
    const input = networkInput(pixels, this.facts.preprocessing);
    const outputs = await this.run(input, explain && this.facts.explains);
    return { ...this.#named(outputs), ms: 0, size };
  }

  /** @param {Uint8Array} input @param {boolean} explain */
  async run(input, explain) {
    const { familiarity, preprocessing } = this.facts;
    const names = ["probabilities"];
    if (familiarity) names.push("familiarity");
    if (explain) names.push("activation_map");
    const shape = [1, ...preprocessing.input_size, preprocessing.color_mode === "rgb" ? 3 : 1];
    const image = new this.#runtime.Tensor("uint8", input, shape);
    const turn = this.#last.then(() => this.#session.run({ image }, names));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** @param {any} outputs */
  #named(outputs) {
    const { labels, familiarity: known, neither } = this.facts;
    /** @type {number[]} */
    const probabilities = [...outputs.probabilities.data];
    const score = Math.max(...probabilities);
    const place = probabilities.indexOf(score);
    const familiarity = known && familiarityOf(outputs.familiarity.data[0], known);
    const rejected = known !== null && familiarity !== null && familiarity < known.threshold;
    const scores = probabilities
      .map((each, index) => /** @type {[string, number]} */ ([labels[index], each]))
      .sort((a, b) => b[1] - a[1]);
    return {
      answer: rejected ? neither : labels[place],
      label: labels[place],
      score,
      scores,
      probabilities,
      familiarity,
      rejected,
      words: this.#words(familiarity, rejected),
      map: outputs.activation_map && !rejected ? speaksFor(outputs.activation_map, place) : null,
    };
  }

  /** @param {number | null} familiarity @param {boolean} rejected */
  #words(familiarity, rejected) {
    const { labels } = this.facts;
    if (familiarity === null) return "";
    const isLong = labels.length > MOST_NAMED || labels.some((label) => label.length > LONGEST);
    if (rejected) return `Unlike any ${isLong ? `of the ${labels.length} classes` : labels.join(" or ")} that it has seen.`;
    if (familiarity < TYPICAL) return "Unusual: stranger than most pictures that it has learnt.";
    return "Typical: much like the pictures that it has learnt.";
  }
}

/** What each place says for a class, against the mean of the others, 0 to 1. @param {any} output @param {number} place @returns {ActivationMap} */
const speaksFor = ({ data, dims }, place) => {
  const [, height, width, classes] = dims;
  const values = new Float32Array(height * width);
  for (let each = 0; each < values.length; each++) {
    let sum = 0;
    for (let other = 0; other < classes; other++) sum += data[each * classes + other];
    const own = data[each * classes + place];
    values[each] = own - (sum - own) / (classes - 1);
  }
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return { values: values.map((value) => (value - low) / (high - low || 1)), height, width };
};
