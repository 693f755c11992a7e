import { homedir } from "node:os";
import { variables } from "../machine";
import { overview, type Overview } from "../overview";
import { ago, columns } from "../table";
import type { Call } from "../verb";

const short = (folder: string): string => (folder.startsWith(`${homedir()}/`) ? `~${folder.slice(homedir().length)}` : folder);

function condition({ condition, containers, healthy, volumes }: Overview): string {
  if (condition === "up") return `up, ${healthy} of ${containers} healthy`;
  if (condition === "partly up") return `PARTLY UP, ${healthy} of ${containers} healthy`;
  return volumes > 0 ? `down, data in ${volumes} ${volumes === 1 ? "volume" : "volumes"}` : "down";
}

const owner = ({ folder, state }: Overview): string =>
  `${folder === null ? "-" : short(folder)}${state === "here" ? "" : state === "elsewhere" ? " (another state)" : " (no state known)"}`;

/** `dockstage ls`: every environment of every app on this engine. */
export async function run({ env, flag }: Call): Promise<number> {
  const environments = await overview(variables(env));
  if (flag("json")) {
    process.stdout.write(`${JSON.stringify({ environments }, null, 2)}\n`);
    return 0;
  }
  if (environments.length === 0) {
    process.stdout.write("There is no environment on this engine. The first one: dockstage up dev\n");
    return 0;
  }
  const rows = environments.map((row) => [
    row.project,
    row.stack,
    condition(row),
    row.since === null ? "-" : ago(row.since),
    row.urls.join(" ") || "-",
    owner(row),
  ]);
  for (const line of columns([["APP", "STACK", "STATE", "SINCE", "URL", "FOLDER"], ...rows])) process.stdout.write(`${line}\n`);
  return 0;
}
