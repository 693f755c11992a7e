import { agreed } from "../ask";
import { statesIn } from "../deployment";
import { leasesOf } from "../leases";
import { removeAll } from "../leftovers";
import { variables } from "../machine";
import { objectsOn } from "../objects";
import { prunable, type Prunable } from "../prunable";
import { WrongUse, type Call } from "../verb";

const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** What is left alone, and what a person can do about it. */
function remarks({ data, unknown, busy }: Prunable): readonly string[] {
  return [
    ...data.map(
      ({ name, project, stack }) =>
        `kept      volume ${name}: data of ${project} ${stack}, which no state knows. To delete it: docker volume rm ${name}`,
    ),
    ...unknown.map(
      ({ project, stack, objects }) =>
        `kept      ${project} ${stack} (${objects} objects): it runs, and no state of yours knows it. If it is yours: dockstage prune ${project}/${stack}`,
    ),
    ...busy.map((name) => `kept      ${name.replace("/", " ")}: a run is under way there, or was cut off (then first: dockstage up)`),
  ];
}

/** `dockstage prune [environment...]`: removes what no state knows. */
export async function run({ arguments: named, env, flag }: Call): Promise<number> {
  const wrong = named.find((name) => !/^[a-z0-9-]+\/[a-z0-9-]+$/.test(name));
  if (wrong !== undefined) throw new WrongUse(`an environment is named as app/stack, not "${wrong}"`);
  const all = variables(env);
  const look = async (): Promise<Prunable> => prunable(await objectsOn(all), { states: statesIn(all), leases: leasesOf(all), named });
  const found = await look();
  const dry = flag("dry-run");
  const show = ({ kind, name, project, stack }: Prunable["remove"][number]): object => ({ kind, name, project, stack });
  if (flag("json")) {
    if (!dry && !flag("yes")) throw new WrongUse("--json cannot ask: add --yes, or --dry-run to only look");
    if (!dry) await removeAll(found.remove, all);
    const document = {
      removed: !dry,
      remove: found.remove.map(show),
      data: found.data.map(show),
      unknown: found.unknown,
      busy: found.busy,
    };
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
    return 0;
  }
  for (const { kind, name, project, stack } of found.remove)
    say(`${dry ? "would go " : "goes     "} ${kind} ${name} (${project} ${stack})`);
  for (const line of remarks(found)) say(line);
  if (found.remove.length === 0) say("There is nothing to remove.");
  if (dry || found.remove.length === 0) return 0;
  if (!(await agreed(`Remove ${found.remove.length === 1 ? "it" : `these ${found.remove.length}`}?`, flag("yes")))) return 1;
  // Looked at again: a run may have begun while the person read.
  const now = new Set((await look()).remove.map(({ id }) => id));
  await removeAll(
    found.remove.filter(({ id }) => now.has(id)),
    all,
  );
  const left = (await look()).remove;
  for (const { kind, name } of left) process.stderr.write(`dockstage: ${kind} ${name} is still there: something else uses it\n`);
  return left.length === 0 ? 0 : 1;
}
