import { request } from "node:http";
import { z } from "zod";
import { CommandFailed } from "./pulumi";
import type { State } from "./state";

/** Lists of the local engine, over its socket: the docker client's library alone would take 0.15 s to load. */

const Containers = z.array(
  z.object({ Id: z.string(), Names: z.array(z.string()), State: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
);
const Networks = z.array(z.object({ Id: z.string(), Name: z.string() }));
const Volumes = z.object({
  Volumes: z.array(z.object({ Name: z.string(), Labels: z.record(z.string(), z.string()).nullish() })).nullish(),
});

/** A list of the engine's objects that carry all the labels. */
export const get = (path: string, labels: readonly string[], env: NodeJS.ProcessEnv): Promise<unknown> =>
  ask("GET", `${path}?all=1&filters=${encodeURIComponent(JSON.stringify({ label: labels }))}`, env);

/** One request to the engine; undefined for a DELETE, and for a GET or HEAD of what is not there. */
export function ask(method: "GET" | "HEAD" | "DELETE", path: string, env: NodeJS.ProcessEnv): Promise<unknown> {
  const address = env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
  if (!address.startsWith("unix://"))
    throw new CommandFailed(`DOCKER_HOST is ${address}, and dockstage uses the engine of this machine only: unset DOCKER_HOST`);
  return new Promise((resolve, reject) => {
    const failed = (why: string): void =>
      reject(
        new CommandFailed(
          `the Docker Engine at ${address} does not answer (${why}): run "npx dockstage setup", which starts it or says what is wrong`,
        ),
      );
    const sent = request({ socketPath: address.slice("unix://".length), method, path, timeout: 20_000 }, (received) => {
      const chunks: Buffer[] = [];
      received.on("data", (chunk: Buffer) => chunks.push(chunk));
      received.on("error", (error) => failed(error.message));
      received.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        if (received.statusCode === 200) resolve(method === "HEAD" ? true : JSON.parse(body));
        else if (method !== "DELETE" && received.statusCode === 404) resolve(undefined);
        else if (method === "DELETE" && [204, 403, 404, 409].includes(received.statusCode ?? 0)) resolve(undefined);
        else failed(`status ${received.statusCode}: ${body.slice(0, 200)}`);
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer within 20 s")));
    sent.on("error", (error) => failed(error.message));
    sent.end();
  });
}

const labelsOf = (project: string, stack: string): readonly string[] => [`dockstage.project=${project}`, `dockstage.stack=${stack}`];

/**
 * In what an environment's objects on the engine differ from its state, in words; empty where they agree. Objects that the state
 * knows must be there, and containers must run.
 */
export async function driftOf(
  project: string,
  stack: string,
  { ids }: Pick<State, "ids">,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const labels = labelsOf(project, stack);
  const [containers, networks, volumes] = await Promise.all([
    get("/containers/json", labels, env).then((found) => Containers.parse(found)),
    get("/networks", labels, env).then((found) => Networks.parse(found)),
    get("/volumes", labels, env).then((found) => Volumes.parse(found).Volumes ?? []),
  ]);
  const known = (type: string): readonly string[] => [...(ids.get(type) ?? [])];
  const running = new Set(containers.filter(({ State }) => State === "running").map(({ Id }) => Id));
  const there = new Set(networks.map(({ Id }) => Id));
  const kept = new Set(volumes.map(({ Name }) => Name));
  return [
    ...known("docker:index/container:Container").flatMap((id) => (running.has(id) ? [] : [`container ${id.slice(0, 12)} does not run`])),
    ...known("docker:index/network:Network").flatMap((id) => (there.has(id) ? [] : [`network ${id.slice(0, 12)} is gone`])),
    ...known("docker:index/volume:Volume").flatMap((id) => (kept.has(id) ? [] : [`volume ${id} is gone`])),
  ];
}

/**
 * Removes an environment's objects that its state does not know: a run was cut off while it made them. A container of a service
 * says so by its generation, its forwarder by its component; a volume with files of dockstage's own is a helper, as the containers are
 * that fill volumes. Jobs go with the next run of theirs, and a volume with data is left alone. Only for a state that no run is writing
 * to.
 *
 * @returns names of what was removed
 */
export async function removeStrangers(
  project: string,
  stack: string,
  { all }: Pick<State, "all">,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const labels = labelsOf(project, stack);
  const containers = Containers.parse(await get("/containers/json", labels, env));
  const ofService = (labels: Readonly<Record<string, string>>): boolean =>
    "dockstage.generation" in labels || "dockstage.helper" in labels || /-self$/.test(labels["dockstage.component"] ?? "");
  const strangers = containers.filter(({ Id, Labels }) => !all.has(Id) && ofService(Labels ?? {}));
  for (const { Id } of strangers) await ask("DELETE", `/containers/${Id}?force=1&v=1`, env);
  // After the containers, which may use them; what somebody else uses still, the engine refuses to remove.
  const networks = Networks.parse(await get("/networks", labels, env)).filter(({ Id }) => !all.has(Id));
  for (const { Id } of networks) await ask("DELETE", `/networks/${Id}`, env);
  const volumes = (Volumes.parse(await get("/volumes", labels, env)).Volumes ?? []).filter(
    ({ Name, Labels }) => !all.has(Name) && Labels?.["dockstage.helper"] === "files",
  );
  for (const { Name } of volumes) await ask("DELETE", `/volumes/${Name}`, env);
  return [
    ...strangers.map(({ Id, Names }) => `the container ${Names[0]?.replace(/^\//, "") ?? Id.slice(0, 12)}`),
    ...networks.map(({ Name }) => `the network ${Name}`),
    ...volumes.map(({ Name }) => `the volume ${Name}`),
  ];
}

/** Names of the running containers of a component, over all its variants. */
export async function containersOf(project: string, stack: string, component: RegExp, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const found = Containers.parse(await get("/containers/json", labelsOf(project, stack), env));
  return found
    .filter(({ State, Labels }) => State === "running" && component.test(Labels?.["dockstage.component"] ?? ""))
    .flatMap(({ Names }) => Names.slice(0, 1).map((name) => name.replace(/^\//, "")))
    .sort();
}
