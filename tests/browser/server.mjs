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

/** The file that an address of the site means; undefined if there is none. */
function file(root, url) {
  const place = path.join(root, decodeURIComponent(new URL(url, "http://site").pathname));
  for (const name of [place, path.join(place, "index.html")]) {
    const found = statSync(name, { throwIfNoEntry: false });
    if (found?.isFile()) return { name, size: found.size };
  }
}

function answer(root, served, request, response) {
  const found = file(root, request.url);
  // Browsers ask every host for it, and a host may hold more than this site.
  const nobodyMinds = request.url === "/favicon.ico";
  if (!found) {
    response.writeHead(nobodyMinds ? 204 : 404).end();
    return;
  }
  served.push({ url: request.url, size: found.size });
  const type = TYPES[path.extname(found.name)] ?? "application/octet-stream";
  response.writeHead(200, { "content-type": type, "content-length": found.size });
  createReadStream(found.name).pipe(response);
}

/** Start it. `served` lists what it has handed out: each url, and its size in bytes. */
export async function serve(root) {
  const served = [];
  const server = createServer((request, response) => answer(root, served, request, response));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  };
  return { address: `http://127.0.0.1:${server.address().port}`, served, close };
}
