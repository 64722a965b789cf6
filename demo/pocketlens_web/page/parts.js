// The large parts of the page: in it, as base64 of gzip, or beside it, named by their digest.
import { Problem } from "./elements.js";
import { fromBase64 } from "./selftest.js";

/** @typedef {"runtime" | "wasm" | "model"} Name */

/** @param {Name} name @returns {Promise<Uint8Array<ArrayBuffer>>} */
export const part = async (name) => {
  const node = document.querySelector(`script[data-part="${name}"]`);
  if (!(node instanceof HTMLElement)) throw new Problem("The page is cut off: copy it again.");
  const source = node.dataset.source ? await beside(node.dataset.source) : fromBase64(node.textContent?.trim() ?? "");
  try {
    const unpacked = new Blob([source]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch {
    throw new Problem("The page is damaged: copy it again.");
  }
};

/** @param {string} address */
const beside = async (address) => {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw new Problem("A part of the page cannot be loaded: go online and open it again.");
  return new Uint8Array(await response.arrayBuffer());
};
