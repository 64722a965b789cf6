// The card with the answer for one picture: the same on Photo and on Many.
import { ask, facts, h, percent } from "./page.js";

const SMALL = 0.01;
const fit = (text) => (text.length <= 10 ? "" : text.length <= 20 ? "long" : "longest");

const others = (answer, model) => {
  const [, ...rest] = answer.scores;
  const named = rest.filter(([, score]) => score >= SMALL);
  const small = model.labels.length - 1 - named.length;
  const list = h("ul", { class: "others" });
  for (const [label, score] of named) list.append(h("li", {}, h("span", {}, label), percent(score)));
  if (small > 0)
    list.append(h("li", { class: "quiet" }, `${small.toLocaleString("en")} ${small > 1 ? "others" : "other"} below 1 %`));
  return list;
};

const bar = (share) =>
  h("progress", { max: 1, value: share, "aria-label": "Probability of the answer" });

const guess = (answer) => {
  const list = h("ul", { class: "others" });
  for (const [label, score] of answer.scores.slice(0, 3))
    list.append(h("li", {}, h("span", {}, label), percent(score)));
  return h("details", {}, h("summary", {}, "If it must be one of them"), list);
};

export const headline = (text, figure) =>
  h("h2", { class: `headline ${fit(text)}` }, h("span", {}, text), figure && h("b", {}, figure));

/** @param answer What the server says. */
export const card = (answer, model, title) => {
  const small = h("p", { class: "quiet" }, `${answer.ms} ms`);
  const name = title && h("p", { class: "model" }, title);
  if (answer.rejected)
    return h(
      "article",
      { class: "card neither" },
      headline(answer.answer),
      name,
      h("p", { class: "words" }, answer.words),
      guess(answer),
      small,
    );
  return h(
    "article",
    { class: "card" },
    headline(answer.answer, percent(answer.score)),
    name,
    bar(answer.score),
    others(answer, model),
    answer.words && h("p", { class: "words" }, answer.words),
    small,
  );
};

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1).replace(/\.?$/, ".")}`;

export const errorCard = (problem) =>
  h(
    "article",
    { class: "card error", role: "alert" },
    headline("No answer"),
    h("p", { class: "words" }, sentence(problem.message)),
    h("p", { class: "quiet" }, "Choose another photo, or try this one again."),
  );

/** "Wrong? It is": one pill for each class, and neither. */
export const corrector = (source, changed = () => {}) => {
  const { labels, neither } = facts().models[0];
  const box = h("div", { class: "corrector" });
  const say = (...nodes) => box.replaceChildren(h("p", { role: "status" }, ...nodes));
  const keep = async (label) => {
    try {
      const query = { source, label };
      const { undo } = await (await ask("keep", query)).json();
      changed(label);
      const back = async () => {
        try {
          await ask("undo", { kept: undo });
          changed(undefined);
          offer();
        } catch (problem) {
          say(problem.message);
        }
      };
      say(`Kept as ${label ?? neither}. `, h("button", { class: "link", onclick: back }, "Undo"));
    } catch (problem) {
      say(problem.message);
    }
  };
  const pill = (label) => h("button", { class: "pill", onclick: () => keep(label) }, label ?? neither);
  const offer = () => {
    box.replaceChildren(h("span", {}, "Wrong? It is"));
    if (labels.length <= 10) box.append(...labels.map(pill));
    else box.append(choice());
    box.append(pill(null));
  };
  const choice = () => {
    const choose = (event) => keep(labels[event.target.value]);
    const select = h("select", { class: "pill", "aria-label": "The right class", onchange: choose });
    select.append(h("option", { value: "" }, "choose a class"));
    labels.forEach((label, place) => select.append(h("option", { value: place }, label)));
    return select;
  };
  offer();
  return box;
};
