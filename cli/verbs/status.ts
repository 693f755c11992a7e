import { deploymentOf, isLocked, outputsIn, type StateResource } from "../deployment";
import { definitionDrift } from "../drift";
import { driftOf } from "../engine";
import { environmentOf, nameOf } from "../environment";
import { leftoversOf } from "../leftovers";
import { isService, objectsOn } from "../objects";
import { conditionOf, isWell } from "../overview";
import { CommandFailed } from "../pulumi";
import { ago, columns } from "../table";
import type { Call } from "../verb";

/** Physical ids of a state, by type and all. */
export function idsOf(resources: readonly StateResource[]): { ids: Map<string, Set<string>>; all: Set<string> } {
  const ids = new Map<string, Set<string>>();
  for (const { type, id, delete: pending } of resources)
    if (id && pending !== true) ids.set(type, (ids.get(type) ?? new Set<string>()).add(id));
  return { ids, all: new Set(resources.flatMap(({ id }) => (id ? [id] : []))) };
}

/** `dockstage status [stack]`: one environment. Exit code 1 where it is not up as its state has it. */
export async function run({ arguments: [stack], flag, ...call }: Call): Promise<number> {
  const target = environmentOf(call, stack);
  const { project, env, folder } = target;
  const deployment = deploymentOf(target);
  const objects = await objectsOn(env, target);
  const services = objects.containers.filter(isService);
  if (!deployment && services.length === 0)
    throw new CommandFailed(`there is no environment ${nameOf(target)}: bring it up with "dockstage up ${target.stack}"`);
  const resources = deployment?.resources ?? [];
  const known = idsOf(resources);
  const condition = conditionOf(services);
  const missing = condition === "down" ? [] : await driftOf(project, target.stack, known, env);
  const strangers = leftoversOf(objects, known.all).remove.map(({ kind, name }) => `${kind} ${name} is in no state`);
  const drift = [...missing, ...strangers, ...(await definitionDrift(resources, env))];
  const outputs = outputsIn(deployment);
  const status = {
    project,
    stack: target.stack,
    folder,
    condition,
    lastUp: deployment?.time ?? null,
    /** A run is under way, or was cut off. */
    locked: isLocked(target),
    interrupted: deployment?.cutOff ?? false,
    containers: services.map(({ component, name, state, health, status, created }) => ({
      component,
      name,
      state,
      health,
      status,
      since: new Date(created * 1000).toISOString(),
    })),
    drift,
    outputs: outputs ?? null,
  };
  if (flag("json")) process.stdout.write(`${JSON.stringify(status, null, 2)}\n`);
  else {
    const urls = Object.values(outputs?.variants ?? {}).map(({ url }) => url);
    const head = `${nameOf(target)} is ${condition}${status.lastUp ? `, last change ${ago(status.lastUp)} ago` : ""}`;
    const rows = services.map((container) => [`  ${container.component}`, container.status, isWell(container) ? "" : "<- not well"]);
    const notes = [
      ...(status.locked ? ["A run is under way, or was cut off: its lock is there."] : []),
      ...(status.interrupted ? [`An earlier run was cut off: "dockstage up ${target.stack}" clears up after it.`] : []),
      ...drift.map((words) => `The engine differs from the state: ${words}.`),
    ];
    const mail = outputs?.mail?.inbox ? [`  Mail     ${outputs.mail.inbox}`] : [];
    process.stdout.write(
      [
        head,
        "",
        ...urls.map((url) => `  URL      ${url}`),
        ...mail,
        "",
        ...columns(rows),
        ...(notes.length > 0 ? ["", ...notes] : []),
        "",
      ].join("\n"),
    );
  }
  return condition === "up" && drift.length === 0 ? 0 : 1;
}
