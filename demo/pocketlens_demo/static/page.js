// What all tabs share: elements, numbers in words, requests, and deep links to the tabs.
export const MAX_PHOTO = 20e6;

export class Problem extends Error {}

/** An element; texts become text nodes, so that no name is ever read as markup. */
export const h = (tag, properties = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
};

/** Probabilities are never 0 or 1. */
export const percent = (share) => {
  if (share > 0.999) return "over 99.9 %";
  if (share < 0.001) return "under 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
};

export const megabytes = (bytes) => `${Math.ceil(bytes / 1e6)} MB`;

/** What the server has told of its models; those of a visitor who uses a taught one differ. */
export const facts = () => JSON.parse(document.querySelector("[data-facts]").dataset.facts);

/** Asks one of the page's routes; `source` is a File, or { path, name, member } of a zip file. */
export const ask = async (route, { source, method = "POST", signal, ...query } = {}) => {
  const isFile = source instanceof Blob;
  if (isFile && source.size > MAX_PHOTO)
    throw new Problem(`${megabytes(source.size)}; at most ${megabytes(MAX_PHOTO)} for a photo.`);
  const asked = Object.entries({ ...query, ...(isFile ? {} : source) });
  const parameters = new URLSearchParams(asked.filter(([, value]) => value != null));
  let response;
  try {
    const body = isFile ? source : undefined;
    response = await fetch(`page/${route}?${parameters}`, { method, body, signal });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("The server does not answer. Once it is back, try the photo again.");
  }
  if (response.ok) return response;
  const reason = await response.json().catch(() => ({}));
  const problem = new Problem(reason.detail ?? `The server says ${response.status}. Try again.`);
  problem.isBusy = response.status === 503;
  throw problem;
};

export const answerFor = async (source, model, more = {}) => {
  const answer = await (await ask("answer", { source, model, ...more })).json();
  if (answer.error) throw new Problem(answer.error);
  return answer;
};

/** What can be shown of a picture: the file itself, or what the server makes of it. */
export const showIn = (image, source, side = 1024) =>
  new Promise((done) => {
    const release = () => image.src.startsWith("blob:") && URL.revokeObjectURL(image.src);
    const fetched = async () => {
      try {
        const response = await ask("preview", { source, side });
        image.onerror = () => done(false);
        image.src = URL.createObjectURL(await response.blob());
      } catch {
        done(false);
      }
    };
    image.onload = () => done(true);
    image.onerror = source instanceof Blob ? fetched : () => done(false);
    release();
    if (source instanceof Blob) image.src = URL.createObjectURL(source);
    else image.src = `page/preview?${new URLSearchParams({ ...source, side })}`;
  });

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
const named = (name) => tabs().find((tab) => tab.textContent.trim().toLowerCase() === name);

export const go = (name) => named(name)?.click();

/** #many opens the tab Many, and the address says which tab is open. */
export const followLinks = () => {
  const follow = () => go(decodeURIComponent(location.hash.slice(1)));
  window.addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) history.replaceState(null, "", `#${tab.textContent.trim().toLowerCase()}`);
    const link = event.target.closest('a[href^="#"]');
    // With a <base> a bare fragment would leave the page.
    if (!link) return;
    event.preventDefault();
    go(link.hash.slice(1));
  });
  follow();
};
