// @ts-check
// For those who host the page: once seen, it opens without a network. A new version is fetched during one visit and shown
// at the next.

const scope = /** @type {any} */ (self);
const HOME = scope.registration.scope;
const NAME = `roboflow ${HOME} {{ version }}`;
const FILES = ["index.html", "manifest.webmanifest", "icon.svg"];

scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(keep().then(() => scope.skipWaiting())));
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(forgetOlder().then(() => scope.clients.claim())));
scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { url, method } = event.request;
  const name = url.split(/[?#]/)[0].slice(HOME.length) || "index.html";
  if (method === "GET" && url.startsWith(HOME) && FILES.includes(name)) event.respondWith(kept(name, event.request));
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll(FILES.map((file) => new Request(HOME + file, { cache: "reload" })));
}

/** Other pages of the same server keep what is theirs. */
async function forgetOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(`roboflow ${HOME} `) && name !== NAME).map((name) => caches.delete(name)));
}

/** @param {string} name
 *  @param {Request} request */
async function kept(name, request) {
  const cache = await caches.open(NAME);
  return (await cache.match(HOME + name)) ?? fetch(request);
}
