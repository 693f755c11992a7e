import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { locked, lockedOtherwise } from "./passphrase";
import { Progress } from "./progress";

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

const notStarted = (error: Error): CommandFailed =>
  new CommandFailed(`pulumi cannot be started (${error.message}): run "npx dockstage setup"`);

/** What a person can do where a command failed because of the stack's passphrase. */
function hintOf(folder: string, env: NodeJS.ProcessEnv, args: readonly string[]): string | undefined {
  const at = args.findIndex((arg) => arg === "--stack" || arg === "--create");
  return at < 0 ? undefined : lockedOtherwise(folder, args[at + 1] ?? "", locked(folder, env));
}

/**
 * Runs pulumi; the exit code, 0 or 1. On a terminal it shows its own display, else what cli/progress.ts makes of it. Ctrl-C at a terminal
 * reaches pulumi by itself, which then stops what it is doing in good order; a second one would cut it off.
 *
 * @param progress what says the errors in the end. @default they are said at once
 */
export async function run({ folder, env }: Pick<Target, "folder" | "env">, args: readonly string[], progress?: Progress): Promise<number> {
  const watched = process.stdout.isTTY;
  const shown = progress ?? new Progress();
  const stdio = ["inherit", watched ? "inherit" : "pipe", "inherit"] as const;
  const child = spawn("pulumi", args, { cwd: folder, env: locked(folder, env), stdio: [...stdio] });
  const forward = (signal: NodeJS.Signals): void => {
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  process.on("SIGINT", forward).on("SIGTERM", forward);
  if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => shown.line(line));
  const clock = child.stdout && setInterval(() => shown.waiting(), 1000);
  try {
    const good = await new Promise<boolean>((resolve, reject) => {
      child.on("error", (error) => reject(notStarted(error)));
      // Once its output has been read to the end.
      child.on("close", (code) => resolve(code === 0));
    });
    shown.ended(good);
    if (!good && !progress) process.stderr.write(`${shown.trouble()}\n`);
    const hint = good ? undefined : hintOf(folder, env, args);
    if (hint) process.stderr.write(`dockstage: ${hint}.\n`);
    return good ? 0 : 1;
  } finally {
    if (clock) clearInterval(clock);
    process.off("SIGINT", forward).off("SIGTERM", forward);
  }
}

/** Runs pulumi and returns what it printed on standard output. */
export function capture({ folder, env }: Pick<Target, "folder" | "env">, args: readonly string[]): string {
  const done = spawnSync("pulumi", args, { cwd: folder, env: locked(folder, env), encoding: "utf8", maxBuffer: 256 * 1024 * 1024 });
  if (done.error) throw notStarted(done.error);
  if (done.status !== 0)
    throw new CommandFailed(
      [`pulumi ${args.join(" ")} failed:`, done.stderr || done.stdout, hintOf(folder, env, args) ?? ""].join("\n").trim(),
    );
  return done.stdout;
}
