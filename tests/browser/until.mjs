// Waiting for something that can only be asked for.

import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE = 30_000; // ms: a machine that is busy takes long to start a Python
const PAUSE = 25; // ms between two questions

/** Ask until the answer is good, and return it; an Error that tells the last answer. */
export async function until(what, ask, good, patience = PATIENCE) {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > end) {
      throw new Error(`waited ${patience} ms for ${what}; there was ${JSON.stringify(answer)}`);
    }
    await sleep(PAUSE);
  }
}
