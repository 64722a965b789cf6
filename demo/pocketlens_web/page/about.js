// The tab Model: what the file says of itself, and the self-test of this browser.
import { h, told } from "./elements.js";
import { selftest } from "./selftest.js";

/** @typedef {import("./model.js").Facts} Facts */

/** @param {HTMLElement} root @param {Facts} facts */
export const show = (root, facts) => {
  const tiles = Object.entries(facts.figures).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, h("b", {}, value))));
  const list = h("ul", { class: "checks" });
  const verdict = h("p", { class: "words", role: "status", id: "selftest" }, "The self-test has not run yet.");
  root.append(h("h2", {}, facts.name), h("dl", { class: "tiles" }, ...tiles), h("h3", {}, "Self-test"), verdict, list);
  return { list, verdict };
};

/**
 * Runs the self-test and shows what came of it.
 * @param {ReturnType<typeof show>} about @param {HTMLElement} link @param {HTMLElement} alarm
 * @param {Promise<import("./model.js").Model>} loading @param {() => Promise<Uint8Array<ArrayBuffer>>} content
 */
export const test = async ({ list, verdict }, link, alarm, loading, content) => {
  try {
    const checks = await selftest(await loading, await content());
    const isPassed = checks.every((check) => check.passed);
    list.replaceChildren(
      ...checks.map(({ name, passed, message }) => h("li", { class: passed ? "" : "failed" }, h("b", {}, `${passed ? "passed" : "FAILED"} ${name}`), `: ${message}`)),
    );
    const failed = "This browser answers otherwise than the model does elsewhere: use another browser, or one that lets pages read pictures.";
    verdict.textContent = isPassed ? `Passed: this browser gives the answers that the model gave when it was exported.` : failed;
    link.textContent = isPassed ? "Self-test passed" : "Self-test failed";
    alarm.textContent = isPassed ? "" : failed;
    alarm.hidden = isPassed;
  } catch (problem) {
    verdict.textContent = `The self-test could not run. ${told(problem)}`;
    link.textContent = "Self-test could not run";
  }
};
