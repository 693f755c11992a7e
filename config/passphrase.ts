import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { dataFolderOf } from "./data-folder";

/** The passphrase that locks the secrets of stacks. Pulumi takes it from two variables; scripts/env sets one where the person has not. */

type Env = Readonly<Record<string, string | undefined>>;

const PACKAGE = dirname(__dirname);

/** Public: everybody who has dockstage has it. The example's stack files are locked with it, so that a clone runs as it is. */
export const EXAMPLE_FILE = join(PACKAGE, "scripts", "example-passphrase");
export const EXAMPLE = readFileSync(EXAMPLE_FILE, "utf8").trim();

/** Whether a file is the example's passphrase, of this copy of dockstage or of another one. */
export const isExampleFile = (file: string | undefined): boolean => /[\\/]scripts[\\/]example-passphrase$/.test(file ?? "");

/** The person's own, for every app of theirs. Whoever has it can read the secrets of their stacks. */
export const privateFileOf = (env: Env): string => join(dataFolderOf(env), "private-passphrase");

/** Whether a folder is dockstage's own, or lies in it: the example and the host program. */
export function ownFolder(folder: string): boolean {
  const path = relative(PACKAGE, resolve(folder));
  return path === "" || !(path.startsWith("..") || path.split(/[\\/]/).includes("node_modules"));
}

/** The passphrase that Pulumi will take; undefined where it will ask, or there is no such file. */
export function passphraseOf(env: Env): string | undefined {
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  if (given !== undefined) return given;
  try {
    return file ? readFileSync(file, "utf8").trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Why a program may not run with the passphrase that is set: undefined where it may. */
export function refusedPassphrase(folder: string, env: Env): string | undefined {
  if (ownFolder(folder) || passphraseOf(env) !== EXAMPLE) return undefined;
  const variable = env["PULUMI_CONFIG_PASSPHRASE"] === undefined ? "PULUMI_CONFIG_PASSPHRASE_FILE" : "PULUMI_CONFIG_PASSPHRASE";
  return (
    `${variable} holds dockstage's public example passphrase, with which everybody could read the secrets of ${resolve(folder)}. ` +
    `Fix: unset ${variable}, and source scripts/env in that folder, which takes your private one (${privateFileOf(env)}); or set one of your own`
  );
}
