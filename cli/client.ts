import { spawn } from "node:child_process";
import { constants } from "node:os";
import { CommandFailed } from "./pulumi";

/** Runs a program on this terminal, and gives its exit code, as a shell would: 128 and the signal's number where one ended it. */
export function onTerminal(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(command, args, { env, stdio: "inherit" });
  // A terminal sends Ctrl-C to the program by itself: it decides what to do.
  const ignore = (): void => undefined;
  const forward = (): void => void child.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  return new Promise<number>((resolve, reject) => {
    child.on("error", (error) => reject(new CommandFailed(`${command} cannot be started (${error.message}): run "dockstage setup"`)));
    child.on("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  }).finally(() => process.off("SIGINT", ignore).off("SIGTERM", forward));
}

/** The options of `docker exec` that make it fit what this process has: a terminal where both ends are one. */
export const interactive = (): readonly string[] =>
  process.stdin.isTTY && process.stdout.isTTY ? ["--interactive", "--tty"] : ["--interactive"];
