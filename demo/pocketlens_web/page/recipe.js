// Pixels -> the network's input, as pocketlens.pictures does it in Python: within one grey level.

/**
 * @typedef {{data: Uint8Array | Uint8ClampedArray, width: number, height: number}} Pixels RGBA.
 * @typedef {{top: number, left: number, height: number, width: number}} Box
 * @typedef {[number, number]} Size Height and width.
 * @typedef {object} Recipe
 * @property {Size} input_size
 * @property {"rgb" | "grayscale"} color_mode
 * @property {"area" | "area_linear"} interpolation
 * @property {"squash" | "letterbox" | "center"} crop_mode
 * @property {"reduced" | "full"} decode
 * @property {string} depth
 * @property {[number, number, number, number] | null} region
 * @typedef {{start: number, weights: Float32Array}} Tap The inputs that make one output.
 */

const SPARE = 2, UNIT = 2048;

/** @type {Record<string, unknown[]>} */
const KNOWN = {
  color_mode: ["rgb", "grayscale"],
  interpolation: ["area", "area_linear"],
  crop_mode: ["squash", "letterbox", "center"],
  decode: ["reduced", "full"],
  depth: ["high_bits"],
};

/**
 * What of a recipe this code cannot execute exactly, such as "depth=own_range"; null: nothing.
 * @param {Record<string, any>} recipe
 */
export const refusal = (recipe) => {
  for (const [name, known] of Object.entries(KNOWN))
    if (!known.includes(recipe[name])) return `${name}=${recipe[name]}`;
  const unknown = Object.keys(recipe).find((name) => !(name in KNOWN || name === "input_size" || name === "region"));
  return unknown ? `${unknown}=${JSON.stringify(recipe[unknown])}` : null;
};

/** Halves to the even neighbour, as Python rounds. @param {number} value */
export const round = (value) => {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
};

/** @param {number} start @param {number} share @param {number} side */
const pixelsOf = (start, share, side) => {
  const first = Math.min(round(start * side), side - 1);
  return [first, Math.max(1, Math.min(round((start + share) * side), side) - first)];
};

/** The largest box in the middle of another with the aspect ratio of `shape`. @param {Box} box @param {Size} shape */
const middle = (box, shape) => {
  const scale = Math.min(box.height / shape[0], box.width / shape[1]);
  const [height, width] = shape.map((side) => Math.max(1, round(side * scale)));
  const top = box.top + Math.floor((box.height - height) / 2);
  const left = box.left + Math.floor((box.width - width) / 2);
  return { top, left, height, width };
};

/** The part of a picture that the network sees. @param {Size} size @param {Recipe} recipe @returns {Box} */
export const seen = (size, recipe) => {
  const [x, y, width, height] = recipe.region ?? [0, 0, 1, 1];
  const [top, rows] = pixelsOf(y, height, size[0]);
  const [left, columns] = pixelsOf(x, width, size[1]);
  const region = { top, left, height: rows, width: columns };
  return recipe.crop_mode === "center" ? middle(region, recipe.input_size) : region;
};

/** The part of the network's input that shows it. @param {Size} size @param {Recipe} recipe @returns {Box} */
export const filled = (size, recipe) => {
  const [height, width] = recipe.input_size;
  const whole = { top: 0, left: 0, height, width };
  const part = seen(size, recipe);
  return recipe.crop_mode === "letterbox" ? middle(whole, [part.height, part.width]) : whole;
};

/** Of 1, 2, 4 and 8, by how much a JPEG's sides are divided. @param {Size} size @param {Recipe} recipe */
export const reduction = ([height, width], recipe) => {
  if (recipe.decode !== "reduced") return 1;
  let [rows, columns] = recipe.input_size.map((side) => SPARE * side);
  if (recipe.region) {
    rows = Math.ceil((rows + 1) / recipe.region[3]);
    columns = Math.ceil((columns + 1) / recipe.region[2]);
  }
  const room = Math.min(height / rows, width / columns);
  return [8, 4, 2].find((scale) => scale <= room) ?? 1;
};

