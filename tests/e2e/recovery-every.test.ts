import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { disorderIn, dockstageUp, finishedIn, killedAfter, kindsOf, remainsIn, wipe } from "../support/cutoff";
import { changed, ensureHost, PACKAGE, request, Sandbox } from "../support/sandbox";

jest.setTimeout(900_000);

/**
 * The guestbook's DEV, from an empty engine, killed after each single one of its resources: one `dockstage up` then brings everything
 * back. Several sandboxes work beside each other, each on its share of the numbers.
 */

const LANES = 3;
/** Set to one or more numbers (`7,8`) to look at these only. */
const only = process.env["KILL_AFTER"]?.split(",").map(Number);

const lanes = Array.from({ length: LANES }, () => new Sandbox("kill"));
let total = 0;
/** What each lane has after a clean `up`. */
const whole = new Map<Sandbox, readonly string[]>();

const urlOf = (output: string): string => `${/^ {2}URL +(\S+)$/m.exec(output)?.[1] ?? "no URL"}/healthz`;

beforeAll(async () => {
  ensureHost();
  const description = readFileSync(join(PACKAGE, "examples/guestbook/dockstage.yaml"), "utf8");
  const counts = await Promise.all(
    lanes.map(async (sandbox) => {
      sandbox.copy("examples/guestbook");
      sandbox.write("dockstage.yaml", description.replace(/^name: .*$/m, `name: ${sandbox.project}`).replace("--size ${size}", "--size 1"));
      const done = await dockstageUp(sandbox);
      if (done.code !== 0) throw new Error(done.output);
      whole.set(sandbox, await kindsOf(sandbox));
      return finishedIn(done.output);
    }),
  );
  total = counts[0] ?? 0;
  expect(counts).toEqual(lanes.map(() => total));
  expect(total).toBeGreaterThan(45);
});
afterAll(() => Promise.all(lanes.map((sandbox) => sandbox.clean())));

/** One round. What is wrong, in words; empty where all is well. */
async function round(sandbox: Sandbox, k: number): Promise<readonly string[]> {
  await wipe(sandbox);
  const finished = await killedAfter(sandbox, k);
  const done = await dockstageUp(sandbox);
  if (done.code !== 0) return [`the next up failed:\n${done.output}`];
  const before = whole.get(sandbox) ?? [];
  const [kinds, answer] = [await kindsOf(sandbox), await request(urlOf(done.output))];
  const again = k % 10 === 0 ? changed(await sandbox.mustUp()) : {};
  return [
    ...(finished < k ? [`only ${finished} resources were finished`] : []),
    ...(/warning/i.test(done.output) ? [`it warned:\n${done.output}`] : []),
    ...(answer.status === 200 ? [] : [`the app answers ${answer.status}`]),
    ...kinds.filter((kind) => !before.includes(kind)).map((kind) => `orphan: ${kind}`),
    ...before.filter((kind) => !kinds.includes(kind)).map((kind) => `missing: ${kind}`),
    ...Object.keys(again).map((operation) => `a further up would still ${operation}`),
    ...(kinds.length === before.length
      ? []
      : [`${kinds.length} objects instead of ${before.length}: ${(await sandbox.objects()).join(", ")}`]),
    ...remainsIn(sandbox).map((file) => `left in the state's folder: ${file}`),
    ...disorderIn(sandbox).map((what) => `in the state: ${what}`),
  ];
}

test("kill -9 after the k-th resource, for every k: one up brings everything back", async () => {
  const waiting = only ?? Array.from({ length: total }, (_, k) => k);
  const wrong: string[] = [];
  const tried: number[] = [];
  await Promise.all(
    lanes.map(async (sandbox) => {
      for (let k = waiting.shift(); k !== undefined; k = waiting.shift()) {
        const found = await round(sandbox, k);
        tried.push(k);
        wrong.push(...found.map((what) => `after ${k}: ${what}`));
      }
    }),
  );
  if (!only) expect(tried.sort((a, b) => a - b)).toEqual(Array.from({ length: total }, (_, k) => k));
  expect(wrong).toEqual([]);
});
