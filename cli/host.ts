import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { compareVersions } from "../config/catalogue";
import { dataFolderOf } from "../config/data-folder";
import { containersOf } from "./engine";
import { Files, valueOf } from "./fingerprint";
import { PACKAGE } from "./machine";
import { CommandFailed, type Target } from "./pulumi";
import { ASIDE, contextsOf } from "./success";

export const HOST = { project: "dockstage-host", stack: "local" };

/** The host program; its state is always the user's own, and it has no secrets. */
export function hostTarget(env: NodeJS.ProcessEnv): Target {
  const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...rest } = env;
  return {
    folder: join(PACKAGE, "host"),
    ...HOST,
    env: { ...rest, PULUMI_BACKEND_URL: `file://${dataFolderOf(env)}/state`, PULUMI_CONFIG_PASSPHRASE: "dockstage-example" },
  };
}

/** By which dockstage the host program was last brought up. */
const Mark = z.object({
  version: z.string(),
  /** The package's folder, in whose hands the host program is. */
  folder: z.string(),
  /** Of what it makes: its plan, the files of its images, and the platform that makes them. */
  digest: z.string(),
  /** Of all files in the folder: while it is the same, the digest is. */
  tree: z.string(),
});
type Mark = z.output<typeof Mark>;

const OLDER = "is of an older dockstage";

const markFile = (env: NodeJS.ProcessEnv): string => join(dataFolderOf(env), "host.json");

function readMark(env: NodeJS.ProcessEnv): Mark | undefined {
  try {
    return Mark.parse(JSON.parse(readFileSync(markFile(env), "utf8")));
  } catch {
    return undefined; // not there yet, or from another release
  }
}

function writeMark(mark: Mark, env: NodeJS.ProcessEnv): void {
  const file = markFile(env);
  mkdirSync(dataFolderOf(env), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(mark)}\n`, { mode: 0o600 });
  renameSync(`${file}.${process.pid}`, file);
}

const versionHere = (): string =>
  z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"))).version;

const treeHere = (): string => valueOf({ kind: "tree", folder: PACKAGE, without: ASIDE }, new Files(), {});

function digestHere(): string {
  const { hostPlan } = require("../stages/plan") as typeof import("../stages/plan");
  const planned = hostPlan(HOST.project, HOST.stack, "127.0.0.1");
  const files = new Files();
  const contexts = contextsOf(planned, (path) => resolve(PACKAGE, path.replace(/^\w+:/, "")));
  const values = [
    ...contexts.map((context) => valueOf({ kind: "context", ...context }, files, {})),
    valueOf({ kind: "tree", folder: join(PACKAGE, "platforms"), without: [] }, files, {}),
  ];
  return createHash("sha256")
    .update(JSON.stringify([planned, values]))
    .digest("hex");
}

/**
 * Why the host program must be brought up first; undefined where it runs as it should. A newer version updates it. The same version
 * does from the folder that made it, or where that folder is gone: two checkouts that differ would else change it in turn.
 * `dockstage up host` takes it into its own hands, whatever this says.
 */
export async function hostNeeds(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  if ((await containersOf(HOST.project, HOST.stack, /^demux$/, env)).length === 0) return "is not up";
  const mark = readMark(env);
  if (!mark) return OLDER;
  const newer = compareVersions(versionHere(), mark.version);
  if (newer !== 0) return newer > 0 ? OLDER : undefined;
  if (mark.folder !== PACKAGE && existsSync(join(mark.folder, "package.json"))) return undefined;
  const tree = treeHere();
  if (mark.folder === PACKAGE && mark.tree === tree) return undefined;
  if (mark.digest !== digestHere()) return OLDER;
  writeMark({ ...mark, folder: PACKAGE, tree }, env);
  return undefined;
}

/** Says by which dockstage the host program was brought up. */
export function markHost(env: NodeJS.ProcessEnv): void {
  writeMark({ version: versionHere(), folder: PACKAGE, digest: digestHere(), tree: treeHere() }, env);
}

/** Does something with the host program while no other run of this user does. Waits five minutes at most. */
export async function alone<T>(env: NodeJS.ProcessEnv, work: () => Promise<T>): Promise<T> {
  const folder = dataFolderOf(env);
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = await lock(join(folder, "host"), {
    realpath: false,
    stale: 10_000,
    retries: { retries: 3000, minTimeout: 50, maxTimeout: 100 },
  }).catch(() => {
    throw new CommandFailed("another run has worked on the host program for five minutes: try again when it has ended");
  });
  try {
    return await work();
  } finally {
    await unlock().catch(() => undefined);
  }
}
