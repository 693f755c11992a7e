import { compareVersions } from "../config/catalogue";
import type { DatabaseChoice, Description, HttpServer } from "../config/settings";
import type { Capabilities } from "./matrix";

/** One cell of the matrix runtime x HTTP server x database. */
export interface Variant {
  /** `php7.4-apache-mariadb10.11`; `app` where there is nothing to choose. A contract: volumes' schemas and outputs carry it. */
  readonly name: string;
  readonly php?: { readonly version: string; readonly server: HttpServer };
  readonly database?: DatabaseChoice;
}

function variant(database?: DatabaseChoice, php?: Variant["php"]): Variant {
  const parts = [...(php ? [`php${php.version}`, php.server] : []), ...(database ? [`${database.engine}${database.series}`] : [])];
  return { name: parts.join("-") || "app", ...(php && { php }), ...(database && { database }) };
}

/** The variants that a stage runs, in the description's order. */
export function variantsOf(app: Description, system: Capabilities["system"]): readonly Variant[] {
  const databases: readonly (DatabaseChoice | undefined)[] = app.database?.engines ?? [undefined];
  const chosen = system === "every" ? databases : databases.slice(0, 1);
  const { source } = app;
  if (source.from !== "php") return chosen.map((database) => variant(database));
  const oldest = [...source.versions].sort(compareVersions).slice(0, 1);
  const versions = system === "every" ? source.versions : system === "oldest" ? oldest : [source.live];
  const servers = system === "every" ? source.servers : source.servers.slice(0, 1);
  return versions.flatMap((version) => servers.flatMap((server) => chosen.map((database) => variant(database, { version, server }))));
}
