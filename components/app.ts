import { posix } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import type { Description } from "../config/settings";
import type { JobRecord, Mount, PlanRecord, Ref, Run, ServiceRecord } from "../plan/records";
import { fill, type Value } from "../plan/text";
import { appImageName } from "./app-image";
import { PlannedComponent, type Placed } from "./component";
import type { Connection } from "./database";
import { debuggerMount } from "./debugger";
import { argumentsOf, FOREIGN_CAPABILITIES, limitsOf } from "./defaults";
import { filesVolumeName } from "./files-volume";
import { RELAY } from "./mail-relay";
import { appSecret } from "./secrets";
import { environmentOf } from "./variables";

export interface AppArgs {
  readonly app: Pick<Description, "source" | "web" | "processes" | "env" | "secrets" | "writable" | "database">;
  /** Set where the environment has several variants: every name then ends in it. */
  readonly variant?: string;
  /** The person's folder instead of the code in the image. `openFor`: the user is not the folder's owner and gets access by ACL. */
  readonly mounted?: { readonly at: string; readonly uid: number; readonly gid: number; readonly openFor?: number };
  /** Where the app is in its image; relative writable paths start there. @default the image's WORKDIR */
  readonly root?: string;
  readonly database?: Connection;
  /** Public URL, without a slash at the end. */
  readonly url: string;
  readonly hosts: readonly string[];
  readonly port: number;
  readonly door: Ref<"service">;
  /** Limits of the web container and, where they say nothing, of the processes. */
  readonly limits: Run["limits"];
  readonly replicas: number;
  /** How much data `seed` is to generate. @default no seed */
  readonly seedSize?: number;
  /** Hash of the files that make the migrations run again. */
  readonly migrations: string;
  /** Which requests the debugger looks at. @default there is none */
  readonly debugger?: "request" | "all";
  /** Services that must be ready before the app starts. */
  readonly after: readonly Ref[];
  /** Services that must be ready before jobs and processes start and before requests come, but not before the web containers start. */
  readonly beside: readonly Ref<"service">[];
}

/** What `${...}` may stand for; config/names.ts is the reader's side of it. */
export function valuesOf(url: string, secrets: Description["secrets"], database?: Connection): Readonly<Record<string, Value>> {
  return {
    url,
    "mail.dsn": `smtp://${RELAY.host}:${RELAY.port}`,
    "mail.host": RELAY.host,
    "mail.port": String(RELAY.port),
    ...Object.fromEntries(Object.keys(secrets).map((name) => [`secrets.${name}`, { secret: appSecret(name) }])),
    ...(database && {
      "database.url": { secret: database.url },
      "database.engine": database.engine,
      "database.host": database.host,
      "database.port": String(database.port),
      "database.name": database.schema,
      "database.user": database.user,
      "database.password": { secret: database.password },
    }),
  };
}

/** Everything that the app's containers have in common. */
function runOf(args: AppArgs): { run: Omit<Run, "command" | "limits" | "after">; records: readonly PlanRecord[] } {
  const { app, variant, mounted, root } = args;
  const values = valuesOf(args.url, app.secrets, args.database);
  const declared = Object.fromEntries(Object.keys(app.secrets).map((name) => [name, [{ secret: appSecret(name) }] as const]));
  const filled = Object.fromEntries(Object.entries(app.env).map(([name, text]) => [name, fill(text, values)]));
  const owner = variant ? `app-${variant}` : "app";
  const ours = app.source.from === "php";
  // The recipe has a sendmail that knows the relay; other images are told where it is, in the words that most understand.
  const smtp: Record<string, readonly string[]> = ours ? {} : { SMTP_HOST: [RELAY.host], SMTP_PORT: [String(RELAY.port)] };
  // PhpStorm finds its path mapping by the server's name, which a program of the command line does not have.
  const debug: Record<string, readonly string[]> = args.debugger
    ? { DEBUGGER: [args.debugger], PHP_IDE_CONFIG: [`serverName=${args.hosts[0] ?? "app"}`] }
    : {};
  const { env, secrets, records } = environmentOf(owner, { ...smtp, ...debug, ...declared, ...filled });
  const paths = Object.entries(app.writable).map(([path, kind]) => ({ path, kind, at: root ? posix.resolve(root, path) : path }));
  const inside = mounted ? paths.filter(({ at }) => at.startsWith(`${mounted.at}/`)).map(({ at }) => posix.relative(mounted.at, at)) : [];
  const mounts: Mount[] = [
    ...(mounted
      ? [
          {
            from: "app:." as const,
            path: mounted.at,
            readOnly: false,
            folders: inside,
            ...(mounted.openFor !== undefined && { openFor: mounted.openFor }),
          },
        ]
      : []),
    ...paths
      .filter(({ kind }) => kind === "data")
      .map(({ path, at }) => ({ from: `volume:${filesVolumeName(path, variant)}` as const, path: at, readOnly: false })),
    ...(args.debugger ? [debuggerMount] : []),
  ];
  return {
    records,
    run: {
      image: `image:${appImageName(variant)}`,
      env,
      secrets,
      files: {},
      mounts,
      scratch: [...(ours ? ["/tmp", "/run"] : []), ...paths.filter(({ kind }) => kind === "scratch").map(({ at }) => at)],
      networks: [{ network: "network:data", aliases: [] }],
      ...(mounted && { user: `${mounted.uid}:${mounted.gid}` }),
      readOnlyRoot: ours,
      capabilities: ours ? [] : FOREIGN_CAPABILITIES,
    },
  };
}

