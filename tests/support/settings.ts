import type { Description, Machine, Settings, StageSettings } from "../../config/settings";

/** What a test may change. A given part replaces the whole part of the same name, except in `app`, `stage` and `machine`, where it is laid over. */
export interface Overrides {
  readonly project?: string;
  readonly stack?: string;
  readonly app?: Partial<Description>;
  readonly stage?: Partial<StageSettings>;
  readonly machine?: Partial<Machine>;
}

const app: Description = {
  name: "guestbook",
  source: {
    from: "php",
    versions: ["7.4", "8.2", "8.4"],
    live: "8.4",
    servers: ["nginx", "apache"],
    docroot: "public",
    extensions: ["gd", "mysql", "pgsql"],
    ini: { upload_max_filesize: "16M" },
    build: [],
    packages: [],
  },
  web: { port: 8080, health: "/healthz", healthTimeout: 60, stopGrace: 30 },
  database: {
    engines: [
      { engine: "mariadb", series: "10.11" },
      { engine: "postgresql", series: "15" },
    ],
    migrate: "bin/migrate",
    migrations: ["migrations/**"],
    seed: "bin/seed --size ${size}",
  },
  services: {},
  processes: { worker: { run: "bin/worker", stopGrace: 60, replicas: 1 } },
  env: { DATABASE_URL: "${database.url}", BASE_URL: "${url}", APP_SECRET: "${secrets.APP_SECRET}" },
  secrets: { APP_SECRET: "generate" },
  sendmail: false,
  writable: { "public/uploads": "data", var: "scratch" },
};

const stages = ["dev", "test", "staging", "live"] as const;

/**
 * Valid settings of an example app with everything that the plan knows: PHP recipe, two databases, a process, env, a secret,
 * writable paths. `stack` defaults to "dev"; the stage follows the stack's name where that is a stage's.
 *
 * @example guestbook({ stack: "live", app: { database: undefined } })
 */
export function guestbook(overrides: Overrides = {}): Settings {
  const stack = overrides.stack ?? "dev";
  return {
    project: overrides.project ?? overrides.app?.name ?? "guestbook",
    stack,
    app: { ...app, ...(overrides.project ? { name: overrides.project } : {}), ...overrides.app },
    stage: {
      stage: stages.find((stage) => stage === stack) ?? "dev",
      web: {},
      data: { size: 100 },
      network: { pool: "10.213.0.0/16" },
      debugger: "request",
      mail: { catcher: { smtpPort: 1025, webPort: 1080 } },
      ...overrides.stage,
    },
    machine: { owner: { uid: 1000, gid: 1000 }, hostPort: 8080, migrations: "0".repeat(64), ...overrides.machine },
  };
}
