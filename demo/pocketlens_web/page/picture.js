// A picture file -> upright pixels over white, by the browser's own decoder.
import { Problem } from "./elements.js";
import { readJpeg, reduce } from "./jpeg.js";
import { reduction } from "./recipe.js";

/** @typedef {import("./recipe.js").Pixels} Pixels @typedef {import("./recipe.js").Recipe} Recipe */

const MOST_PIXELS = 64e6, MOST_BYTES = 256e6;
const HEADER = 1 << 20;

/** @type {[RegExp, string, string][]} Of the first bytes as Latin-1. */
const KINDS = [
  [/^....ftyp(hei[cxms]|hev[cx]|mif1|msf1)/s, "HEIC", "save it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)"],
  [/^(II\*\0|MM\0\*|II\+\0|MM\0\+)/, "TIFF", "save it as PNG or JPEG"],
  [/^%PDF/, "PDF", "save the page as PNG or JPEG"],
  [/^\0\0\0\x0cjP {2}|^\xff\x4f\xff\x51/, "JPEG 2000", "save it as JPEG"],
  [/^\xff\x0a|^\0\0\0\x0cJXL /, "JPEG XL", "save it as JPEG"],
  [/^P[1-6]\s/, "PNM", "save it as PNG"],
  [/^....ftypavi/s, "AVIF", "try a newer browser, or save it as JPEG"],
];
const SVG = /^\s*(<\?xml|<!-{2}|<!DOCTYPE svg|<svg)/i;

/** @param {number} bytes */
const megabytes = (bytes) => `${Math.ceil(bytes / 1e6).toLocaleString("en")} MB`;

/** Why the browser shows nothing of it. @param {Uint8Array} bytes */
const reason = (bytes) => {
  const start = String.fromCharCode(...bytes.subarray(0, 256));
  for (const [signature, name, advice] of KINDS)
    if (signature.test(start)) return new Problem(`A ${name} file, which this browser cannot open: ${advice}.`);
  const isPicture = /^(\xff\xd8\xff|\x89PNG|GIF8|BM|RIFF....WEBP)/s.test(start);
  if (isPicture) return new Problem("The file is damaged or cut off: copy it again from where it came.");
  return new Problem("This is no picture: choose a JPEG, PNG, WebP, AVIF, GIF or BMP file.");
};

/** Height and width, without decoding. @param {string} address @returns {Promise<[number, number] | null>} */
const sizeOf = (address) =>
  new Promise((done) => {
    const image = new Image();
    image.onload = () => done([image.naturalHeight, image.naturalWidth]);
    image.onerror = () => done(null);
    image.src = address;
  });

/** @type {HTMLCanvasElement | undefined} */
let canvas;

/** What a drawable shows, over white. @param {CanvasImageSource} source @param {number} width @param {number} height @returns {Pixels} */
export const drawn = (source, width, height) => {
  canvas ??= document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new Problem("This browser lends no memory for the picture: close other pages and try again.");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  try {
    const { data } = context.getImageData(0, 0, width, height);
    return { data, width, height };
  } catch {
    throw new Problem(`${width}x${height} pixels are too many for this browser: make the picture smaller.`);
  } finally {
    canvas.width = canvas.height = 1;
  }
};

/**
 * The pixels that the recipe begins with.
 * @param {Blob} file @param {Recipe} recipe
 * @returns {Promise<Pixels & {size: [number, number], scale: number}>} `size`: height and width of
 *   the upright picture; `scale`: by how much a JPEG was reduced.
 */
export const decode = async (file, recipe) => {
  if (!file.size) throw new Problem("The file is empty.");
  if (file.size > MOST_BYTES) throw new Problem(`${megabytes(file.size)}; at most ${megabytes(MOST_BYTES)} are read.`);
  let bytes;
  try {
    bytes = new Uint8Array(await file.slice(0, HEADER).arrayBuffer());
  } catch {
    throw new Problem("The file cannot be read: it was moved, deleted or changed.");
  }
  if (SVG.test(String.fromCharCode(...bytes.subarray(0, 256))))
    throw new Problem("An SVG is a drawing, no photo: save it as PNG.");
  // Without a type of its own: the browser goes by the content, as the runtime does.
  const content = file.slice(0, file.size, "");
  const address = URL.createObjectURL(content);
  try {
    const size = await sizeOf(address);
    if (!size) throw reason(bytes);
    if (size[0] * size[1] > MOST_PIXELS)
      throw new Problem(`${size[1].toLocaleString("en")} x ${size[0].toLocaleString("en")} pixels; at most 64 million are decoded: make the picture smaller.`);
    return { ...(await pixelsOf(content, bytes, recipe)), size };
  } finally {
    URL.revokeObjectURL(address);
  }
};

/**
 * Whether a JPEG or PNG has its end: Firefox shows what there is of the others.
 * @param {Blob} file
 */
const isWhole = async (file) => {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isJpeg && bytes[0] !== 0x89) return true;
  const end = isJpeg ? [0xff, 0xd9] : [0x49, 0x45, 0x4e, 0x44];
  for (let place = bytes.lastIndexOf(end[0]); place > 0; place = bytes.lastIndexOf(end[0], place - 1))
    if (end.every((byte, each) => bytes[place + each] === byte)) return true;
  return false;
};

/** @param {Blob} content @param {Uint8Array} bytes @param {Recipe} recipe @returns {Promise<Pixels & {scale: number}>} */
const pixelsOf = async (content, bytes, recipe) => {
  if (!(await isWhole(content))) throw reason(bytes);
  let bitmap;
  try {
    bitmap = await createImageBitmap(content, { colorSpaceConversion: "none" });
  } catch {
    throw reason(bytes);
  }
  try {
    const pixels = drawn(bitmap, bitmap.width, bitmap.height);
    const jpeg = readJpeg(bytes);
    const scale = jpeg ? reduction([pixels.height, pixels.width], recipe) : 1;
    return { ...(jpeg && scale > 1 ? reduce(pixels, jpeg, scale) : pixels), scale };
  } finally {
    bitmap.close();
  }
};
