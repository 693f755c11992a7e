import { readFileSync } from "node:fs";
import { join } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { catalogue } from "../config/catalogue";
import type { DatabaseChoice, DatabaseEngine } from "../config/settings";
import { slug } from "../plan/names";
import { filePath, secretPath, type PlanRecord, type Ref, type Run, type ServiceRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";
import { FOREIGN_CAPABILITIES } from "./defaults";

/** A schema of its own, with a user of its own, for one variant of the app. */
export interface Schema {
  /** Of schema and user: letters, digits and `_`, at most 63 characters. */
  readonly name: string;
  readonly variant?: string;
}

export interface DatabaseArgs {
  readonly choice: DatabaseChoice;
  readonly schemas: readonly Schema[];
  /** @default { memory: 512, cpus: 1 } */
  readonly limits?: Run["limits"];
}

/** What an app must know of its database; symbolic, as everything in a plan. */
export interface Connection {
  readonly engine: DatabaseEngine;
  readonly host: string;
  readonly port: number;
  readonly schema: string;
  readonly user: string;
  readonly password: Ref<"secret">;
  /** `mysql://user:password@host:port/schema` or `postgresql://...`. */
  readonly url: Ref<"secret">;
  /** The job that makes schema and user. */
  readonly ready: Ref<"job">;
  readonly volume: Ref<"volume">;
}

interface Engine {
  readonly port: number;
  readonly data: string;
  readonly scheme: string;
  readonly probe: readonly string[];
  /** The environment contract of the official image: the variable that names the file with the administrator's password. */
  readonly env: Readonly<Record<string, string>>;
}

const ENGINES: Readonly<Record<DatabaseEngine, Engine>> = {
  mariadb: {
    port: 3306,
    data: "/var/lib/mysql",
    scheme: "mysql",
    // TCP, because the server that initialises an empty volume listens on its socket only.
    probe: ["mariadb-admin", "ping", "-h", "127.0.0.1", "--silent"],
    env: { MARIADB_ROOT_PASSWORD_FILE: secretPath("root-password") },
  },
  postgresql: {
    port: 5432,
    data: "/var/lib/postgresql/data",
    scheme: "postgresql",
    probe: ["pg_isready", "-h", "127.0.0.1", "-q"],
    env: { POSTGRES_PASSWORD_FILE: secretPath("root-password") },
  },
};

/** Name of the server's service: one server for each engine and release series. */
export const serverName = ({ engine, series }: DatabaseChoice): string => `${engine}-${series}`;

/** The connection of a variant to its schema. */
export function connectionTo(choice: DatabaseChoice, schema: Schema): Connection {
  const base = `${serverName(choice)}-${slug(schema.name)}`;
  return {
    engine: choice.engine,
    // No dots: a host name whose last label is a number is taken for an address.
    host: slug(serverName(choice)),
    port: ENGINES[choice.engine].port,
    schema: schema.name,
    user: schema.name,
    password: `secret:${base}-password`,
    url: `secret:${base}-url`,
    ready: `job:schema-${base}`,
    volume: `volume:data-${serverName(choice)}`,
  };
}

const nameOf = (ref: Ref): string => ref.slice(ref.indexOf(":") + 1);

/** The server, and a schema with a user for each variant. */
export function database({ choice, schemas, limits = { memory: 512, cpus: 1 } }: DatabaseArgs): readonly PlanRecord[] {
  const server = serverName(choice);
  const engine = ENGINES[choice.engine];
  const image: Ref<"image"> = `image:${server}`;
  const admin: Ref<"secret"> = `secret:${server}-root-password`;
  const run: Omit<Run, "command" | "networks" | "mounts"> = {
    image,
    env: engine.env,
    secrets: [{ secret: admin, as: { file: "root-password" } }],
    files: {},
    scratch: choice.image ? [] : ["/tmp", "/run"],
    readOnlyRoot: !choice.image,
    capabilities: choice.image ? FOREIGN_CAPABILITIES : [],
    limits,
    after: [],
  };
  const service: ServiceRecord = {
    kind: "service",
    name: server,
    ...run,
    networks: [{ network: "network:data", aliases: [slug(server)] }],
    mounts: [{ from: `volume:data-${server}`, path: engine.data, readOnly: false }],
    replicas: 1,
    // Two servers on one volume destroy it.
    update: "stop-first",
    health: { probe: { command: engine.probe }, timeoutSeconds: 120, intervalSeconds: 10 },
    stop: { graceSeconds: 60 },
    publish: [],
  };
  const perSchema = schemas.flatMap((schema): PlanRecord[] => {
    const to = connectionTo(choice, schema);
    return [
      { kind: "secret", name: nameOf(to.password), source: { from: "generate", length: 32 } },
      {
        kind: "secret",
        name: nameOf(to.url),
        source: {
          from: "compose",
          parts: [`${engine.scheme}://${to.user}:`, { secret: to.password }, `@${to.host}:${to.port}/${to.schema}`],
        },
      },
      {
        kind: "job",
        name: nameOf(to.ready),
        ...run,
        env: { DATABASE_HOST: to.host, DATABASE_SCHEMA: to.schema, DATABASE_USER: to.user },
        secrets: [...run.secrets, { secret: to.password, as: { file: "user-password" } }],
        files: { "schema.sh": `file:schema-${choice.engine}` },
        entrypoint: [],
        command: ["/bin/sh", filePath("schema.sh")],
        networks: [{ network: "network:data", aliases: [] }],
        mounts: [],
        limits: { memory: 256, cpus: 1 },
        after: [`service:${server}`],
        trigger: { values: [schema.name], image: false, volumes: [to.volume] },
        timeoutSeconds: 120,
        ...(schema.variant && { variant: schema.variant }),
      },
    ];
  });
  return [
    {
      kind: "image",
      name: server,
      source: choice.image
        ? { from: "reference", reference: choice.image }
        : {
            from: "build",
            context: [{ path: `package:images/${choice.engine}`, to: "" }],
            dockerfile: "Dockerfile",
            args: { SUITE: catalogue.databases[choice.engine][choice.series] },
            secrets: {},
          },
    },
    { kind: "secret", name: nameOf(admin), source: { from: "generate", length: 32 } },
    {
      kind: "file",
      name: `schema-${choice.engine}`,
      content: readFileSync(join(__dirname, "..", "images", choice.engine, "schema.sh"), "utf8"),
      executable: false,
    },
    service,
    ...perSchema,
  ];
}

/**
 * A database server with a schema and a user for each variant of the app. Its volume is a DatabaseVolume of its own.
 *
 * @example
 * new Database("mariadb-10.11", { platform, choice: { engine: "mariadb", series: "10.11" }, schemas: [{ name: "portal" }] });
 */
export class Database extends PlannedComponent {
  constructor(name: string, args: DatabaseArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Database", name, database(args), args, opts);
    this.registerOutputs({});
  }
}
