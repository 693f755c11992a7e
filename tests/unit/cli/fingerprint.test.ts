import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, describe, expect, jest, test } from "@jest/globals";
import * as fc from "fast-check";
import { environmentOf, Files, valueOf, type Probe } from "../../../cli/fingerprint";

const folder = mkdtempSync(join(tmpdir(), "dockstage-fingerprint-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  jest.restoreAllMocks();
});
/** As if so many milliseconds had gone by since the files were written. */
const later = (ms: number): void => {
  const real = Date.now;
  jest.spyOn(Date, "now").mockImplementation(() => real() + ms);
};

describe("a file", () => {
  const file = join(folder, "file");

  test("that did not change since is not read again", () => {
    writeFileSync(file, "one");
    later(10_000);
    const first = new Files();
    const hash = first.hash(file);
    const second = new Files(first.seen);
    expect({ hash: second.hash(file), read: second.read, first: first.read }).toEqual({ hash, read: false, first: true });
    // What is known is believed: the content is not looked at.
    const [stat = ""] = first.seen[file] ?? [];
    expect(new Files({ [file]: [stat, "known"] }).hash(file)).toBe("known");
  });

  test("that changed just now is read again, as it may change within the same tick", () => {
    writeFileSync(file, "two");
    const files = new Files();
    files.hash(file);
    expect(files.seen).toEqual({});
  });

  test("of the same size whose time was set back is seen to have changed", async () => {
    // In whole seconds: a time with more digits than utimes takes would be another one.
    const write = (text: string): readonly bigint[] => {
      writeFileSync(file, text);
      utimesSync(file, 1000, 1000);
      const { size, mtimeNs, ino } = statSync(file, { bigint: true });
      return [size, mtimeNs, ino];
    };
    const before = write("three");
    later(10_000);
    const first = new Files();
    const hash = first.hash(file);
    expect(first.seen).toHaveProperty([file]);
    await sleep(20);
    expect(write("THREE")).toEqual(before);
    expect(new Files(first.seen).hash(file)).not.toBe(hash);
  });
});

test("whatever is done to a folder, what is remembered gives the value that reading all of it gives", async () => {
  const names = ["a", "b", "sub/a", "sub/b", "left/a"];
  const edit = fc.record({
    name: fc.constantFrom(...names),
    what: fc.constantFrom<"write" | "remove" | "chmod" | "link">("write", "remove", "chmod", "link"),
    text: fc.constantFrom("x", "y", "xy"),
  });
  let count = 0;
  later(10_000);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(edit, { maxLength: 3 }), { minLength: 1, maxLength: 5 }), async (rounds) => {
      const root = join(folder, `context-${count++}`);
      for (const sub of ["sub", "left"]) mkdirSync(join(root, sub), { recursive: true });
      writeFileSync(join(root, "Dockerfile"), "FROM scratch\n");
      writeFileSync(join(root, ".dockerignore"), "left\n");
      const probes: readonly Probe[] = [
        { kind: "context", folders: [{ path: root, to: "" }], dockerfile: "Dockerfile" },
        { kind: "tree", folder: root, without: ["left"] },
        { kind: "glob", folder: root, patterns: ["sub/**"] },
        { kind: "file", path: join(root, "a") },
      ];
      let known = new Files().seen;
      for (const edits of rounds) {
        await sleep(5); // another tick of the file system's clock
        for (const { name, what, text } of edits) {
          const path = join(root, name);
          const there = statSync(path, { throwIfNoEntry: false });
          if (what === "write") writeFileSync(path, text);
          else if (what === "chmod" && there) chmodSync(path, there.mode & 0o100 ? 0o644 : 0o755);
          else if (what === "remove") rmSync(path, { force: true });
          else if (what === "link") {
            rmSync(path, { force: true });
            symlinkSync(join(root, "Dockerfile"), path);
          }
        }
        const remembered = new Files(known);
        const values = probes.map((probe) => valueOf(probe, remembered, {}));
        expect(values).toEqual(probes.map((probe) => valueOf(probe, new Files(), {})));
        known = remembered.seen;
      }
    }),
    { numRuns: 30 },
  );
});

test("variables: what decides nothing is left out, and a secret gives away 16 bits", () => {
  const env = { HOME: "/home/a", PULUMI_CONFIG_PASSPHRASE: "one" };
  expect(environmentOf({ ...env, LINES: "1", npm_command: "exec", DOCKSTAGE_DEBUG: "1" })).toBe(environmentOf(env));
  for (const other of [{ HOME: "/home/b" }, { PULUMI_CONFIG_PASSPHRASE: "two" }, { PULUMI_HOME: "/x" }, { DOCKER_HOST: "unix:///x" }])
    expect(environmentOf({ ...env, ...other })).not.toBe(environmentOf(env));
  const of = (secret: number): string => environmentOf({ ...env, PULUMI_CONFIG_PASSPHRASE: `secret ${secret}` });
  // Among many more secrets than 65,536 some look the same: nobody can tell from the value which one it was.
  const all = Array.from({ length: 3000 }, (_, at) => of(at));
  expect(new Set(all).size).toBeLessThan(all.length);
});