/** The jobs before the app may serve: migrations, then generated data. */
function jobsOf(args: AppArgs, run: Omit<Run, "command" | "limits" | "after">, suffix: string): readonly JobRecord[] {
  const { database } = args.app;
  const job = (name: string, command: readonly string[], trigger: JobRecord["trigger"], after: readonly Ref[]): JobRecord => ({
    kind: "job",
    name: `${name}${suffix}`,
    ...run,
    command,
    limits: { memory: Math.max(args.limits.memory, 256), cpus: 1 },
    after,
    trigger,
    timeoutSeconds: 1800,
    ...(args.variant && { variant: args.variant }),
  });
  const before = [...(args.database ? [args.database.ready] : []), ...args.after, ...args.beside];
  // Another database, or the same one emptied, has none of what these made.
  const volumes = args.database ? [args.database.volume] : [];
  const migrate = database?.migrate && argumentsOf(database.migrate);
  const jobs: JobRecord[] = migrate
    ? [job("migrate", migrate, { values: [...migrate, args.migrations], image: !args.mounted, volumes }, before)]
    : [];
  if (database?.seed && args.seedSize !== undefined) {
    const sized = (text: string): string =>
      fill(text, { size: String(args.seedSize) })
        .filter((part) => typeof part === "string")
        .join("");
    const seed = argumentsOf(typeof database.seed === "string" ? sized(database.seed) : database.seed.map(sized));
    jobs.push({
      ...job("seed", seed, { values: seed, image: false, volumes }, [...before, ...(migrate ? [`job:migrate${suffix}` as const] : [])]),
      generates: true,
    });
  }
  return jobs;
}

/** The app of one variant: jobs, web, processes and the route to it. */
export function app(args: AppArgs): readonly PlanRecord[] {
  const { app: description, variant, limits } = args;
  const suffix = variant ? `-${variant}` : "";
  const { run, records } = runOf(args);
  const jobs = jobsOf(args, run, suffix);
  const { web, source } = description;
  const path = web.health.startsWith("/") ? web.health : `/${web.health}`;
  const identity = variant ? { variant } : {};
  const migrated: readonly Ref[] = description.database?.migrate ? [`job:migrate${suffix}`] : args.database ? [args.database.ready] : [];
  const after = [...migrated, ...args.after];
  const service: ServiceRecord = {
    kind: "service",
    name: `web${suffix}`,
    ...run,
    ...(web.run && { command: argumentsOf(web.run) }),
    networks: [{ network: "network:edge", aliases: [] }, ...run.networks],
    limits,
    after,
    replicas: args.replicas,
    ...(source.from !== "php" && { keep: { as: "writable" } }),
    update: "start-first",
    health: {
      // The recipe's images have curl; of others we know nothing, and ask them from the door.
      probe:
        source.from === "php"
          ? { command: ["curl", "-fsS", "-o", "/dev/null", "-m", "5", `http://127.0.0.1:${web.port}${path}`] }
          : { http: { port: web.port, path, from: args.door } },
      timeoutSeconds: web.healthTimeout,
      intervalSeconds: 10,
    },
    stop: { graceSeconds: web.stopGrace },
    publish: [],
    self: { hosts: args.hosts, port: args.port, door: args.door, forward: args.port !== web.port },
    ...identity,
  };
  const processes = Object.entries(description.processes).map(([name, process]): ServiceRecord => ({
    kind: "service",
    name: `${name}${suffix}`,
    ...run,
    command: argumentsOf(process.run),
    limits: limitsOf(process, limits),
    after: [...after, ...args.beside],
    replicas: process.replicas,
    update: "stop-first",
    stop: { graceSeconds: process.stopGrace },
    publish: [],
    ...identity,
  }));
  return [
    ...records,
    ...jobs,
    service,
    {
      kind: "route",
      name: `web${suffix}`,
      door: args.door,
      hosts: args.hosts,
      service: `service:web${suffix}`,
      port: web.port,
      after: args.beside,
    },
    ...processes,
  ];
}

/**
 * One variant of the app: migrations, web, processes, and its route.
 *
 * @example
 * new App("app", { platform, app: description, url: "http://portal.dev.localhost:8080", hosts: ["portal.dev.localhost"],
 *   port: 8080, door: "service:door", limits: { memory: 256, cpus: 0.5 }, replicas: 1, migrations: "", after: [], beside: [] });
 */
export class App extends PlannedComponent {
  constructor(name: string, args: AppArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("App", name, app(args), args, opts);
    this.registerOutputs({});
  }
}
