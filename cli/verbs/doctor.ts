import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statfsSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { z } from "zod";
import { dataFolderOf, hostPortOf } from "../../config/machine";
import { contains, formatSubnet, overlaps, parseSubnet, routesOf } from "../../provider/cidr";
import { deploymentOf, statesIn } from "../deployment";
import { definitionDrift } from "../drift";
import { ask, driftOf } from "../engine";
import { environmentOf, nameOf } from "../environment";
import { finding, type Finding } from "../findings";
import { folderOf, leasesOf, type Lease } from "../leases";
import { PACKAGE, variables } from "../machine";
import { isService, objectsOn, type Objects } from "../objects";
import { conditionOf, isWell } from "../overview";
import { prunable } from "../prunable";
import { CommandFailed, type Target } from "../pulumi";
import { idsOf } from "./status";
import type { Call } from "../verb";

/** Bytes that an engine needs to build and to work: less free is a finding. */
const LEAST = 2 * 1024 ** 3;

const Info = z.object({ DockerRootDir: z.string() });
const Ports = z.array(z.object({ Names: z.array(z.string()), Ports: z.array(z.object({ PublicPort: z.number().optional() })).nullish() }));
const Subnets = z.array(z.object({ IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() }).nullish() }));

/** What `dockstage setup` would have to do; nothing where it has been done. */
function setUpFindings(env: NodeJS.ProcessEnv): readonly Finding[] {
  const { status, stdout } = spawnSync("sh", [join(PACKAGE, "scripts", "setup"), "--check"], { env, encoding: "utf8" });
  if (status === 0) return [];
  const lines = stdout.split("\n").filter((line) => /^ +(?!have)\w/.test(line));
  return [finding("set-up-incomplete", lines.map((line) => line.trim()).join("; ") || "dockstage setup --check says what is missing")];
}

async function diskFindings(env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const { DockerRootDir: folder } = Info.parse(await ask("GET", "/info", env));
  // An engine in a virtual machine has its own disk.
  if (!existsSync(folder)) return [];
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  return free < LEAST ? [finding("disk-full", `${(free / 1024 ** 3).toFixed(1)} GiB`, folder)] : [];
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code !== "EADDRINUSE"));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => done(true)));
  });

async function hostFindings({ containers }: Objects, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  if (containers.some(({ component, project, state }) => project === "dockstage-host" && component === "demux" && state === "running"))
    return [];
  const port = hostPortOf(dataFolderOf(env));
  if (await isFree(port)) return [finding("host-program-down")];
  const published = Ports.parse(await ask("GET", "/containers/json", env));
  const holder = published.find(({ Ports }) => (Ports ?? []).some(({ PublicPort }) => PublicPort === port))?.Names[0]?.replace(/^\//, "");
  return [finding("host-port-taken", String(port), holder === undefined ? "another program" : `the container ${holder}`)];
}

/** Subnets of environments that a VPN, say, has a route into. */
export function subnetFindings(leases: readonly Lease[], engine: readonly string[], routes: string): readonly Finding[] {
  const own = engine.flatMap((text) => parseSubnet(text) ?? []);
  const others = routesOf(routes).filter((route) => !own.some((subnet) => contains(subnet, route)));
  return leases.flatMap((lease) => {
    const subnet = lease.kind === "subnet" ? parseSubnet(lease.value) : undefined;
    const route = subnet && others.find((other) => overlaps(other, subnet));
    return route ? [finding("subnet-overlap", nameOf(lease), lease.value, formatSubnet(route))] : [];
  });
}

function leftoverFindings(objects: Objects, leases: readonly Lease[], env: NodeJS.ProcessEnv): readonly Finding[] {
  const { remove, data, unknown } = prunable(objects, { states: statesIn(env), leases, named: [] });
  const whose = [...new Set(remove.map(nameOf))].sort().join(", ");
  return [
    ...(remove.length > 0 ? [finding("leftovers", `${remove.length} ${remove.length === 1 ? "object" : "objects"}`, whose)] : []),
    ...unknown.map((environment) => finding("unknown-environment", nameOf(environment))),
    ...data.map((volume) => finding("unknown-data", volume.name, nameOf(volume))),
  ];
}

async function environmentFindings(target: Target, objects: Objects, leases: readonly Lease[]): Promise<readonly Finding[]> {
  const { project, stack, env, folder } = target;
  const deployment = deploymentOf(target);
  const services = objects.containers.filter((container) => isService(container) && nameOf(container) === nameOf(target));
  const elsewhere = folderOf(leases, target);
  const resources = deployment?.resources ?? [];
  const known = idsOf(resources);
  const mine = services.filter(({ id }) => known.all.has(id));
  if (elsewhere !== undefined && resolve(elsewhere) !== folder && services.length > 0 && mine.length === 0)
    return [finding("brought-up-elsewhere", nameOf(target), elsewhere)];
  const drift = conditionOf(mine) === "down" ? [] : await driftOf(project, stack, known, env);
  return [
    ...(deployment?.cutOff ? [finding("interrupted", nameOf(target), stack)] : []),
    ...mine.filter((container) => !isWell(container)).map(({ name, status, component }) => finding("not-well", name, status, component)),
    ...drift.map((difference) => finding("drift", difference, stack)),
    ...(await definitionDrift(resources, env)).map((difference) => finding("definition-drift", difference, stack)),
  ];
}

const isProject = (folder: string): boolean => ["Pulumi.yaml", "Pulumi.yml"].some((name) => existsSync(join(folder, name)));

async function examine(call: Call, env: NodeJS.ProcessEnv): Promise<readonly Finding[]> {
  const setUp = setUpFindings(env);
  try {
    const objects = await objectsOn(env);
    const leases = leasesOf(env);
    const networks = Subnets.parse(await ask("GET", "/networks", env));
    const subnets = networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
    const routes = existsSync("/proc/net/route") ? readFileSync("/proc/net/route", "utf8") : "";
    const target = isProject(call.folder) || call.arguments[0] !== undefined ? environmentOf(call, call.arguments[0]) : undefined;
    return [
      ...setUp,
      ...(await hostFindings(objects, env)),
      ...subnetFindings(leases, subnets, routes),
      ...(await diskFindings(env)),
      ...leftoverFindings(objects, leases, env),
      ...(target ? await environmentFindings(target, objects, leases) : []),
    ];
  } catch (error) {
    // One that does not answer is named by the set-up's check only where it knows why.
    if (error instanceof CommandFailed && error.message.includes("does not answer"))
      return [...setUp, finding("engine-unreachable", error.message)];
    throw error;
  }
}

/** `dockstage doctor [stack]`: what is wrong, and what to do. Exit code 1 where something is. */
export async function run(call: Call): Promise<number> {
  const found = await examine(call, variables(call.env));
  if (call.flag("json")) process.stdout.write(`${JSON.stringify({ findings: found }, null, 2)}\n`);
  else if (found.length === 0) process.stdout.write("Nothing is wrong.\n");
  else
    for (const { id, message, fix } of found) process.stdout.write(`${message}\n  fix:  ${fix}\n  more: docs/troubleshooting.md#${id}\n\n`);
  return found.length === 0 ? 0 : 1;
}