/** OpenCV's INTER_AREA along one side that shrinks. @param {number} from @param {number} to @returns {Tap[]} */
const areaTaps = (from, to) => {
  const scale = 1 / (to / from);
  return Array.from({ length: to }, (_, place) => {
    const begin = place * scale;
    const cell = Math.min(scale, from - begin);
    const end = begin + scale;
    const last = Math.min(Math.floor(end), from - 1);
    const first = Math.min(Math.ceil(begin), last);
    /** @type {number[]} */
    const weights = [];
    const start = first - begin > 1e-3 ? first - 1 : first;
    if (start < first) weights.push((first - begin) / cell);
    for (let each = first; each < last; each++) weights.push(1 / cell);
    if (end - last > 1e-3) weights.push(Math.min(end - last, 1, cell) / cell);
    return { start, weights: Float32Array.from(weights) };
  });
};

/** Blocks of whole pixels, which are summed up. @param {number} scale @param {number} to @returns {Tap[]} */
const blockTaps = (scale, to) =>
  Array.from({ length: to }, (_, place) => ({ start: place * scale, weights: new Float32Array(scale).fill(1) }));

/** OpenCV's INTER_LINEAR, or what it makes of INTER_AREA where a side grows, in 1/2048.
 * @param {number} from @param {number} to @param {boolean} isArea @returns {Tap[]} */
const linearTaps = (from, to, isArea) => {
  const growth = to / from;
  const scale = 1 / growth;
  return Array.from({ length: to }, (_, place) => {
    const middle = Math.fround((place + 0.5) * scale - 0.5);
    const start = Math.floor(isArea ? place * scale : middle);
    let share = Math.fround(isArea ? place + 1 - (start + 1) * growth : middle - start);
    if (isArea) share = share <= 0 ? 0 : share - Math.floor(share);
    const weights = [Math.fround(1 - share), share].map((weight) => round(UNIT * weight));
    return { start, weights: Float32Array.from(weights) };
  });
};

/** What stands beyond the edge is what stands at it. @param {Tap[]} taps @param {number} from @returns {Tap[]} */
const within = (taps, from) =>
  taps.map(({ start, weights }) => {
    if (start >= 0 && start < from - 1) return { start, weights };
    return { start: Math.min(Math.max(start, 0), from - 1), weights: Float32Array.of(UNIT) };
  });

/**
 * How values are weighed along both sides, in OpenCV's own arithmetic: else a picture that lies
 * between two classes gets another probability.
 * @typedef {object} Resize
 * @property {Tap[]} down
 * @property {Tap[]} across
 * @property {(sum: number, weight: number, value: number) => number} add
 * @property {(sum: number) => number} end
 */

/** @param {Box} part @param {Size} to @param {Recipe} recipe @returns {Resize} */
const resize = (part, to, recipe) => {
  const from = [part.height, part.width];
  const [down, across] = from.map((side, axis) => side / to[axis]);
  const isArea = Math.max(down, across) >= SPARE || recipe.interpolation === "area";
  if (!isArea || down < 1 || across < 1)
    return {
      down: linearTaps(from[0], to[0], isArea),
      across: within(linearTaps(from[1], to[1], isArea), from[1]),
      add: (sum, weight, value) => sum + ((weight * (value >> 4)) >> 16),
      end: (sum) => (sum + 2) >> 2,
    };
  if (Number.isInteger(down) && Number.isInteger(across)) {
    const share = Math.fround(1 / (down * across));
    return {
      down: blockTaps(down, to[0]),
      across: blockTaps(across, to[1]),
      add: (sum, _, value) => sum + value,
      end: down === 2 && across === 2 ? (sum) => (sum + 2) >> 2 : (sum) => round(Math.fround(sum * share)),
    };
  }
  return {
    down: areaTaps(from[0], to[0]),
    across: areaTaps(from[1], to[1]),
    add: (sum, weight, value) => Math.fround(sum + Math.fround(weight * value)),
    end: round,
  };
};

