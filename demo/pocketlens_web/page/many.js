// The tab Many: answers begin to come as soon as photos are dropped; then tiles, grouped by class.
import { card, errorCard, layer } from "./answer.js";
import { csv } from "./csv.js";
import { button, chooser, count, h, onDrop, percent, told } from "./elements.js";
import { decode } from "./picture.js";

/** @typedef {import("./model.js").Answer} Answer */
/** @typedef {{name: string, file: File, answer: Answer | null, error: string, thumbnail: string}} Row */

const MOST = 5000, FIRST_TILES = 48, THUMBNAIL = 240, UNREADABLE = "unreadable";
const SYSTEM = /(^|[/\\])(\.[^/\\]*|Thumbs\.db|desktop\.ini)$/i;

/** @param {Row} row */
const certainty = ({ answer }) => (answer?.rejected ? -(answer.familiarity ?? 0) : (answer?.score ?? 0));

/** A small picture of what was decoded. @param {import("./recipe.js").Pixels} pixels @returns {Promise<string>} */
const thumbnailOf = async ({ data, width, height }) => {
  const scale = Math.min(1, THUMBNAIL / Math.min(width, height));
  const canvas = h("canvas", { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
  const bitmap = await createImageBitmap(new ImageData(/** @type {any} */ (data), width, height));
  canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((done) => canvas.toBlob((blob) => done(blob ? URL.createObjectURL(blob) : ""), "image/jpeg", 0.8));
};

/** @param {HTMLElement} root @param {import("./model.js").Facts} facts @param {Promise<import("./model.js").Model>} loading */
export const start = (root, facts, loading) => {
  /** @type {Row[]} */
  let rows = [];
  /** @type {string | null} */
  let filter = null;
  let turn = 0;

  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const said = h("p", { role: "status", class: "said" });
  const chips = h("div", { class: "chip-row" });
  const results = h("div", { class: "results" });

  /** @param {Row} row */
  const answerRow = async (row) => {
    try {
      const model = await loading;
      const begin = performance.now();
      const pixels = await decode(row.file, facts.preprocessing);
      row.answer = await model.answer(pixels, { size: pixels.size });
      row.answer.ms = performance.now() - begin;
      row.thumbnail = await thumbnailOf(pixels);
    } catch (problem) {
      row.error = told(problem);
    }
  };
  /** @param {File[]} files */
  const run = async (files) => {
    const mine = ++turn;
    for (const row of rows) URL.revokeObjectURL(row.thumbnail);
    [rows, filter] = [[], null];
    const all = files
      .map((file) => ({ name: file.webkitRelativePath || file.name, file, answer: null, error: "", thumbnail: "" }))
      .filter(({ name }) => !SYSTEM.test(name));
    if (all.length > MOST) return done(`${all.length.toLocaleString("en")} files; at most ${MOST.toLocaleString("en")}: drop them in several parts.`);
    root.dataset.state = "running";
    bar.max = all.length;
    for (const row of all) {
      await answerRow(row);
      if (mine !== turn) return URL.revokeObjectURL(row.thumbnail);
      rows.push(row);
      bar.value = rows.length;
      said.textContent = `${rows.length.toLocaleString("en")} of ${all.length.toLocaleString("en")}`;
      // The page stays alive between two pictures.
      await new Promise((next) => setTimeout(next));
    }
    if (mine === turn) done(`${count(rows.length, "photo")}.`);
  };
  /** @param {string} text */
  const done = (text) => {
    root.dataset.state = "done";
    said.textContent = text;
    draw();
  };
  const stop = () => {
    turn++;
    done(`Stopped after ${count(rows.length, "photo")}.`);
  };
  const groups = () => {
    const keys = [...facts.labels, facts.neither, UNREADABLE];
    const found = keys.map((key) => /** @type {[string, Row[]]} */ ([key, rows.filter((row) => key === (row.answer?.answer ?? UNREADABLE))]));
    return found.filter(([, some]) => some.length).map(([key, some]) => /** @type {[string, Row[]]} */ ([key, some.sort((a, b) => certainty(a) - certainty(b))]));
  };
  const save = () => {
    const link = h("a", { href: URL.createObjectURL(csv(rows, facts.labels)), download: "answers.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  };
  /** @param {string | null} key @param {string} text */
  const chip = (key, text) => {
    const act = () => {
      filter = key;
      draw();
    };
    return h("button", { class: "pill", type: "button", "aria-pressed": String(filter === key), onclick: act }, text);
  };
  /** @param {[string, Row[]]} group */
  const section = ([key, some]) => {
    const tiles = h("div", { class: "tiles-of" });
    const box = h("section", {}, h("h3", {}, `${key}, ${count(some.length, "photo")}`), tiles);
    const more = button("", () => add(some.length), "more");
    /** @param {number} most */
    const add = (most) => {
      tiles.append(...some.slice(tiles.childElementCount, most).map((row) => tile(row, some)));
      more.textContent = `All ${some.length.toLocaleString("en")}`;
      more.hidden = tiles.childElementCount === some.length;
    };
    box.append(more);
    add(FIRST_TILES);
    return box;
  };
  const draw = () => {
    const found = groups();
    const all = [chip(null, `All ${rows.length.toLocaleString("en")}`), ...found.map(([key, some]) => chip(key, `${some.length.toLocaleString("en")} ${key}`))];
    chips.replaceChildren(h("div", { class: "tools" }, ...all), button("Save as CSV", save));
    chips.hidden = !rows.length;
    results.replaceChildren(...found.filter(([key]) => filter === null || key === filter).map(section));
  };
  /** @param {Row} row @param {Row[]} some */
  const tile = (row, some) => {
    const { answer } = row;
    const figure = answer && !answer.rejected ? percent(answer.score) : (answer?.answer ?? "not readable");
    const image = answer && h("img", { alt: "", loading: "lazy", src: row.thumbnail });
    const label = `${row.name}: ${answer?.answer ?? "not readable"} ${answer && !answer.rejected ? figure : ""}`;
    return h("button", { class: "tile", type: "button", "aria-label": label, title: row.name, onclick: () => enlarge(row, some, facts, loading) }, image, h("span", {}, figure));
  };

  const files = chooser("Choose photos", { accept: "image/*", multiple: true }, run);
  const folder = chooser("Choose a folder", { webkitdirectory: true, multiple: true }, run);
  const zone = h(
    "div",
    { class: "zone" },
    h("h2", {}, "Many photos at once"),
    h("p", {}, button("Choose photos", () => files.click(), "first"), button("Choose a folder", () => folder.click())),
    h("p", { class: "quiet" }, `or drop them; at most ${MOST.toLocaleString("en")}`),
  );
  onDrop(root, run);
  root.append(files, folder, zone, h("div", { class: "running" }, bar, said, button("Stop", stop)), chips, results);
  root.dataset.state = "empty";
};

/** One picture large, with its map. @param {Row} row @param {Row[]} rows @param {import("./model.js").Facts} facts @param {Promise<import("./model.js").Model>} loading */
const enlarge = (row, rows, facts, loading) => {
  const side = h("div", { class: "side" });
  const stage = h("div", { class: "stage" });
  let place = rows.indexOf(row);
  let address = "";
  const show = async () => {
    const shown = rows[place];
    URL.revokeObjectURL(address);
    address = URL.createObjectURL(shown.file);
    const image = h("img", { class: "shown", alt: shown.name, src: address });
    const frame = h("div", { class: "frame" }, shown.answer ? image : null);
    stage.replaceChildren(frame);
    side.replaceChildren(h("p", { class: "quiet" }, shown.name), shown.answer ? card(shown.answer) : errorCard(shown.error));
    if (!shown.answer || !facts.explains) return;
    const pixels = await decode(shown.file, facts.preprocessing);
    const map = layer(await (await loading).answer(pixels, { explain: true, size: pixels.size }), facts.preprocessing);
    if (map) frame.append(map);
  };
  /** @param {number} by */
  const step = (by) => {
    place = (place + by + rows.length) % rows.length;
    show().catch(() => {});
  };
  const tools = h("div", { class: "tools" }, button("Previous", () => step(-1)), button("Next", () => step(1)), button("Close", () => dialog.close()));
  const dialog = h("dialog", { class: "large", "aria-label": "One picture" }, stage, side, tools);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    if (event.key === "ArrowLeft") step(-1);
  });
  dialog.addEventListener("close", () => {
    URL.revokeObjectURL(address);
    dialog.remove();
  });
  document.body.append(dialog);
  step(0);
  dialog.showModal();
};
