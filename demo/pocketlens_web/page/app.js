// Starts the page: the tabs, the model, the self-test.
import * as about from "./about.js";
import { told } from "./elements.js";
import * as live from "./live.js";
import * as many from "./many.js";
import { Model } from "./model.js";
import { part } from "./parts.js";
import * as photo from "./photo.js";

const IDLE = 400;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} name */
const go = (name) => {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  const chosen = tabs.find((tab) => tab.id === `tab-${name}`) ?? tabs[0];
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.setAttribute("tabindex", isChosen ? "0" : "-1");
    element(tab.id.slice(4)).hidden = !isChosen;
  }
};

const followTabs = () => {
  const tabs = [...document.querySelectorAll('[role="tab"]')];
  tabs.forEach((tab, place) => {
    tab.addEventListener("click", () => go(tab.id.slice(4)));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[/** @type {KeyboardEvent} */ (event).key];
      if (!step) return;
      const next = /** @type {HTMLElement} */ (tabs[(place + step + tabs.length) % tabs.length]);
      go(next.id.slice(4));
      next.focus();
    });
  });
  for (const link of document.querySelectorAll('a[href="#model"]'))
    link.addEventListener("click", (event) => {
      event.preventDefault();
      go("model");
    });
};

const keepOffline = async () => {
  const said = element("offline");
  if (!document.querySelector('link[rel="manifest"]')) return;
  if (!navigator.serviceWorker) {
    said.textContent = "It works offline only where it is served with https.";
    return;
  }
  try {
    await navigator.serviceWorker.register("sw.js");
    const { active } = await navigator.serviceWorker.ready;
    if (active) said.textContent = "It works offline from now on.";
  } catch {
    said.textContent = "This browser does not keep it for offline use: its storage is full or switched off.";
  }
};

const facts = JSON.parse(element("facts").textContent ?? "");
followTabs();
const loading = Model.load(facts, part);
photo.start(element("photo"), facts, loading);
live.start(element("live"), loading);
many.start(element("many"), facts, loading);
const shown = about.show(element("model"), facts);
const alarm = element("alarm");
loading.then(
  () => {
    document.documentElement.dataset.ready = "true";
    setTimeout(() => about.test(shown, element("tested"), alarm, loading, () => part("model")), IDLE);
  },
  (problem) => {
    alarm.textContent = told(problem);
    alarm.hidden = false;
  },
);
keepOffline();
