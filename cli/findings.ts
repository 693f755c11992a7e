/**
 * Everything that `dockstage doctor` can find: what is wrong, and what to do. Each one has a section of the same name in
 * docs/troubleshooting.md.
 */

export interface Finding {
  /** The anchor in docs/troubleshooting.md. */
  readonly id: FindingId;
  readonly message: string;
  readonly fix: string;
}

const TEXTS = {
  "set-up-incomplete": (what: string) => [`the set-up of this machine is not complete: ${what}`, "dockstage setup"],
  "engine-unreachable": (why: string) => [why, "dockstage setup"],
  "host-program-down": () => ["the host program, which all environments share, is not up", "dockstage up host"],
  "host-port-taken": (port: string, holder: string) => [
    `port ${port}, on which the host program answers, is taken by ${holder}`,
    `stop ${holder}, then: dockstage up host`,
  ],
  "brought-up-elsewhere": (environment: string, folder: string) => [
    `${environment} was brought up from ${folder}, not from this folder`,
    `go on in ${folder}, or take it over: dockstage up --adopt`,
  ],
  "subnet-overlap": (environment: string, subnet: string, route: string) => [
    `the network ${subnet} of ${environment} overlaps ${route}, which this machine has a route to: one of them cannot be reached`,
    "dockstage down, set another pool in the stack's config (network: { pool: 10.214.0.0/16 }), then dockstage up",
  ],
  leftovers: (count: string, whose: string) => [`${count} on the engine that no state knows, of ${whose}`, "dockstage prune"],
  "unknown-environment": (environment: string) => [
    `${environment} runs, and no state of yours knows it: it is another user's, or its state was lost`,
    `leave it, or if it is yours: dockstage prune ${environment.replace(" ", "/")}`,
  ],
  "unknown-data": (volume: string, environment: string) => [
    `the volume ${volume} holds data of ${environment}, which no state knows`,
    `dockstage up takes it up again where the app's folder is; to delete it: docker volume rm ${volume}`,
  ],
  "disk-full": (free: string, folder: string) => [
    `only ${free} are free where the engine keeps its data (${folder})`,
    "docker image prune, and docker builder prune for the build cache",
  ],
  interrupted: (environment: string, stack: string) => [`an earlier run of ${environment} was cut off`, `dockstage up ${stack}`],
  "not-well": (container: string, status: string, component: string) => [
    `the container ${container} is not well: ${status}`,
    `dockstage logs ${component} says why`,
  ],
  drift: (difference: string, stack: string) => [`the engine differs from the state: ${difference}`, `dockstage up ${stack}`],
  "definition-drift": (difference: string, stack: string) => [
    `a container differs from its definition: ${difference}`,
    `remove it (docker rm -f), then: dockstage up ${stack}`,
  ],
} as const satisfies Readonly<Record<string, (...words: string[]) => readonly [string, string]>>;

export type FindingId = keyof typeof TEXTS;

/** All ids, for the page that explains them. */
export const FINDINGS: readonly string[] = Object.keys(TEXTS);

/** A finding in words. */
export function finding<I extends FindingId>(id: I, ...words: Parameters<(typeof TEXTS)[I]>): Finding {
  const text: (...words: string[]) => readonly [string, string] = TEXTS[id];
  const [message, fix] = text(...words);
  return { id, message, fix };
}
