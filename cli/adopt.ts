import { spawn } from "node:child_process";
import { z } from "zod";
import { DISPOSABLE } from "../plan/names";
import { ask, get, removeStrangers } from "./engine";
import { CommandFailed, type Target } from "./pulumi";
import type { State } from "./state";

/**
 * An environment whose state was lost, or lies in another folder or backend: its data volumes are on the engine, and the state that an
 * `up` would begin knows none of them.
 */

const Volumes = z.object({
  Volumes: z
    .array(z.object({ Name: z.string(), CreatedAt: z.string().optional(), Labels: z.record(z.string(), z.string()).nullish() }))
    .nullish(),
});
const Containers = z.array(z.object({ Id: z.string(), Names: z.array(z.string()) }));

const labelsOf = ({ project, stack }: Target): readonly string[] => [`dockstage.project=${project}`, `dockstage.stack=${stack}`];

/** The environment's volumes with data that the state does not know, with the time since which they are there. */
async function unknownData(target: Target, { all }: Pick<State, "all">): Promise<readonly { name: string; since: string }[]> {
  const { Volumes: volumes } = Volumes.parse(await get("/volumes", labelsOf(target), target.env));
  return (volumes ?? [])
    .filter(
      ({ Name, Labels }) => !all.has(Name) && !Labels?.["dockstage.helper"] && !DISPOSABLE.includes(Labels?.["dockstage.component"] ?? ""),
    )
    .map(({ Name, CreatedAt }) => ({ name: Name, since: CreatedAt ?? "an unknown time" }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Another folder that holds the environment's subnets, all or those that are not among `values`. */
async function elsewhere({ project, stack, folder, env }: Target, values: ReadonlySet<string> = new Set()): Promise<string | undefined> {
  const { dataFolder, readLedger } = require("../provider/ledger") as typeof import("../provider/ledger");
  const entries = Object.entries(await readLedger(dataFolder(env)));
  const others = entries.filter(
    ([holder, { value, folder: of = folder }]) => holder.startsWith(`${project}/${stack}/`) && of !== folder && !values.has(value),
  );
  return others[0]?.[1].folder;
}

const movedText = ({ project, stack }: Target, folder: string): string =>
  `${project} ${stack} was taken over from ${folder}, with its data. Nothing was changed.\n` +
  `Go on there, or take it back: dockstage up ${stack} --adopt. Where this state is not needed any more: ` +
  `pulumi stack rm ${stack} --force --preserve-config (a destroy would take the data along)`;

/**
 * Refuses an environment with data that its state does not know, or that another folder has up, before anything is touched.
 *
 * @throws CommandFailed with the volumes and both ways on
 */
export async function refuseUnknownData(target: Target, state: Pick<State, "all" | "ids">): Promise<void> {
  const { project, stack } = target;
  const leases = state.ids.get("dockstage:index:Lease");
  const moved = leases && (await elsewhere(target, leases));
  if (moved !== undefined) throw new CommandFailed(movedText(target, moved));
  const unknown = await unknownData(target, state);
  if (unknown.length === 0) {
    // Without data of its own, it is the other folder's containers that this run would take away.
    if (state.all.size > 0 || Containers.parse(await get("/containers/json", labelsOf(target), target.env)).length === 0) return;
    const folder = await elsewhere(target);
    if (folder === undefined) return;
    throw new CommandFailed(
      `${project} ${stack} is up already from ${folder}, with another state than this one. Nothing was changed.\n` +
        `Go on there; or destroy it there first; or give this one another stack or another name. Where that state is lost, or this one is to take ` +
        `its place: dockstage up ${stack} --adopt`,
    );
  }
  const other = await elsewhere(target);
  throw new CommandFailed(
    `${project} ${stack} has data on this engine that its state does not know. Nothing was changed.\n` +
      unknown.map(({ name, since }) => `  the volume ${name}, since ${since}\n`).join("") +
      (other === undefined
        ? "Its state was lost, or lies elsewhere.\n"
        : `It was brought up from ${other}, with another state than this one.\n`) +
      `To go on here with that data: dockstage up ${stack} --adopt\n` +
      `Where nobody needs the data: docker volume rm ${unknown.map(({ name }) => name).join(" ")}`,
  );
}

/**
 * Stops what an earlier state of the environment left running, and removes all of it but the data, so that the volumes have no other user.
 *
 * @returns names of what was removed
 */
export async function clearForAdoption(target: Target, state: Pick<State, "all">): Promise<readonly string[]> {
  const found = Containers.parse(await get("/containers/json", labelsOf(target), target.env));
  const strangers = found.filter(({ Id }) => !state.all.has(Id));
  // Each has its own time to stop in: a database writes what it holds. The client waits for all of them side by side.
  if (strangers.length > 0) await docker(["stop", ...strangers.map(({ Id }) => Id)], target.env);
  const removed = await removeStrangers(target.project, target.stack, state, target.env);
  const rest = Containers.parse(await get("/containers/json", labelsOf(target), target.env)).filter(({ Id }) => !state.all.has(Id));
  for (const { Id } of rest) await ask("DELETE", `/containers/${Id}?force=1&v=1`, target.env);
  return [...removed, ...rest.map(({ Id, Names }) => `the container ${Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12)}`)];
}

/** The variables with which dockstage's provider takes an environment over. */
export const adoptionOf = ({ project, stack, env }: Target): NodeJS.ProcessEnv => ({ ...env, DOCKSTAGE_ADOPT: `${project}/${stack}` });

function docker(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn("docker", args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => void (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new CommandFailed(`docker cannot be started (${error.message}): run "dockstage setup"`)));
    // One that ended meanwhile is no failure: what still runs is seen by what comes next.
    child.on("close", (code) =>
      code === 0 || errors.includes("No such container") ? resolve() : reject(new CommandFailed(errors.trim())),
    );
  });
}
