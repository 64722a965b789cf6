// The tab Many: answers begin to come as soon as photos are dropped.
import { atHand, labelOf, tile } from "./gallery.js";
import { csv, table } from "./table.js";
import { threshold } from "./threshold.js";
import { answerFor, ask, facts, h, Problem } from "./page.js";

const AT_ONCE = 4, FIRST_TILES = 48, BUSY = 500;
const SYSTEM = /(^|[/\\])(\.[^/\\]*|Thumbs\.db|desktop\.ini)$/i;
const count = (number, one, several = `${one}s`) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : several}`;

export const start = (element, most) => {
  const root = element.querySelector(".many");
  let rows = [], filter = null, isTable = false, stopping = null, notes = [];

  const row = (name, source) => {
    const folder = name.split(/[/\\]/).at(-2)?.toLowerCase();
    const truth = facts().models[0].labels.find((label) => label.toLowerCase() === folder);
    const made = { name, source, truth, answer: null, error: null, rejected: false };
    made.mark = (label) => {
      made.truth = label === undefined ? truth : label;
      draw();
    };
    return made;
  };
  const members = async (file, signal) => {
    const form = new FormData();
    form.append("files", file);
    const sent = await fetch("gradio_api/upload", { method: "POST", body: form, signal });
    const said = await sent.json().catch(() => ({}));
    if (!sent.ok) throw new Problem(said.detail ?? "The zip file could not be sent.");
    const source = { path: said[0], name: file.name };
    const found = await (await ask("members", { source, method: "GET", signal })).json();
    if (found.passed)
      notes.push(`${count(found.passed, "file that is no picture was", "files that are no pictures were")} passed over.`);
    return found.names.map((name, member) => row(name, { ...source, member }));
  };
  const listed = async (files, signal) => {
    const found = [];
    for (const file of files) {
      const name = file.webkitRelativePath || file.name;
      if (SYSTEM.test(name)) continue;
      if (!/\.zip$/i.test(name)) found.push(row(name, file));
      else {
        say(`${name} is being unpacked`);
        found.push(...(await members(file, signal)));
      }
      if (found.length > most)
        throw new Problem(`More than ${most.toLocaleString("en")} pictures; drop them in several parts.`);
    }
    return found;
  };
  const answerRow = async (each, signal) => {
    try {
      each.answer = await answerFor(each.source, facts().models[0].key, { signal });
      each.rejected = each.answer.rejected;
    } catch (problem) {
      if (signal.aborted) throw problem;
      if (!problem.isBusy) each.error = problem.message;
      else {
        await new Promise((next) => setTimeout(next, BUSY));
        await answerRow(each, signal);
      }
    }
  };
  const run = async (files) => {
    if (!files.length) return;
    stopping?.abort();
    const { signal } = (stopping = new AbortController());
    [rows, filter, notes] = [[], null, []];
    atHand.rows = [];
    root.dataset.state = "running";
    draw();
    let waiting = [], total = 0;
    try {
      const all = await listed(files, signal);
      total = all.length;
      waiting = [...all];
      const work = async () => {
        for (let each = waiting.shift(); each; each = waiting.shift()) {
          await answerRow(each, signal);
          if (signal.aborted) return;
          rows.push(each);
          bar.max = total;
          bar.value = rows.length;
          said.textContent = `${rows.length.toLocaleString("en")} of ${total.toLocaleString("en")}`;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const places = new Map(all.map((each, place) => [each, place]));
      rows.sort((a, b) => places.get(a) - places.get(b));
      if (!signal.aborted) done(count(rows.length, "photo"));
    } catch (problem) {
      if (!signal.aborted) done(problem.message);
    }
  };
  const done = (text) => {
    root.dataset.state = "done";
    const right = rows.filter((each) => each.truth && !each.rejected && each.truth === each.answer?.label);
    const known = rows.filter((each) => each.truth && each.answer);
    if (known.length) notes.push(`Right for ${right.length.toLocaleString("en")} of ${known.length.toLocaleString("en")} in folders of a class.`);
    say([text.replace(/\.?$/, "."), ...notes].join(" "));
    atHand.rows = rows;
    draw();
  };
  const stop = () => {
    stopping?.abort();
    done(`Stopped after ${count(rows.length, "photo")}`);
  };

  const say = (text) => (said.textContent = text);
  const certainty = (each) => {
    const { answer } = each;
    if (each.rejected) return -answer.familiarity;
    return answer ? answer.score : 0;
  };
  const groups = () => {
    const found = new Map();
    for (const each of rows) {
      const key = each.answer ? labelOf(each) : "unreadable";
      found.set(key, [...(found.get(key) ?? []), each]);
    }
    const { labels, neither } = facts().models[0];
    const order = [...labels, neither, "unreadable"].filter((key) => found.has(key));
    return order.map((key) => [key, found.get(key).sort((a, b) => certainty(a) - certainty(b))]);
  };
  const chip = (key, text) => {
    const act = () => {
      filter = key;
      draw();
    };
    return h("button", { class: "pill", "aria-pressed": String(filter === key), onclick: act }, text);
  };
  const save = () => {
    const link = h("a", { href: URL.createObjectURL(csv(rows)), download: "answers.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href));
  };
  const section = ([key, members]) => {
    const grid = h("div", { class: "tiles-of" });
    const add = (some) => grid.append(...some.map((each) => tile(each, members)));
    add(members.slice(0, FIRST_TILES));
    const rest = members.slice(FIRST_TILES);
    const more = h("button", { class: "button" }, `Show ${rest.length.toLocaleString("en")} more`);
    more.addEventListener("click", () => (add(rest), more.remove()));
    const title = h("h3", {}, key, " ", h("span", { class: "quiet" }, members.length.toLocaleString("en")));
    return h("section", {}, title, grid, rest.length ? more : null);
  };
  const draw = () => {
    const all = groups();
    if (filter && !all.some(([key]) => key === filter)) filter = null;
    const chips = all.map(([key, members]) => chip(key, `${members.length.toLocaleString("en")} ${key}`));
    const toggle = () => {
      isTable = !isTable;
      draw();
    };
    chipRow.replaceChildren(
      h("div", { class: "tools" }, chip(null, `All ${rows.length.toLocaleString("en")}`), ...chips),
      h("div", { class: "tools" }, h("button", { class: "button", onclick: toggle }, isTable ? "Pictures" : "Table"), h("button", { class: "button", onclick: save }, "Download CSV")),
    );
    const shown = all.filter(([key]) => filter === null || key === filter);
    results.replaceChildren(
      ...(isTable ? [table(rows.filter((each) => shown.some(([, some]) => some.includes(each))))] : shown.map(section)),
    );
    neither.update(rows);
  };

  const input = (more, label) => {
    const made = h("input", { type: "file", multiple: true, "aria-label": label, ...more });
    made.addEventListener("change", () => {
      const files = [...made.files];
      made.value = "";
      run(files);
    });
    return made;
  };
  const files = input({ accept: "image/*,.heic,.heif,.tif,.tiff,.jp2,.jxl,.tga,.ico,.zip" }, "Choose photos or zip files");
  const folder = input({ webkitdirectory: true }, "Choose a folder");
  const button = (text, act, kind = "") => h("button", { class: `button ${kind}`, onclick: act }, text);
  const zone = h(
    "div",
    { class: "zone" },
    h("h2", {}, "Many photos at once"),
    h("p", {}, button("Choose photos", () => files.click(), "first"), button("Choose a folder", () => folder.click())),
    h("p", { class: "quiet" }, `or drop them, or zip files of them; at most ${most.toLocaleString("en")}`),
  );
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const said = h("p", { role: "status", class: "said" });
  const running = h("div", { class: "running" }, bar, said, button("Stop", stop));
  const chipRow = h("div", { class: "chip-row" });
  const results = h("div", { class: "results" });
  const neither = threshold(() => draw());
  root.append(files, folder, zone, running, chipRow, neither.element, results);
  root.dataset.state = "empty";
  for (const name of ["dragover", "dragleave", "drop"])
    root.addEventListener(name, (event) => {
      event.preventDefault();
      root.classList.toggle("over", name === "dragover");
    });
  root.addEventListener("drop", (event) => run([...event.dataTransfer.files]));
};
