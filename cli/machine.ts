import { spawnSync } from "node:child_process";
import { accessSync, constants, realpathSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { z } from "zod";

const Variables = z.record(z.string(), z.string());

/** The folder that dockstage is installed in. */
export const PACKAGE = dirname(__dirname);

/** Runs the set-up with its output on the terminal. Exit code: 0 or 1. */
export function setUp(env: NodeJS.ProcessEnv, args: readonly string[] = []): number {
  return spawnSync("sh", [join(PACKAGE, "scripts", "setup"), ...args], { env, stdio: "inherit" }).status === 0 ? 0 : 1;
}

/** The variables that `. scripts/env` would set, on top of what is set. */
function sourced(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { status, stdout } = spawnSync(
    "sh",
    ["-c", '. scripts/env && exec "$0" -e "process.stdout.write(JSON.stringify(process.env))"', process.execPath],
    {
      cwd: PACKAGE,
      env: { ...env, DOCKSTAGE_HOME: PACKAGE },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  return status === 0 ? { ...Variables.parse(JSON.parse(stdout)), PWD: env["PWD"] } : env;
}

function onPath(command: string, env: NodeJS.ProcessEnv): boolean {
  return (env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The variables that pulumi runs with, whether the machine is set up or not: for what only looks. */
export const variables = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => (env["DOCKSTAGE_PLUGIN"] === undefined ? sourced(env) : env);

/**
 * The variables that pulumi runs with: those of a shell that has sourced scripts/env as they are, else what that would set. A machine
 * that has not been set up is set up first.
 *
 * @returns undefined where the set-up failed, which has said why
 */
export function ready(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  const now = variables(env);
  if (now["DOCKSTAGE_PLUGIN"] && onPath("pulumi", now) && onPath("docker", now)) return now;
  return setUp(env) === 0 ? sourced(env) : undefined;
}

/** What a person types to have plain pulumi: `. node_modules/dockstage/scripts/env`, from their folder. */
export function sourceLine(cwd = process.cwd()): string {
  const usual = join("node_modules", "dockstage");
  const there = (folder: string): boolean => {
    try {
      return realpathSync(folder) === realpathSync(PACKAGE);
    } catch {
      return false;
    }
  };
  const home = there(join(cwd, usual)) ? usual : relative(cwd, PACKAGE);
  return `. ${join(home, "scripts", "env")}`;
}
