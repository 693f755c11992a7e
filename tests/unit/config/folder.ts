import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readSettings, type Read } from "../../../config/reader";
import { ConfigError, sentence } from "../../../config/problems";

/** Path to content. */
export type Files = Readonly<Record<string, string>>;

/** The smallest app that is right. */
export const SMALL: Files = {
  "Pulumi.yaml": "name: portal\nruntime: nodejs\n",
  "dockstage.yaml": "name: portal\nimage: portal:1\nweb: { port: 8080 }\n",
};

/** Does something in a new folder with these files over those of the smallest app; the folder goes afterwards. */
export function inFolder<T>(files: Files, act: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "dockstage-config-"));
  try {
    for (const [path, content] of Object.entries({ ...SMALL, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the settings of an app with these files. */
export const read = (files: Files, stack = "dev"): Read =>
  inFolder(files, (folder) => readSettings({ folder, stack, env: {}, dataFolder: join(folder, "data") }));

/** The error that reading throws. */
export function errorOf(files: Files, stack = "dev"): ConfigError {
  try {
    read(files, stack);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("reading found no problem");
}

/** The problems as a person reads them, one text each, in order; [] where there is none. */
export function problemsOf(files: Files, stack = "dev"): readonly string[] {
  try {
    read(files, stack);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(sentence);
    throw error;
  }
}

/** As problemsOf, of a description in place of the smallest app's. */
export const problemsIn = (description: string, more: Files = {}): readonly string[] =>
  problemsOf({ "dockstage.yaml": description, ...more });
