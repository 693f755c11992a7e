import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { hostFor } from "./compose-services";
import { nameFrom, textOf, type Findings } from "./findings";
import { addVariables } from "./variables";
import { databaseOf, nearestPhp } from "./versions";

const text = z.union([z.string(), z.number()]).transform(String).nullish();
const Config = z.looseObject({
  name: text,
  type: text,
  docroot: text,
  php_version: text,
  webserver_type: text,
  database: z.looseObject({ type: text, version: text }).nullish(),
  omit_containers: z.array(z.string()).nullish(),
  upload_dirs: z.array(z.string()).nullish(),
  web_environment: z.array(z.string()).nullish(),
  web_extra_daemons: z.array(z.looseObject({ name: z.string(), command: z.string() })).nullish(),
});

const FILE = ".ddev/config.yaml";
/** What means nothing here or is said by others; the rest of the keys is listed as left out. */
const KNOWN = new Set([
  ...Object.keys(Config.shape),
  "composer_version",
  "xdebug_enabled",
  "additional_hostnames",
  "use_dns_when_possible",
  "corepack_enable",
]);

/** Reads `.ddev/config.yaml`. @returns the project's type ("laravel", "php", ...), undefined where there is none */
export function readDdev(folder: string, found: Findings): string | undefined {
  const content = textOf(folder, FILE);
  if (content === undefined) return undefined;
  const read = Config.safeParse(parse(content));
  if (!read.success) {
    found.leave(FILE, `it could not be read (${read.error.issues[0]?.path.join(".")}: ${read.error.issues[0]?.message})`);
    return undefined;
  }
  const config = read.data;
  const type = config.type ?? "php";
  if (config.name) found.add(["name"], nameFrom(config.name), `${FILE} name`);
  if (!/^(generic|nodejs|python|django4)$/.test(type)) {
    const version = config.php_version ?? "8.3";
    const nearest = nearestPhp(version);
    found.add(
      ["php", "versions"],
      [nearest],
      `${FILE} php_version${nearest === version ? "" : ` ${version}; dockstage has 7.4, 8.2, 8.4`}`,
    );
    found.add(
      ["php", "docroot"],
      config.docroot === undefined || config.docroot === null ? undefined : config.docroot || ".",
      `${FILE} docroot`,
    );
    const server = config.webserver_type?.split("-")[0];
    if (server === "nginx" || server === "apache") found.add(["php", "servers"], [server], `${FILE} webserver_type`);
  }
  if (!config.omit_containers?.includes("db")) {
    const wanted = { name: config.database?.type ?? "mariadb", version: config.database?.version ?? "10.11" };
    const database = databaseOf(wanted.name, wanted.version);
    if (database) found.add(["database", "engines"], [database.entry], `${FILE} database${database.note ? `, ${database.note}` : ""}`);
    else found.leave(`${FILE} database ${wanted.name}`, "dockstage has mariadb and postgresql");
  }
  for (const path of config.upload_dirs ?? []) {
    const full = join(config.docroot ?? "", path);
    if (full.startsWith("..")) found.leave(`${FILE} upload_dirs ${path}`, "it lies outside the app's folder");
    else found.add(["writable", full], "data", `${FILE} upload_dirs`);
  }
  for (const { name, command } of config.web_extra_daemons ?? [])
    found.add(["processes", hostFor(name), "run"], command, `${FILE} web_extra_daemons`);
  const pairs = (config.web_environment ?? []).map((entry): [string, string] => [
    entry.split("=")[0] ?? "",
    entry.slice(entry.indexOf("=") + 1),
  ]);
  const around = {
    databases: new Set(["db"]),
    hasDatabase: found.has("database"),
    mail: new Set<string>(),
    renamed: new Map<string, string>(),
    secrets: new Map<string, string>(),
  };
  addVariables(new Map(pairs), around, `${FILE} web_environment`, found);
  const others = Object.keys(config).filter((key) => !KNOWN.has(key));
  if (others.length > 0) found.leave(`${FILE} ${others.join(", ")}`, "they are DDEV's own");
  const folderOf = join(folder, ".ddev");
  for (const file of existsSync(folderOf) ? readdirSync(folderOf).filter((name) => /^docker-compose\..*\.ya?ml$/.test(name)) : [])
    found.leave(`.ddev/${file}`, "its services are not read: write them under services");
  return type;
}
