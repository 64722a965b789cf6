// A JPEG decoded at 1/2, 1/4 or 1/8: browsers decode it whole, so its blocks are averaged here.
//
// libjpeg's reduced inverse DCT gives averages of the pixels that the whole one gives; colours of
// half the resolution it leaves as they are, where the browser has smoothed them already.

/** @typedef {import("./recipe.js").Pixels} Pixels */
/**
 * @typedef {object} Jpeg
 * @property {number} orientation As in EXIF, 1 to 8.
 * @property {[number, number]} sampling How many pixels share a colour: down, across.
 * @property {number} height Stored rows.
 * @property {number} width
 */

const EXIF = 0xe1, SCAN = 0xda, END = 0xd9;

/** @param {number} marker */
const isFrame = (marker) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** @param {DataView} view @param {number} start @param {number} stop */
const orientationOf = (view, start, stop) => {
  const order = stop - start >= 8 ? view.getUint32(start) : 0;
  const isLittle = order === 0x49492a00;
  if (!isLittle && order !== 0x4d4d002a) return 1;
  const first = start + view.getUint32(start + 4, isLittle);
  if (first + 2 > stop) return 1;
  const entries = view.getUint16(first, isLittle);
  for (let place = first + 2, each = 0; each < entries && place + 12 <= stop; each++, place += 12) {
    const [tag, kind] = [view.getUint16(place, isLittle), view.getUint16(place + 2, isLittle)];
    const [count, value] = [view.getUint32(place + 4, isLittle), view.getUint16(place + 8, isLittle)];
    if (tag === 0x0112 && kind === 3 && count > 0 && count <= 2 && value >= 1 && value <= 8) return value;
  }
  return 1;
};

/**
 * What a JPEG says of itself before its first scan; null: it is none, or damaged.
 * @param {Uint8Array} bytes Its beginning.
 * @returns {Jpeg | null}
 */
export const readJpeg = (bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return null;
  let orientation = 0;
  /** @type {Jpeg | null} */
  let found = null;
  for (let place = 2; place + 4 <= bytes.length; ) {
    const marker = bytes[place + 1];
    if (bytes[place] !== 0xff || marker === 0xff || marker < 0xc0 || (marker >= 0xd0 && marker <= 0xd8)) {
      place++;
      continue;
    }
    if (marker === SCAN || marker === END) break;
    const start = place + 4;
    const stop = Math.min(place + 2 + view.getUint16(place + 2), bytes.length);
    if (marker === EXIF && !orientation && stop - start > 6 && view.getUint32(start) === 0x45786966)
      orientation = orientationOf(view, start + 6, stop);
    else if (isFrame(marker) && stop - start >= 9) {
      const [height, width] = [view.getUint16(start + 1), view.getUint16(start + 3)];
      const isGrey = bytes[start + 5] < 3 || stop - start < 15;
      /** @param {number} shift @returns {number} */
      const shared = (shift) => ((bytes[start + 7] >> shift) & 15) / ((bytes[start + 10] >> shift) & 15 || 1);
      found = { orientation: 1, sampling: isGrey ? [1, 1] : [shared(0), shared(4)], height, width };
    }
    place = Math.max(stop, place + 2);
  }
  if (found) found.orientation = orientation || 1;
  return found;
};

/**
 * Where the blocks of one side begin and end, in the upright picture.
 * @param {number} side @param {number} length @param {boolean} isTurned The first block is the last one stored.
 */
const blocks = (side, length, isTurned) => {
  const edges = [0];
  const first = (isTurned && side % length) || length;
  for (let edge = first; edge < side; edge += length) edges.push(edge);
  return [...edges, side];
};

/**
 * The means of blocks, four values each, as they are and sharpened.
 *
 * The browser has doubled shared colours, with a quarter of the neighbour's in each: sharpened are
 * the means before that. The pixels at a block's border weigh 3/2, those beyond it -1/2.
 * @param {Pixels} pixels @param {number[]} rows @param {number[]} columns
 * @param {[boolean, boolean]} isDoubled Down, across.
 */
