// The tests of this folder notice when a page, or a program in it, asks another host.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browse } from "./browser.mjs";
import { cells } from "./cell.mjs";

const PAGE = "/docs/01-starting.html";
const ELSEWHERE = "http://elsewhere.invalid/"; // no such host, now or ever (RFC 6761)

const here = browse();

test("a page that asks another host is found out", () =>
  assert.rejects(
    here.visit(PAGE, {}, (page) => page.addScriptTag({ url: ELSEWHERE }).catch(() => {})),
    /outside: http:\/\/elsewhere\.invalid/,
  ));

test("a program that asks another host is found out", () =>
  assert.rejects(
    here.visit(PAGE, {}, async (page) => {
      const [cell] = await cells(page);
      await cell.run(`from js import fetch\nawait fetch("${ELSEWHERE}")`);
    }),
    /outside: http:\/\/elsewhere\.invalid/,
  ));

test("a page that complains is found out", () =>
  assert.rejects(
    here.visit(PAGE, {}, (page) => page.evaluate(() => console.error("oh"))),
    /console: oh/,
  ));