/** One row of the part, in the network's channels. @param {Pixels} pixels @param {number} from @param {Uint8Array} row @param {number} channels */
const copyRow = ({ data }, from, row, channels) => {
  if (channels === 3) {
    for (let to = 0; to < row.length; from += 4) {
      row[to++] = data[from];
      row[to++] = data[from + 1];
      row[to++] = data[from + 2];
    }
    return;
  }
  // ITU-R 601, in OpenCV's whole numbers.
  for (let to = 0; to < row.length; from += 4)
    row[to++] = (9798 * data[from] + 19235 * data[from + 1] + 3735 * data[from + 2] + 16384) >> 15;
};

/** @param {Uint8Array} row @param {Tap[]} across @param {number} channels @param {Float32Array} out */
const shrinkRow = (row, across, channels, out) => {
  const { fround } = Math;
  let to = 0;
  for (const { start, weights } of across) {
    let first = fround(0), second = fround(0), third = fround(0);
    let from = start * channels;
    for (let each = 0; each < weights.length; each++) {
      const weight = weights[each];
      first = fround(first + fround(weight * row[from++]));
      if (channels === 1) continue;
      second = fround(second + fround(weight * row[from++]));
      third = fround(third + fround(weight * row[from++]));
    }
    out[to++] = first;
    if (channels === 1) continue;
    out[to++] = second;
    out[to++] = third;
  }
};

/**
 * The network's input for a picture that is decoded, and reduced where the recipe says so.
 * @param {Pixels} pixels Upright, without transparency.
 * @param {Recipe} recipe
 * @returns {Uint8Array} Height x width x channels.
 */
export const networkInput = (pixels, recipe) => {
  /** @type {Size} */
  const size = [pixels.height, pixels.width];
  const [part, box] = [seen(size, recipe), filled(size, recipe)];
  const channels = recipe.color_mode === "rgb" ? 3 : 1;
  const [height, width] = recipe.input_size;
  const input = new Uint8Array(height * width * channels);
  const { down, across, add, end } = resize(part, [box.height, box.width], recipe);
  const row = new Uint8Array(part.width * channels);
  const sums = new Float32Array(box.width * channels);
  // Two rows of the picture make many a row of input where it grows: the last ones are kept.
  const kept = [0, 1].map(() => ({ place: -1, values: new Float32Array(sums.length) }));
  down.forEach(({ start, weights }, place) => {
    sums.fill(0);
    for (let each = 0; each < weights.length; each++) {
      const source = Math.min(Math.max(start + each, 0), part.height - 1);
      const shrunk = kept[source % 2];
      if (shrunk.place !== source) {
        copyRow(pixels, 4 * ((part.top + source) * pixels.width + part.left), row, channels);
        shrinkRow(row, across, channels, shrunk.values);
        shrunk.place = source;
      }
      const { values } = shrunk;
      for (let column = 0; column < sums.length; column++) sums[column] = add(sums[column], weights[each], values[column]);
    }
    const to = ((box.top + place) * width + box.left) * channels;
    for (let column = 0; column < sums.length; column++) input[to + column] = Math.min(end(sums[column]), 255);
  });
  return input;
};

/**
 * The share of validation pictures with a smaller raw number, as numpy.interp() gives it.
 * @param {number} raw
 * @param {{levels: number[], quantiles: number[]}} familiarity
 */
export const familiarityOf = (raw, { levels, quantiles }) => {
  if (raw >= quantiles[quantiles.length - 1]) return levels[levels.length - 1];
  if (!(raw >= quantiles[0])) return levels[0];
  const next = quantiles.findIndex((quantile) => quantile > raw);
  const [low, high] = [quantiles[next - 1], quantiles[next]];
  return levels[next - 1] + ((raw - low) / (high - low)) * (levels[next] - levels[next - 1]);
};