const means = ({ data, width, height }, rows, columns, [isDown, isAcross]) => {
  const length = 4 * (columns.length - 1);
  const plain = new Float32Array(length * (rows.length - 1));
  const sharp = isDown || isAcross ? new Float32Array(plain.length) : plain;
  const sums = new Float32Array(4 * width);
  /** @param {number} y @param {number} weight */
  const add = (y, weight) => {
    for (let each = 0, from = y * sums.length; each < sums.length; each++) sums[each] += weight * data[from++];
  };
  /** @param {Float32Array} out @param {number} row @param {boolean} isSharp */
  const put = (out, row, isSharp) => {
    const high = rows[row + 1] - rows[row];
    for (let column = 0, to = row * length; column + 1 < columns.length; column++)
      for (let channel = 0; channel < 4; channel++, to++) {
        const first = 4 * columns[column] + channel;
        const last = 4 * columns[column + 1] - 4 + channel;
        let sum = 0;
        for (let place = first; place <= last; place += 4) sum += sums[place];
        if (isSharp && first >= 4) sum += (sums[first] - sums[first - 4]) / 2;
        if (isSharp && last + 4 < sums.length) sum += (sums[last] - sums[last + 4]) / 2;
        out[to] = (4 * sum) / (high * (last - first + 4));
      }
  };
  for (let row = 0; row + 1 < rows.length; row++) {
    const first = rows[row];
    const stop = rows[row + 1];
    sums.fill(0);
    for (let y = first; y < stop; y++) add(y, 1);
    put(plain, row, false);
    if (sharp === plain) continue;
    if (isDown && first > 0) {
      add(first, 0.5);
      add(first - 1, -0.5);
    }
    if (isDown && stop < height) {
      add(stop - 1, 0.5);
      add(stop, -0.5);
    }
    put(sharp, row, isAcross);
  }
  return { plain, sharp };
};

/**
 * Which two of the wider blocks of colour make each block, and the share of the second.
 * @param {number[]} edges @param {number[]} cells @param {boolean} isSmooth
 * @returns {[number, number, number][]}
 */
const doubled = (edges, cells, isSmooth) => {
  let cell = 0;
  return edges.slice(0, -1).map((edge) => {
    if (edge >= cells[cell + 1]) cell++;
    const other = edge === cells[cell] ? cell - 1 : cell + 1;
    return [cell, Math.min(Math.max(other, 0), cells.length - 2), isSmooth && edges.length > cells.length ? 0.25 : 0];
  });
};

/** @param {Float32Array} rgb @param {number} place */
const luma = (rgb, place) => 0.299 * rgb[place] + 0.587 * rgb[place + 1] + 0.114 * rgb[place + 2];

/**
 * The picture that libjpeg decodes at 1/scale.
 * @param {Pixels} pixels As the browser decodes it, upright.
 * @param {Jpeg} jpeg
 * @param {number} scale 2, 4 or 8.
 * @returns {Pixels}
 */
export const reduce = (pixels, { orientation, sampling }, scale) => {
  const shared = orientation < 5 ? sampling : [sampling[1], sampling[0]];
  const turned = [[3, 4, 7, 8].includes(orientation), [2, 3, 6, 7].includes(orientation)];
  const sides = [pixels.height, pixels.width];
  // Of colours that are shared along one side alone libjpeg makes blocks twice as long, and doubles them.
  const isUneven = shared[0] !== shared[1];
  const edges = sides.map((side, axis) => blocks(side, scale, turned[axis]));
  const cells = sides.map((side, axis) => blocks(side, isUneven ? scale * shared[axis] : scale, turned[axis]));
  /** @type {[boolean, boolean]} */
  const isDoubled = [shared[0] === 2, shared[1] === 2];
  const { plain: bright, sharp } = means(pixels, edges[0], edges[1], isUneven ? [false, false] : isDoubled);
  const colours = isUneven ? means(pixels, cells[0], cells[1], isDoubled).sharp : sharp;
  const [rows, columns] = edges.map((each, axis) => doubled(each, cells[axis], scale < 8));
  const data = new Uint8ClampedArray(bright.length);
  const wide = cells[1].length - 1;
  const colour = new Float32Array(3);
  rows.forEach(([row, otherRow, down], y) =>
    columns.forEach(([column, otherColumn, across], x) => {
      const place = 4 * (y * columns.length + x);
      const first = 4 * (row * wide + column);
      const second = 4 * (row * wide + otherColumn);
      const third = 4 * (otherRow * wide + column);
      const own = 1 - across - down;
      for (let channel = 0; channel < 3; channel++)
        colour[channel] = own * colours[first + channel] + across * colours[second + channel] + down * colours[third + channel];
      const lift = luma(bright, place) - luma(colour, 0);
      for (let channel = 0; channel < 3; channel++) data[place + channel] = colour[channel] + lift;
      data[place + 3] = 255;
    }),
  );
  return { data, width: columns.length, height: rows.length };
};
