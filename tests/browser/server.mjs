// Serves a folder on a free port of this machine, and counts what it hands out.

import { createReadStream, statSync } from "node:fs";
import { createServer } from "node:http";
import path from "node:path";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".ipynb": "application/json",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};

/** Where the site is once more, below a path as on a host with other sites. */
export const BELOW = "/below/a-path";

/** The file that an address of the site means; undefined if there is none. */
function file(root, url) {
  const { pathname } = new URL(url, "http://site");
  const inside = pathname.startsWith(`${BELOW}/`) ? pathname.slice(BELOW.length) : pathname;
  const place = path.join(root, decodeURIComponent(inside));
  for (const name of [place, path.join(place, "index.html")]) {
    const found = statSync(name, { throwIfNoEntry: false });
    if (found?.isFile()) return { name, size: found.size };
  }
}

function answer(root, served, missing, request, response) {
  const found = missing.test(request.url) ? undefined : file(root, request.url);
  // Browsers ask every host for it, and a host may hold more than this site.
  const nobodyMinds = request.url === "/favicon.ico";
  if (!found && nobodyMinds) {
    response.writeHead(204).end();
    return;
  }
  if (!found) {
    response.writeHead(404, { "content-type": TYPES[".html"] });
    createReadStream(path.join(root, "404.html")).pipe(response);
    return;
  }
  served.push({ url: request.url, size: found.size });
  const type = TYPES[path.extname(found.name)] ?? "application/octet-stream";
  // A browser keeps what it was given, as it does with GitHub Pages.
  response.writeHead(200, { "content-type": type, "content-length": found.size, "cache-control": "max-age=600" });
  createReadStream(found.name).pipe(response);
}

/**
 * Start it. `served` lists what it has handed out: each url, and its size in bytes.
 *
 * It answers as if files whose address matches `missing` were not there.
 */
export async function serve(root, missing = /^$/) {
  const served = [];
  const server = createServer((request, response) => answer(root, served, missing, request, response));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return { address: `http://127.0.0.1:${server.address().port}`, served, close };
}
