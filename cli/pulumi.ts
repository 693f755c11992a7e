import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** A Pulumi project's folder and stack, and the variables that its commands run with. */
export interface Target {
  readonly folder: string;
  readonly project: string;
  readonly stack: string;
  readonly env: NodeJS.ProcessEnv;
}

/** A command that failed; its output is in the message. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** Runs pulumi with its output on the terminal; the exit code. */
export async function run({ folder, env }: Pick<Target, "folder" | "env">, args: readonly string[]): Promise<number> {
  const child = spawn("pulumi", args, { cwd: folder, env, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(new CommandFailed(`pulumi cannot be started (${error.message}): run ". scripts/env" first, or "npm start", which does`)),
    );
    child.on("exit", (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

/** Runs pulumi and returns what it printed on standard output. */
export function capture({ folder, env }: Pick<Target, "folder" | "env">, args: readonly string[]): string {
  const done = spawnSync("pulumi", args, { cwd: folder, env, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  if (done.error)
    throw new CommandFailed(`pulumi cannot be started (${done.error.message}): run ". scripts/env" first, or "npm start", which does`);
  if (done.status !== 0) throw new CommandFailed(`pulumi ${args.join(" ")} failed:\n${done.stderr || done.stdout}`);
  return done.stdout;
}

const Lock = z.object({ pid: z.number(), hostname: z.string() });

/** Whether a process of this machine runs. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/**
 * Clears the locks of a stack in a file backend if each of them is of a process of this machine that is dead.
 *
 * @returns the process ids whose locks were cleared
 */
export function clearDeadLocks(target: Target): readonly number[] {
  const { PULUMI_BACKEND_URL: backend } = target.env;
  if (!backend?.startsWith("file://")) return [];
  const folder = join(
    fileURLToPath(backend.replace("file://~", `file://${target.env["HOME"] ?? ""}`)),
    ".pulumi",
    "locks",
    "organization",
    target.project,
    target.stack,
  );
  if (!existsSync(folder)) return [];
  const locks = readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => Lock.safeParse(JSON.parse(readFileSync(join(folder, file), "utf8"))));
  const dead = locks.flatMap((lock) => (lock.success && lock.data.hostname === hostname() && !alive(lock.data.pid) ? [lock.data.pid] : []));
  if (dead.length === 0 || dead.length < locks.length) return [];
  capture(target, ["cancel", "--yes", "--stack", target.stack]);
  return dead;
}

const State = z.object({
  deployment: z.object({
    resources: z.array(z.object({ type: z.string(), id: z.string().optional(), delete: z.boolean().optional() })).optional(),
    pending_operations: z.array(z.unknown()).optional(),
  }),
});

/** What a stack's state knows: physical ids by type, and whether an operation was cut off. */
export function stateOf(target: Target): { readonly ids: ReadonlyMap<string, ReadonlySet<string>>; readonly cutOff: boolean } {
  const { deployment } = State.parse(JSON.parse(capture(target, ["stack", "export", "--stack", target.stack])));
  const ids = new Map<string, Set<string>>();
  for (const { type, id, delete: pending } of deployment.resources ?? [])
    if (id && !pending) ids.set(type, (ids.get(type) ?? new Set()).add(id));
  return { ids, cutOff: (deployment.pending_operations ?? []).length > 0 };
}
