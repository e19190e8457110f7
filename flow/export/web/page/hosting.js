// @ts-check
// Where the page lies on a web server, with sw.js and manifest.webmanifest beside it, it can be installed and works offline.

import { make } from "./dom.js";

/** From disk there is nothing to do: the page is whole. */
export function offerInstall() {
  if (!location.protocol.startsWith("http")) return;
  document.head.append(make("link", { rel: "manifest", href: "manifest.webmanifest" }));
  navigator.serviceWorker?.register("sw.js").catch(() => {}); // not there, or not over https: the page works all the same
}
