import { catalogue, compareVersions } from "./catalogue";
import type { Written } from "./description";
import { choiceOf, plainPath } from "./rules";
import type { BuildSource, Description, ImageSource, PhpSource, StageName, StageSettings } from "./settings";
import type { WrittenStage } from "./stage";

/** Fills in what a person may leave out. Every default stands here, and in the comments of config/settings.ts. */

const asList = (value: string | readonly string[] | undefined): readonly string[] =>
  value === undefined ? [] : typeof value === "string" ? [value] : value;

function sourceOf({ php, build, image }: Written): PhpSource | BuildSource | ImageSource {
  if (php) {
    const newest = [...php.versions].sort(compareVersions).at(-1) ?? "";
    return {
      from: "php",
      versions: php.versions,
      live: php.live ?? newest,
      servers: php.servers ?? catalogue.servers.slice(0, 1),
      docroot: plainPath(php.docroot ?? "public"),
      extensions: php.extensions ?? [],
      ini: php.ini ?? {},
      build: asList(php.build),
      packages: php.packages ?? [],
    };
  }
  if (image !== undefined) return { from: "image", reference: image };
  const written = typeof build === "string" ? { context: build } : (build ?? {});
  return {
    ...written,
    from: "build",
    context: plainPath(written.context ?? "."),
    dockerfile: plainPath(written.dockerfile ?? "Dockerfile"),
    args: written.args ?? {},
    secrets: written.secrets ?? [],
  };
}

/** The whole description. It has passed config/rules.ts. */
export function describe(written: Written): Description {
  const { web = {}, database } = written;
  return {
    name: written.name,
    source: sourceOf(written),
    web: {
      ...web,
      port: web.port ?? 8080,
      health: web.health ?? "/",
      healthTimeout: web.healthTimeout ?? 60,
      stopGrace: web.stopGrace ?? 30,
    },
    ...(database && { database: { ...database, engines: database.engines.map(choiceOf), migrations: asList(database.migrations) } }),
    services: mapValues(written.services, (service) => ({ ...service, env: service.env ?? {} })),
    processes: mapValues(written.processes, (one) => ({ ...one, stopGrace: one.stopGrace ?? 30, replicas: one.replicas ?? 1 })),
    env: written.env ?? {},
    secrets: written.secrets ?? {},
    sendmail: written.mail === "sendmail",
    writable: Object.fromEntries(Object.entries(written.writable ?? {}).map(([path, kind]) => [plainPath(path), kind])),
  };
}

const mapValues = <T, U>(map: Readonly<Record<string, T>> | undefined, change: (value: T) => U): Readonly<Record<string, U>> =>
  Object.fromEntries(Object.entries(map ?? {}).map(([key, value]) => [key, change(value)]));

/** The stage's settings, complete. */
export function stageOf(written: WrittenStage, stage: StageName): StageSettings {
  return {
    stage,
    web: written.web ?? {},
    data: { size: written.data?.size ?? 100 },
    network: { pool: written.network?.pool ?? "10.213.0.0/16" },
    debugger: written.debugger ?? "request",
    mail: {
      catcher: {
        ...written.mail?.catcher,
        smtpPort: written.mail?.catcher?.smtpPort ?? 1025,
        webPort: written.mail?.catcher?.webPort ?? 1080,
      },
    },
  };
}
