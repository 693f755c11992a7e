import { createHash } from "node:crypto";
import { readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolderOf } from "../config/data-folder";
import { environmentOf, Files, valueOf, type Known, type Probe } from "./fingerprint";
import { differences, settled, snapshotOf, socketOf, type Scope, type Snapshot } from "./snapshot";

/**
 * `dockstage up` where nothing has changed since the last success: every input has the value that it had, and everything is on the
 * engine and healthy. It loads no library and starts no program; whatever it cannot answer is left to the usual way.
 */

/** What the last `up` that ended well left: the file is the person's alone (0600), as it lists their files. */
export interface Success {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly scope: Scope;
  /** The last part of the line: where it can be seen. */
  readonly url: string;
  /** Number of containers, all of which were healthy. */
  readonly healthy: number;
  readonly probes: readonly Probe[];
  /** One for each probe. */
  readonly values: readonly string[];
  readonly files: Known;
  readonly scopes: readonly Scope[];
  readonly images: readonly string[];
  readonly objects: Snapshot;
}

/** How long after a success the engine may take for its own first probes, in milliseconds. */
const SETTLING = 60_000;

const sha = (value: string): string => createHash("sha256").update(value).digest("hex");

/** Where the record of a stack lies: one for each set of variables, so that a shell that sourced scripts/env and one that did not have both. */
export function recordOf(folder: string, stack: string, env: NodeJS.ProcessEnv): string {
  const name = `${sha(`${realpathSync(folder)}\0${stack}`).slice(0, 16)}-${environmentOf(env).slice(0, 16)}.json`;
  return join(dataFolderOf(env), "unchanged", name);
}

/** The first line is the hash of the rest: a record that was cut off or edited is none. */
export function write(file: string, success: Success): void {
  const body = JSON.stringify(success);
  writeFileSync(`${file}.${process.pid}`, `${sha(body)}\n${body}`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

const isSuccess = (value: unknown): value is Success =>
  typeof value === "object" && value !== null && "values" in value && "objects" in value && "files" in value && "scopes" in value;

/** The record of the last success; undefined where there is none. */
function readSuccess(file: string): Success | undefined {
  try {
    const [hash, body = ""] = readFileSync(file, "utf8").split("\n", 2);
    const read: unknown = hash === sha(body) ? JSON.parse(body) : undefined;
    return isSuccess(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** The first input that has not the value that it had; undefined where all have. One that cannot be read throws. */
const otherInput = ({ probes, values }: Pick<Success, "probes" | "values">, files: Files, env: NodeJS.ProcessEnv): Probe | undefined =>
  probes.find((probe, at) => valueOf(probe, files, env) !== values[at]);

/** With DOCKSTAGE_DEBUG: why Pulumi runs. */
function slow(why: string, env: NodeJS.ProcessEnv): false {
  if (env["DOCKSTAGE_DEBUG"]) process.stderr.write(`dockstage: Pulumi runs: ${why}\n`);
  return false;
}

function ago(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? "" : "s"} ago`;
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 48 * 60 ? count(Math.floor(minutes / 60), "hour") : count(Math.floor(minutes / 60 / 24), "day");
}

/** `guestbook dev unchanged since 14:03 (3 min ago), 9 of 9 healthy   http://guestbook.dev.localhost:8080`. */
export function sentence({ at, scope, url, healthy }: Pick<Success, "at" | "scope" | "url" | "healthy">, now = Date.now()): string {
  const [then, today] = [new Date(at), new Date(now)];
  const two = (n: number): string => String(n).padStart(2, "0");
  const time = `${two(then.getHours())}:${two(then.getMinutes())}`;
  const day = `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())} `;
  const when = then.toDateString() === today.toDateString() ? time : day + time;
  return `${scope.join(" ")} unchanged since ${when} (${ago(now - at)}), ${healthy} of ${healthy} healthy   ${url}`.trimEnd();
}

/** The stack and folder of a call that this can answer; undefined for any other. */
export function callOf(argv: readonly string[]): { readonly stack: string; readonly folder: string } | undefined {
  const [verb, ...words] = argv;
  if (verb !== "up") return undefined;
  let [stack, folder]: [string | undefined, string | undefined] = [undefined, undefined];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "--folder" && folder === undefined) folder = words[++at];
    else if (!word.startsWith("-") && stack === undefined) stack = word;
    else return undefined;
  }
  return { stack: stack ?? "dev", folder: folder ?? "." };
}

/** What is not as the last success left it though every input is the same; cli/up.ts says it and reads the engine back. */
export const drift: string[] = [];

/**
 * Answers `dockstage up` where nothing has changed.
 *
 * @param argv without node and the script
 * @returns whether it did, with the sentence on standard output
 */
export async function answered(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  const call = callOf(argv);
  const socket = socketOf(env);
  if (!call || !socket) return false;
  const folder = call.stack === "host" ? join(__dirname, "..", "host") : call.folder;
  try {
    const file = recordOf(folder, call.stack, env);
    const success = readSuccess(file);
    if (!success) return slow("no success is written down for this shell's variables", env);
    // Under way while the files are looked at.
    const asked = snapshotOf(socket, success.scopes, success.images);
    asked.catch(() => undefined);
    const files = new Files(success.files);
    const other = otherInput(success, files, env);
    if (other) return slow(`an input is not as it was: ${JSON.stringify(other)}`, env);
    const now = await asked;
    drift.push(...differences(success.objects, Date.now() - success.at < SETTLING ? settled(now) : now));
    if (drift.length > 0) return slow(drift.join(", "), env);
    process.stdout.write(`${sentence(success)}\n`);
    // What had to be read needs not be read the next time.
    if (files.read) write(file, { ...success, files: files.seen });
    return true;
  } catch (error) {
    return slow(error instanceof Error ? error.message : String(error), env);
  }
}
