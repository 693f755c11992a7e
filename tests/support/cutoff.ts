import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Sandbox } from "./sandbox";

const CLI = ["node_modules/dockstage/cli/dockstage", "up", "dev"];

/** `dockstage up dev`, to its end. */
export const dockstageUp = (sandbox: Sandbox): ReturnType<Sandbox["run"]> => sandbox.run(process.execPath, CLI);

/** The resources that an `up` has finished, one for each line that says so. */
export const finishedIn = (output: string): number =>
  output.split("\n").filter((line) => /^ *\d+\.\d s {2}\w+ +(created|updated) /.test(line)).length;

/**
 * Starts `dockstage up dev` in a process group of its own, and kills all of it with -9 once `k` resources are finished.
 *
 * @returns number of resources that were finished; less than `k` where the run ended before
 */
export async function killedAfter(sandbox: Sandbox, k: number): Promise<number> {
  const child = spawn(process.execPath, CLI, { cwd: sandbox.app, env: sandbox.env, stdio: ["ignore", "pipe", "ignore"], detached: true });
  const ended = new Promise((resolve) => child.on("close", resolve));
  const kill = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  let finished = 0;
  if (k === 0) kill();
  createInterface({ input: child.stdout }).on("line", (line) => {
    finished += finishedIn(line);
    if (finished === k) kill();
  });
  await ended;
  return finished;
}

/** Every object, without what differs from one generation and from one sandbox to the next. */
export async function kindsOf(sandbox: Sandbox): Promise<readonly string[]> {
  const { project } = sandbox;
  return (await sandbox.objects())
    .map((object) => object.replaceAll(project.replaceAll("-", "--"), "app").replaceAll(project, "app"))
    .map((object) => object.replace(/-[0-9a-f]{7,8}$/, "").replace(/:[0-9a-f]{16}$/, ""))
    .sort();
}

/** Locks, and files that a write left half done. */
export const remainsIn = (sandbox: Sandbox, state = "state"): readonly string[] =>
  readdirSync(join(sandbox.folder, state, ".pulumi"), { recursive: true, encoding: "utf8" }).filter(
    (file) => /^locks.*\.json$/.test(file) || file.endsWith(".tmp"),
  );

/** What the state says that is not in order. */
export function disorderIn(sandbox: Sandbox, state = "state"): readonly string[] {
  const file = join(sandbox.folder, state, ".pulumi", "stacks", sandbox.project, "dev.json");
  const { checkpoint } = JSON.parse(readFileSync(file, "utf8")) as {
    checkpoint: { latest: { resources: { urn: string; delete?: boolean }[]; pending_operations?: unknown[] } };
  };
  const { resources, pending_operations: pending = [] } = checkpoint.latest;
  return [...resources.filter((resource) => resource.delete).map(({ urn }) => urn), ...pending.map((one) => JSON.stringify(one))];
}

/** Takes everything away but the images, and the state with it: as on a machine that had the app up before. */
export async function wipe(sandbox: Sandbox): Promise<void> {
  const objects = await sandbox.objects();
  const of = (kind: string): readonly string[] =>
    objects.filter((object) => object.startsWith(`${kind} `)).map((object) => object.slice(kind.length + 1).replace(/^\//, ""));
  await Promise.all(of("container").map((name) => sandbox.engine.getContainer(name).remove({ force: true, v: true })));
  await Promise.all(of("network").map((name) => sandbox.engine.getNetwork(name).remove()));
  await Promise.all(of("volume").map((name) => sandbox.engine.getVolume(name).remove()));
  rmSync(join(sandbox.folder, "state"), { recursive: true, force: true });
  mkdirSync(join(sandbox.folder, "state"));
}
