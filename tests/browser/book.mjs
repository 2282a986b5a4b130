// Where the book and its parts lie. BOOK names another folder with a built book.

import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const BOOK = path.resolve(process.env.BOOK ?? path.join(ROOT, "build", "html"));

/** The names in a folder of the repository or of the book that end so. */
export function names(folder, ending) {
  return readdirSync(folder).filter((name) => name.endsWith(ending)).sort();
}

/** The addresses of all pages that are ours, as they stand in the site. */
export const pages = ["", "docs", "notebooks"].flatMap((folder) =>
  names(path.join(BOOK, folder), ".html").map((name) => path.posix.join("/", folder, name)));

/** The names in a variable, such as PAGES="01-starting index": only these are to be tested. */
export const named = (variable) => (process.env[variable] ?? "").split(" ").filter(Boolean);

/** Why a test is to be skipped, if only some are wanted and this is none of them. */
export function unwanted(variable, name) {
  const only = named(variable);
  return only.length > 0 && !only.includes(name) && `only some are wanted: see ${variable}`;
}

/** The text of a page as it was built. */
export function html(page) {
  return readFileSync(path.join(BOOK, page), "utf8");
}

/** The pages with programs that run in them. */
export const livePages = pages.filter((page) => html(page).includes('<div class="live"'));

/** The source of one of our steps, such as server05. */
export function step(name) {
  return readFileSync(path.join(ROOT, "steps", `${name}.py`), "utf8");
}
