import { posix } from "node:path";
import { catalogue, versionsOf } from "./catalogue";
import { isMap, valueAt, type Checker } from "./check";
import type { Written } from "./description";
import { nameProblems, type Place } from "./names";
import type { DatabaseEngine } from "./settings";
import { quoted } from "./words";

/** The sections that could be read; one with a fault of its own is not there. */
export type Parsed = { readonly [K in keyof Written]?: Written[K] };

/** What more than one section has to do with. `raw` is the file as it stands: a key counts even where its value is wrong. */
export function checkRules(checker: Checker, raw: Readonly<Record<string, unknown>>, parsed: Parsed): void {
  checkSource(checker, raw, parsed);
  checkDatabase(checker, parsed);
  checkNames(checker, raw, parsed);
  checkTexts(checker, raw, parsed);
  checkWritable(checker, raw, parsed);
}

function checkSource(checker: Checker, raw: Readonly<Record<string, unknown>>, { php, build, web }: Parsed): void {
  const sources = ["php", "build", "image"].filter((key) => Object.hasOwn(raw, key));
  if (sources.length === 0)
    checker.add([], "the description says nothing of where the app's image comes from", "add one of php, build or image");
  for (const key of sources.slice(1))
    checker.add([key], `the app's image comes from ${sources[0]} already`, `keep one of ${sources.join(" and ")}`);
  if (php?.live !== undefined && !php.versions.includes(php.live))
    checker.add(["php", "live"], "this version is not among php.versions", `use one of ${quoted(php.versions)}, or add it there`, php.live);
  const readable = web !== undefined || !Object.hasOwn(raw, "web");
  if (sources.length === 1 && sources[0] !== "php" && readable && web?.port === undefined)
    checker.add(
      ["web", "port"],
      "is missing",
      `say which port the app listens on, for example ${web ? "port: 8080" : "web: { port: 8080 }"}`,
    );
  if (sources[0] === "php" && web?.port !== undefined && web.port !== 8080)
    checker.add(["web", "port"], "the PHP recipe always listens on 8080", "remove it", web.port);
  if (sources[0] === "php" && web?.run !== undefined)
    checker.add(["web", "run"], "the PHP recipe starts its HTTP server itself", "remove it", web.run);
  if (sources[0] === "php" && Object.hasOwn(raw, "mail")) checker.add(["mail"], "the PHP recipe has a sendmail already", "remove it");
  const secrets = declaredSecrets(raw);
  const wanted = typeof build === "object" ? (build.secrets ?? []) : [];
  wanted.forEach((name, index) => {
    if (!secrets.includes(name))
      checker.add(["build", "secrets", index], `the secret ${name} is not declared`, `add under secrets: { ${name}: required }`);
  });
}

/** The secrets that are declared, whatever is wrong with their values. */
export const declaredSecrets = (raw: Readonly<Record<string, unknown>>): readonly string[] =>
  isMap(raw.secrets) ? Object.keys(raw.secrets) : [];

/** Engine and series of an entry; without a series, the one that dockstage's own image has by default. */
export function choiceOf(entry: NonNullable<Written["database"]>["engines"][number]): {
  engine: DatabaseEngine;
  series: string;
  image?: string;
} {
  if (typeof entry !== "string")
    return {
      engine: entry.engine,
      series: entry.series ?? catalogue.defaultSeries[entry.engine],
      ...(entry.image && { image: entry.image }),
    };
  const engine: DatabaseEngine = entry.startsWith("mariadb") ? "mariadb" : "postgresql";
  return { engine, series: entry.split(":")[1] ?? catalogue.defaultSeries[engine] };
}

function checkDatabase(checker: Checker, { database }: Parsed): void {
  const seen = new Set<string>();
  database?.engines.forEach((entry, index) => {
    const { engine, series, image } = choiceOf(entry);
    const known = versionsOf(catalogue.databases[engine]);
    if (image === undefined && !known.includes(series))
      checker.add(
        ["database", "engines", index, "series"],
        `dockstage has no image of this series of ${engine}`,
        `use one of ${quoted(known)}, or name an image`,
        series,
      );
    if (seen.has(`${engine}:${series}`))
      checker.add(["database", "engines", index], `${engine} ${series} stands in the list twice`, "remove one of the two");
    seen.add(`${engine}:${series}`);
  });
  if (database?.migrations !== undefined && database.migrate === undefined)
    checker.add(
      ["database", "migrations"],
      "there is no command that these files belong to",
      "add migrate, for example migrate: bin/migrate",
    );
}

