import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { agreed } from "../ask";
import { deploymentOf, exported, type StateResource } from "../deployment";
import { environmentOf, nameOf } from "../environment";
import { dataVolumes, kept, untied } from "../keep";
import { leftoversOf, removeAll } from "../leftovers";
import { objectsOn } from "../objects";
import { capture, CommandFailed, run as pulumi, type Target } from "../pulumi";
import { clearDeadLocks, stateOf } from "../state";
import type { Call } from "../verb";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Of the resources that a person has heard of: how each kind is called, one and several. */
const KINDS: Readonly<Record<string, readonly [string, string]>> = {
  "docker:index/container:Container": ["container", "containers"],
  "docker:index/network:Network": ["network", "networks"],
  "dockstage:index:Image": ["image", "images"],
  "dockstage:index:Files": ["volume with configuration", "volumes with configuration"],
  "dockstage:index:Password": ["password", "passwords"],
};

function counted(resources: readonly StateResource[]): string {
  const words = Object.entries(KINDS).flatMap(([type, [one, several]]) => {
    const count = resources.filter((resource) => resource.type === type && resource.delete !== true).length;
    return count === 0 ? [] : [`${count} ${count === 1 ? one : several}`];
  });
  return words.join(", ") || "nothing but records";
}

/** What will happen, for a person to agree to. */
function announce(target: Target, resources: readonly StateResource[], stays: ReadonlySet<string>): void {
  const goes = resources.filter(({ urn }) => !stays.has(urn));
  const volumes = dataVolumes(resources);
  const rows: (readonly [string, string])[] = [
    ["goes", counted(goes)],
    ...volumes.filter(({ urn }) => !stays.has(urn)).map(({ id }) => ["DELETED", `${id ?? ""}, with all its data`] as const),
    ...volumes
      .filter(({ urn }) => stays.has(urn))
      .map(({ id, protect }) => ["stays", `${id ?? ""}${protect === true ? " (protected)" : ""}`] as const),
  ];
  const passwords = resources.filter(({ urn, type }) => stays.has(urn) && type === "dockstage:index:Password").length;
  if (passwords > 0) rows.push(["stays", `${passwords} ${passwords === 1 ? "password" : "passwords"}, which the data needs`]);
  say(`${nameOf(target)} goes down:\n`);
  for (const [what, text] of rows) say(`  ${what.padEnd(8)} ${text}`);
  say("");
}

/** Destroys all but what stays. */
async function destroy(target: Target, stays: ReadonlySet<string>): Promise<number> {
  const { stack } = target;
  if (stays.size > 0) {
    const state = exported(target);
    if (!state) throw new CommandFailed(`the state of ${nameOf(target)} is gone`);
    const folder = mkdtempSync(join(tmpdir(), "dockstage-down-"));
    try {
      const file = join(folder, "state.json");
      writeFileSync(file, JSON.stringify(untied(state, stays)), { mode: 0o600 });
      capture(target, ["stack", "import", "--file", file, "--stack", stack]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const excluded = [...stays].flatMap((urn) => ["--exclude", urn]);
  return pulumi(target, ["destroy", "--yes", "--skip-preview", "--suppress-outputs", "--stack", stack, ...excluded]);
}

/** The host program's networks cannot go while environments are in them. */
async function refuseHost({ env }: Target): Promise<void> {
  const doors = (await objectsOn(env)).containers.filter(({ component }) => component === "door");
  if (doors.length === 0) return;
  const names = [...new Set(doors.map(nameOf))].sort();
  throw new CommandFailed(`the host program serves ${names.join(", ")}: take ${names.length === 1 ? "it" : "them"} down first`);
}

/** `dockstage down [stack]`: what runs goes, data stays; with --data that goes too, and the state. Protected volumes always stay. */
export async function run({ arguments: [stack], flag, ...call }: Call): Promise<number> {
  const target = environmentOf(call, stack);
  if (stack === "host") await refuseHost(target);
  const found = deploymentOf(target);
  if (!found)
    throw new CommandFailed(`there is no state of ${nameOf(target)} here: nothing to take down ("dockstage ls" shows what is up)`);
  const data = flag("data");
  const stays = kept(found.resources, { data });
  const goes = found.resources.filter(({ urn }) => !stays.has(urn));
  const lost = leftoversOf(await objectsOn(target.env, target), new Set(found.resources.flatMap(({ id }) => (id ? [id] : []))));
  if (goes.length === 0 && lost.remove.length === 0 && !(data && stays.size === 0)) {
    say(`${nameOf(target)} is down already.`);
    return 0;
  }
  announce(target, found.resources, stays);
  if (flag("dry-run")) return 0;
  if (!(await agreed("Go on?", flag("yes")))) return 1;
  for (const pid of clearDeadLocks(target)) say(`The lock of process ${pid}, which is dead, was cleared.`);
  if (stateOf(target).cutOff) {
    say("An earlier run was cut off: its pending operations are cleared.");
    const code = await pulumi(target, [
      "refresh",
      "--clear-pending-creates",
      "--yes",
      "--skip-preview",
      "--suppress-outputs",
      "--stack",
      target.stack,
    ]);
    if (code !== 0) return code;
  }
  const now = deploymentOf(target)?.resources ?? [];
  const code = goes.length > 0 ? await destroy(target, kept(now, { data })) : 0;
  if (code !== 0) return code;
  const left = deploymentOf(target)?.resources ?? [];
  // What runs that were cut off have left: nobody else would remove it, now that the environment is gone.
  await removeAll(leftoversOf(await objectsOn(target.env, target), new Set(left.flatMap(({ id }) => (id ? [id] : [])))).remove, target.env);
  if (data && left.length === 0) capture(target, ["stack", "rm", target.stack, "--yes", "--preserve-config"]);
  say(`\n${nameOf(target)} is down. ${ending(target, left, data)}`);
  return 0;
}

function ending({ stack }: Target, left: readonly StateResource[], data: boolean): string {
  const volumes = dataVolumes(left);
  const again = `"dockstage up ${stack}"`;
  if (volumes.length === 0) return `Nothing is left of it; ${again} begins anew.`;
  if (data) return `Protected volumes stay, and ${again} takes them up.`;
  return `Its data waits for ${again}; "dockstage down ${stack} --data" deletes it.`;
}
