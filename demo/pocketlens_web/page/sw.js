// Keeps the site for offline use; parts whose digest is the same are not loaded again.
const FILES = $files;
const NAME = "pocketlens-$digest";

const keep = async () => {
  const cache = await caches.open(NAME);
  for (const file of FILES) {
    const known = file.startsWith("parts/") ? await caches.match(file) : null;
    if (known) await cache.put(file, known);
    else await cache.add(new Request(file, { cache: "reload" }));
  }
};

const forget = async () => {
  for (const name of await caches.keys())
    if (name.startsWith("pocketlens-") && name !== NAME) await caches.delete(name);
};

self.addEventListener("install", (event) => event.waitUntil(keep().then(() => self.skipWaiting())));
self.addEventListener("activate", (event) => event.waitUntil(forget().then(() => self.clients.claim())));
self.addEventListener("fetch", (event) => {
  const found = caches.open(NAME).then((cache) => cache.match(event.request, { ignoreSearch: true }));
  event.respondWith(found.then((response) => response ?? fetch(event.request)));
});
