import { existsSync } from "node:fs";
import { hostPortOf, dataFolderOf } from "../config/machine";
import { ENVIRONMENTS_VOLUME, ROUTES_VOLUME } from "../plan/names";
import { statesIn } from "./deployment";
import { folderOf, leasesOf } from "./leases";
import { isService, objectsOn, type EngineContainer, type Objects } from "./objects";

/** All environments that this engine or this user's states know. */

/** up: every container runs and is healthy. partly up: not all do. down: nothing runs. */
export type Condition = "up" | "partly up" | "down";

export interface Overview {
  readonly project: string;
  readonly stack: string;
  readonly condition: Condition;
  /** Containers of services, and how many of them are as they should be. */
  readonly containers: number;
  readonly healthy: number;
  /** One for each variant; none where there is no web container. */
  readonly urls: readonly string[];
  /** When its oldest container was made, ISO 8601; null where it has none. */
  readonly since: string | null;
  /** The folder that it was brought up from; null where no lease says it (it is down, or another user's). */
  readonly folder: string | null;
  /** here: the state is in this backend. elsewhere: the folder is there, its state in another backend. unknown: neither. */
  readonly state: "here" | "elsewhere" | "unknown";
  /** Data volumes, running or not. */
  readonly volumes: number;
}

/**
 * Whether a container is as it should be; one without a probe when it runs. The engine says "starting" until it has asked for the first
 * time, one interval after the start: `up` has asked before that, and a container that is not well becomes unhealthy.
 */
export const isWell = ({ state, health }: EngineContainer): boolean => state === "running" && health !== "unhealthy";

export const conditionOf = (containers: readonly EngineContainer[]): Condition =>
  !containers.some(({ state }) => state === "running") ? "down" : containers.every(isWell) ? "up" : "partly up";

/** Public addresses of an environment's web containers, as stages/plan.ts makes them. */
function urlsOf(containers: readonly EngineContainer[], port: number): readonly string[] {
  const hosts = containers
    .filter(({ component, labels }) => component === "web" || component === `web-${labels["dockstage.variant"] ?? ""}`)
    .map(({ project, stack, labels }) => [labels["dockstage.variant"], project, stack, "localhost"].filter(Boolean).join("."));
  return [...new Set(hosts)].sort().map((host) => `http://${host}${port === 80 ? "" : `:${port}`}`);
}

const key = ({ project, stack }: { readonly project: string; readonly stack: string }): string => `${project}/${stack}`;

/** The environments of these objects and states, sorted by name. The host program is one of them. */
export function overviewOf(
  { containers, networks, volumes }: Objects,
  states: readonly { readonly project: string; readonly stack: string }[],
  env: NodeJS.ProcessEnv,
): readonly Overview[] {
  const leases = leasesOf(env);
  const port = hostPortOf(dataFolderOf(env));
  const known = new Set(states.map(key));
  const names = new Map(
    [...states, ...containers, ...networks, ...volumes].map((of) => [key(of), { project: of.project, stack: of.stack }]),
  );
  return [...names.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, of]) => {
      const mine = containers.filter((container) => key(container) === name && isService(container));
      const data = volumes.filter((volume) => key(volume) === name && volume.labels["dockstage.helper"] === undefined);
      const folder = folderOf(leases, of);
      const oldest = Math.min(...mine.map(({ created }) => created));
      return {
        ...of,
        condition: conditionOf(mine),
        containers: mine.length,
        healthy: mine.filter(isWell).length,
        urls: urlsOf(mine, port),
        since: mine.length > 0 ? new Date(oldest * 1000).toISOString() : null,
        folder: folder ?? null,
        state: known.has(name) ? "here" : folder !== undefined && existsSync(folder) ? "elsewhere" : "unknown",
        volumes: data.filter(({ component }) => component !== ROUTES_VOLUME && component !== ENVIRONMENTS_VOLUME).length,
      };
    });
}

/** The same, asked now. A state with nothing on the engine (never up, or destroyed) is no environment. */
export async function overview(env: NodeJS.ProcessEnv): Promise<readonly Overview[]> {
  const all = overviewOf(await objectsOn(env), statesIn(env), env);
  return all.filter(({ containers, volumes }) => containers + volumes > 0);
}
