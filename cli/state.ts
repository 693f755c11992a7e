import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { dataFolderOf } from "../config/data-folder";
import { capture, CommandFailed, type Target } from "./pulumi";

/** What a stack's state knows. */
export interface State {
  /** Physical ids by type; what waits to be deleted is left out. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  /** Every physical id, what waits to be deleted among them: that may still serve. */
  readonly all: ReadonlySet<string>;
  /** Whether an operation of an earlier run was cut off. */
  readonly cutOff: boolean;
  /** Whether something waits to be deleted. */
  readonly pending: boolean;
  /** What `Image` resources were made of: the tag, the bases that the engine had, and the build context of those that were built. */
  readonly images: readonly {
    readonly tag: string;
    readonly bases: readonly string[];
    readonly context?: { readonly folders: readonly { readonly path: string; readonly to: string }[]; readonly dockerfile: string };
  }[];
}

const Deployment = z.object({
  resources: z
    .array(
      z.object({
        type: z.string(),
        id: z.string().optional(),
        delete: z.boolean().optional(),
        inputs: z.unknown().optional(),
        outputs: z.unknown().optional(),
      }),
    )
    .nullish(),
  pending_operations: z.array(z.unknown()).nullish(),
});
const ImageOutputs = z.object({ tag: z.string(), bases: z.record(z.string(), z.string()).default({}) });
/** The outputs keep the folders of the checkout that built the image; a reference has none. */
const ImageInputs = z.object({ context: z.array(z.object({ path: z.string(), to: z.string() })), dockerfile: z.string() });
const Exported = z.object({ deployment: Deployment });
const Checkpoint = z.object({ checkpoint: z.object({ latest: Deployment.nullish() }) });

/** The folder of a file backend; undefined where the state is elsewhere. */
export function stateFolder(env: NodeJS.ProcessEnv): string | undefined {
  const { PULUMI_BACKEND_URL: backend, HOME: home = "" } = env;
  if (!backend?.startsWith("file://")) return undefined;
  return join(fileURLToPath(backend.replace("file://~", `file://${home}`)), ".pulumi");
}

/** The file of a stack's state; undefined where the state is elsewhere. */
export function stateFile({ env, project, stack }: Pick<Target, "env" | "project" | "stack">): string | undefined {
  const folder = stateFolder(env);
  return folder && join(folder, "stacks", project, `${stack}.json`);
}

function summary({ resources, pending_operations }: z.output<typeof Deployment>): State {
  const ids = new Map<string, Set<string>>();
  for (const { type, id, delete: pending } of resources ?? []) if (id && !pending) ids.set(type, (ids.get(type) ?? new Set()).add(id));
  const images = (resources ?? []).flatMap(({ type, inputs, outputs }) => {
    const read = type === "dockstage:index:Image" ? ImageOutputs.safeParse(outputs) : undefined;
    if (!read?.success) return [];
    const built = ImageInputs.safeParse(inputs);
    const context = built.success ? { folders: built.data.context, dockerfile: built.data.dockerfile } : undefined;
    return [{ tag: read.data.tag, bases: Object.keys(read.data.bases), ...(context && { context }) }];
  });
  return {
    ids,
    all: new Set((resources ?? []).flatMap(({ id }) => (id ? [id] : []))),
    cutOff: (pending_operations ?? []).length > 0,
    pending: (resources ?? []).some((resource) => resource.delete),
    images,
  };
}

/**
 * A stack's state, and the stack itself where there is none yet. Of a file backend the file is read, as each run of the CLI costs 0.15 s.
 */
export function stateOf(target: Target): State {
  const file = stateFile(target);
  if (file && existsSync(file)) {
    const read = Checkpoint.safeParse(JSON.parse(readFileSync(file, "utf8")));
    if (read.success) return summary(read.data.checkpoint.latest ?? {});
  }
  // The set-up makes it; where somebody took the whole data folder away, the next run does.
  const folder = stateFolder(target.env);
  if (folder?.startsWith(join(dataFolderOf(target.env), "/"))) mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  capture(target, ["stack", "select", "--create", target.stack]);
  const read = Exported.safeParse(JSON.parse(capture(target, ["stack", "export", "--stack", target.stack])));
  if (!read.success)
    throw new CommandFailed(
      `the state of ${target.project} ${target.stack} has a form that this release does not know: ${read.error.message}`,
    );
  return summary(read.data.deployment);
}

const Lock = z.object({ pid: z.number(), hostname: z.string() });

/**
 * Whether a pulumi of this machine runs under this number. A killed one whose parent does not ask for its end is there still, as a
 * zombie; and the number may be another program's by now.
 */
function alive(pid: number): boolean {
  try {
    const [, name = "", state = ""] = /^\d+ \((.*)\) (\S)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return name.startsWith("pulumi") && state !== "Z" && state !== "X";
  } catch {
    if (existsSync("/proc/self/stat")) return false;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

const filesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder) : []);

/**
 * Removes what a process that was killed in the middle of a write left: the file backend renames the state itself into place, but not
 * the `.attrs` beside it, and can read no state with an empty one ("failed to load checkpoint: EOF"). One that is not there is fine.
 */
function removeTorn(folder: string, stack: string): void {
  for (const file of filesIn(folder)) {
    const torn = file.endsWith(".attrs") && statSync(join(folder, file)).size === 0;
    const rest = file.startsWith(`${stack}.json.`) && file.endsWith(".tmp");
    if (torn || rest) rmSync(join(folder, file), { force: true });
  }
}

/**
 * Clears the locks of a stack in a file backend if each of them is of a process of this machine that is dead.
 *
 * @returns the process ids whose locks were cleared
 * @throws CommandFailed where one is of a process that works on the stack
 */
export function clearDeadLocks(target: Target): readonly number[] {
  const state = stateFolder(target.env);
  if (!state) return [];
  const folder = join(state, "locks", "organization", target.project, target.stack);
  const locks = filesIn(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => Lock.safeParse(JSON.parse(readFileSync(join(folder, file), "utf8"))));
  const working = locks.flatMap((lock) =>
    lock.success && lock.data.hostname === hostname() && alive(lock.data.pid) ? [lock.data.pid] : [],
  );
  if (working.length > 0)
    throw new CommandFailed(
      `another run (process ${working.join(", ")}) works on ${target.project} ${target.stack}: wait until it has ended, or stop it, and try again`,
    );
  const dead = locks.flatMap((lock) => (lock.success && lock.data.hostname === hostname() && !alive(lock.data.pid) ? [lock.data.pid] : []));
  if (dead.length < locks.length) return [];
  for (const torn of [folder, join(state, "stacks", target.project)]) removeTorn(torn, target.stack);
  if (dead.length === 0) return [];
  capture(target, ["cancel", "--yes", "--stack", target.stack]);
  return dead;
}

/**
 * Drops from the state what a run that was cut off had begun: a refresh finds out how far it came with what the state knows, and what the
 * state does not know is a stranger on the engine. As `pulumi refresh --clear-pending-creates` does, without a run of its own.
 */
export function forgetPending(target: Target): void {
  const folder = mkdtempSync(join(tmpdir(), "dockstage-state-"));
  try {
    const file = join(folder, "state.json");
    capture(target, ["stack", "export", "--stack", target.stack, "--file", file]);
    // An import drops it by itself, with a warning for each.
    capture(target, ["stack", "import", "--stack", target.stack, "--file", file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
