// Elements, and numbers in words: as on the page that `pocketlens demo` serves.

/** What a visitor is told, in a sentence. */
export class Problem extends Error {}

/**
 * An element; texts become text nodes, so that no name is ever read as markup.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [properties] Attributes, and listeners as onclick.
 * @param {(Node | string | null | undefined)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export const h = (tag, properties = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const child of children) if (child != null) node.append(child);
  return node;
};

/** @param {string} text @param {(event: Event) => void} act */
export const button = (text, act, kind = "") => h("button", { class: `button ${kind}`, type: "button", onclick: act }, text);

/** Probabilities are never 0 or 1. @param {number} share */
export const percent = (share) => {
  if (share > 0.999) return "over 99.9 %";
  if (share < 0.001) return "under 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
};

/** @param {number} number @param {string} one */
export const count = (number, one, several = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : several}`;

/** @param {unknown} error */
export const told = (error) => {
  if (error instanceof Problem) return error.message;
  return `This browser failed (${error instanceof Error ? error.message : error}). Try another browser.`;
};

/** Files that are dropped there. @param {HTMLElement} root @param {(files: File[]) => void} take */
export const onDrop = (root, take) => {
  for (const name of /** @type {const} */ (["dragover", "dragleave", "drop"]))
    root.addEventListener(name, (event) => {
      event.preventDefault();
      root.classList.toggle("over", name === "dragover");
      const files = name === "drop" ? [...(event.dataTransfer?.files ?? [])] : [];
      if (files.length) take(files);
    });
};

/** A hidden input for files. @param {string} label @param {Record<string, any>} more @param {(files: File[]) => void} take */
export const chooser = (label, more, take) => {
  const input = h("input", { type: "file", "aria-label": label, ...more });
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    if (files.length) take(files);
  });
  return input;
};
