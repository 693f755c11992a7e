import { z } from "zod";
import { ask, get } from "./engine";

/** What is on the engine with dockstage's labels, of any app. */

interface Labelled {
  /** The engine's own id; of a volume its name. */
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly project: string;
  readonly stack: string;
  /** "" where nothing says it. */
  readonly component: string;
}

export interface EngineContainer extends Labelled {
  readonly kind: "container";
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly state: string;
  /** none: there is no probe. */
  readonly health: "healthy" | "unhealthy" | "starting" | "none";
  /** As the engine says it: `Up 9 minutes (healthy)`. */
  readonly status: string;
  /** Seconds since 1970. */
  readonly created: number;
}

export interface EngineObject extends Labelled {
  readonly kind: "network" | "volume";
}

const Labels = z.record(z.string(), z.string()).nullish();
const Containers = z.array(
  z.object({ Id: z.string(), Names: z.array(z.string()), State: z.string(), Status: z.string(), Created: z.number(), Labels }),
);
const Networks = z.array(z.object({ Id: z.string(), Name: z.string(), Labels }));
const Volumes = z.object({ Volumes: z.array(z.object({ Name: z.string(), Labels })).nullish() });

const labelled = (id: string, name: string, labels: Readonly<Record<string, string>>): Labelled => ({
  id,
  name,
  labels,
  project: labels["dockstage.project"] ?? "",
  stack: labels["dockstage.stack"] ?? "",
  component: labels["dockstage.component"] ?? "",
});

function healthIn(status: string): EngineContainer["health"] {
  const [, said] = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(status) ?? [];
  return said === "healthy" || said === "unhealthy" || said === "starting" ? said : "none";
}

const byName = (a: Labelled, b: Labelled): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

export interface Objects {
  readonly containers: readonly EngineContainer[];
  readonly networks: readonly EngineObject[];
  readonly volumes: readonly EngineObject[];
}

const ALL = ["dockstage.project", "dockstage.stack"];

/** Of one environment, or of all. */
export async function objectsOn(env: NodeJS.ProcessEnv, of?: { readonly project: string; readonly stack: string }): Promise<Objects> {
  const labels = of ? [`dockstage.project=${of.project}`, `dockstage.stack=${of.stack}`] : ALL;
  const [containers, networks, volumes] = await Promise.all([
    get("/containers/json", labels, env).then((found) => Containers.parse(found)),
    get("/networks", labels, env).then((found) => Networks.parse(found)),
    get("/volumes", labels, env).then((found) => Volumes.parse(found).Volumes ?? []),
  ]);
  return {
    containers: containers
      .map(({ Id, Names, State, Status, Created, Labels: labels }) => ({
        ...labelled(Id, (Names[0] ?? Id.slice(0, 12)).replace(/^\//, ""), labels ?? {}),
        kind: "container" as const,
        state: State,
        status: Status,
        health: healthIn(Status),
        created: Created,
      }))
      .sort(byName),
    networks: networks
      .map(({ Id, Name, Labels: labels }) => ({ ...labelled(Id, Name, labels ?? {}), kind: "network" as const }))
      .sort(byName),
    volumes: volumes.map(({ Name, Labels: labels }) => ({ ...labelled(Name, Name, labels ?? {}), kind: "volume" as const })).sort(byName),
  };
}

/** Whether a container belongs to a service: not to a job, nor to dockstage's own small helpers. */
export const isService = ({ labels, component }: EngineContainer): boolean =>
  !("dockstage.job" in labels) && !("dockstage.helper" in labels) && !component.endsWith("-self");

/** Whether a name that a person typed means this container's component: `web` is also the `web-php8-2` of a variant. */
export const isCalled = ({ component, labels }: EngineContainer, name: string): boolean =>
  component === name || (labels["dockstage.variant"] !== undefined && component === `${name}-${labels["dockstage.variant"]}`);

/** Whether there is a file in a container, which need not run. */
export const hasFile = async (id: string, path: string, env: NodeJS.ProcessEnv): Promise<boolean> =>
  (await ask("HEAD", `/containers/${id}/archive?path=${encodeURIComponent(path)}`, env)) === true;