/** Host names and records of dockstage's own. */
const OWN_NAME = /^(web|door|app|mariadb|postgresql)(-.*)?$|^(mail|relay|ssh|localhost)$/;

function checkNames(checker: Checker, raw: Readonly<Record<string, unknown>>, { env }: Parsed): void {
  const services = isMap(raw.services) ? Object.keys(raw.services) : [];
  const processes = isMap(raw.processes) ? Object.keys(raw.processes) : [];
  for (const [section, names] of [
    ["services", services],
    ["processes", processes],
  ] as const)
    for (const name of names)
      if (OWN_NAME.test(name))
        checker.add([section, name], "the name is one of dockstage's own", `rename it, for example my-${name}`.slice(0, 60));
  for (const name of processes)
    if (services.includes(name)) checker.add(["processes", name], "a service has this name already", "rename one of the two");
  const seen = new Map<string, string>();
  for (const name of Object.keys(env ?? {})) {
    const small = name.toLowerCase();
    const other = seen.get(small);
    if (other !== undefined) checker.add(["env", name], `differs from ${other} by small and capital letters only`, "keep one of the two");
    seen.set(small, name);
  }
}

function checkTexts(checker: Checker, raw: Readonly<Record<string, unknown>>, { database }: Parsed): void {
  const declared = declaredSecrets(raw);
  const hasDatabase = Object.hasOwn(raw, "database");
  const check = (path: readonly (string | number)[], text: unknown, place: Place): void => {
    if (typeof text !== "string") return;
    for (const { found, message, fix } of nameProblems(text, place, declared, hasDatabase)) checker.add(path, `${found}: ${message}`, fix);
  };
  for (const [name, text] of entriesAt(raw, ["env"])) check(["env", name], text, "env");
  for (const [service] of entriesAt(raw, ["services"]))
    for (const [name, text] of entriesAt(raw, ["services", service, "env"])) check(["services", service, "env", name], text, "services");
  const seed = database?.seed;
  if (typeof seed === "string") check(["database", "seed"], seed, "seed");
  else seed?.forEach((word, index) => check(["database", "seed", index], word, "seed"));
}

function entriesAt(raw: unknown, path: readonly string[]): readonly [string, unknown][] {
  const map = valueAt(raw, path);
  return isMap(map) ? Object.entries(map) : [];
}

/** Folders of any Linux system that hold its programs. */
const SYSTEM =
  /^\/$|^\/(app|bin|boot|etc|home|lib|lib32|lib64|libx32|opt|root|run|sbin|tmp|usr|var)$|^\/(dev|proc|sys|run\/secrets|run\/dockstage)(\/|$)/;

/** One spelling of a path: no `./`, no double slash, none at the end. */
export const plainPath = (path: string): string => posix.normalize(path).replace(/(.)\/+$/, "$1");

function checkWritable(checker: Checker, raw: Readonly<Record<string, unknown>>, { php }: Parsed): void {
  const written = entriesAt(raw, ["writable"]).map(([key]) => ({ key, path: plainPath(key) }));
  const docroot = plainPath(php?.docroot ?? "public");
  const ofPhp = Object.hasOwn(raw, "php");
  const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(outer === "/" ? "/" : `${outer}/`);
  const fault = ({ key, path }: (typeof written)[number]): [message: string, fix: string] | undefined => {
    if (path === "." || (ofPhp && path === "/app"))
      return ["the app's folder itself holds its code and may not be a volume", "name the folders in it that the app writes to"];
    if (key.split("/").includes("..")) return ["a path may not lead out of the app's folder", "write it without .."];
    if (SYSTEM.test(path)) return ["this folder belongs to the image's system", "name a folder below it that the app writes to"];
    if (ofPhp && (within(docroot, path) || within(`/app/${docroot}`, path)))
      return [
        "holds what the HTTP server serves, code too, and may not be a volume",
        `name the folders in it that the app writes to, for example ${docroot}/uploads`,
      ];
    return undefined;
  };
  written.forEach((one, index) => {
    const { key, path } = one;
    const at = ["writable", key];
    const wrong = fault(one);
    if (wrong) return checker.add(at, ...wrong);
    for (const other of written.slice(0, index).filter((before) => !fault(before))) {
      const [a, b] = [path, other.path].map((place) => (ofPhp ? posix.resolve("/app", place) : place));
      if (a === undefined || b === undefined || !(within(a, b) || within(b, a))) continue;
      checker.add(at, a === b ? `is the same as ${other.key}` : `lies one in the other with ${other.key}`, "keep one of the two");
    }
  });
}
