import { request } from "node:http";

/** What the engine has of some environments, in one round of parallel requests. Loads nothing but Node's own modules. */

/** Project and stack. */
export type Scope = readonly [project: string, stack: string];

export interface Seen {
  /** For a person: `the container guestbook--dev-web-0a1b2c3`. */
  readonly name: string;
  /** What must stay as it is; begins with `ok` where a container runs and is not unhealthy. */
  readonly is: string;
  /** The project; "" of an image. */
  readonly scope: string;
}

/** By kind and identity: `container <id>`, `network <id>`, `volume <name>`, `image <reference>`. */
export type Snapshot = Readonly<Record<string, Seen>>;

const record = (value: unknown): Readonly<Record<string, unknown>> => (typeof value === "object" && value !== null ? { ...value } : {});
const list = (value: unknown): readonly Readonly<Record<string, unknown>>[] => (Array.isArray(value) ? value.map(record) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** One answer of the engine; undefined for what is not there. */
function get(socket: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: socket, path, agent: false, timeout: 5_000 }, (received) => {
      const chunks: Buffer[] = [];
      received.on("data", (chunk: Buffer) => chunks.push(chunk));
      received.on("error", reject);
      received.on("end", () => {
        if (received.statusCode === 404) resolve(undefined);
        else if (received.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()));
        else reject(new Error(`status ${received.statusCode}`));
      });
    });
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", reject);
    sent.end();
  });
}

function container(
  scope: string,
  { Id, Names, State, Status, NetworkSettings }: Readonly<Record<string, unknown>>,
): readonly [string, Seen] {
  const name: unknown = Array.isArray(Names) ? Names[0] : undefined;
  const networks = Object.values(record(record(NetworkSettings)["Networks"])).map((network) => text(record(network)["NetworkID"]));
  const [, health] = /\((unhealthy|health: starting)\)/.exec(text(Status)) ?? [];
  const word = health === undefined ? "ok" : health === "unhealthy" ? health : "starting";
  const is = State === "running" ? `${word} ${networks.sort().join(" ")}` : text(State);
  return [`container ${text(Id)}`, { name: `the container ${text(name).replace(/^\//, "")}`, is, scope }];
}

/** The socket of the local engine; undefined where another one is meant. */
export function socketOf(env: NodeJS.ProcessEnv): string | undefined {
  const address = env["DOCKER_HOST"] || "unix:///var/run/docker.sock";
  return address.startsWith("unix://") && !env["DOCKER_CONTEXT"] ? address.slice("unix://".length) : undefined;
}

/** @throws Error where the engine does not answer */
export async function snapshotOf(socket: string, scopes: readonly Scope[], images: readonly string[]): Promise<Snapshot> {
  const ofScopes = scopes.map(async ([project, stack]) => {
    const filters = encodeURIComponent(JSON.stringify({ label: [`dockstage.project=${project}`, `dockstage.stack=${stack}`] }));
    const [containers, networks, volumes] = await Promise.all([
      get(socket, `/containers/json?all=1&filters=${filters}`),
      get(socket, `/networks?filters=${filters}`),
      get(socket, `/volumes?filters=${filters}`),
    ]);
    return [
      ...list(containers).map((found) => container(project, found)),
      ...list(networks).map(
        ({ Id, Name }) => [`network ${text(Id)}`, { name: `the network ${text(Name)}`, is: text(Name), scope: project }] as const,
      ),
      ...list(record(volumes)["Volumes"]).map(({ Name, Labels }) => {
        // Not by CreatedAt: before 23 an engine gives the time of the folder's last change, which each new file in it is.
        const is = `stamp ${text(record(Labels)["dockstage.stamp"])}`;
        return [`volume ${text(Name)}`, { name: `the volume ${text(Name)}`, is, scope: project }] as const;
      }),
    ];
  });
  const ofImages = images.map(async (reference) => {
    const found = record(await get(socket, `/images/${encodeURIComponent(reference).replaceAll("%2F", "/")}/json`));
    return [[`image ${reference}`, { name: `the image ${reference}`, is: text(found["Id"]), scope: "" }] as const];
  });
  return Object.fromEntries((await Promise.all([...ofScopes, ...ofImages])).flat());
}

/** A container whose first probe by the engine itself is still to come counts as healthy: for a moment at which `Ready` has found it so. */
export const settled = (snapshot: Snapshot): Snapshot =>
  Object.fromEntries(Object.entries(snapshot).map(([key, seen]) => [key, { ...seen, is: seen.is.replace(/^starting/, "ok") }]));

/** How objects differ from what they were, in words; empty where none does. */
export function differences(was: Snapshot, now: Snapshot): readonly string[] {
  return Object.entries(was).flatMap(([key, { name, is }]) => {
    const found = now[key];
    if (found?.is === is) return [];
    if (!found?.is) return [`${name} is gone`];
    if (!key.startsWith("container ")) return [`${name} is another one`];
    if (found.is.startsWith("ok")) return [`${name} is on other networks`];
    return [/^(unhealthy|starting)/.test(found.is) ? `${name} is not healthy` : `${name} does not run`];
  });
}
