import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { engineOf, extensionOf, frameworks, type Framework } from "./frameworks";
import { nameFrom, textOf, type Findings } from "./findings";
import { nearestPhp, phpAllowed, phpVersions } from "./versions";

const Manifest = z.looseObject({
  name: z.string().optional(),
  require: z.record(z.string(), z.string()).optional(),
  config: z.looseObject({ platform: z.looseObject({ php: z.string().optional() }).optional() }).optional(),
});

/** A file of JSON, by a schema; undefined where there is none, or one of another form, which is said. */
export function readJson<T extends z.ZodType>(folder: string, file: string, schema: T, found: Findings): z.output<T> | undefined {
  const text = textOf(folder, file);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    found.leave(file, `it could not be read (${error instanceof z.ZodError ? error.issues[0]?.message : String(error)})`);
    return undefined;
  }
}

/** Reads composer.json: name, PHP's versions, extensions, the build. @returns whether there is one, and the framework */
export function readComposer(folder: string, found: Findings): { readonly there: boolean; readonly framework?: Framework } {
  const file = "composer.json";
  const manifest = readJson(folder, file, Manifest, found);
  if (!manifest) return { there: false };
  const needs = manifest.require ?? {};
  if (manifest.name) found.add(["name"], nameFrom(manifest.name.split("/").at(-1) ?? ""), `${file} name`);
  const constraint = manifest.config?.platform?.php ?? needs["php"];
  const at = `${file} ${manifest.config?.platform?.php ? "config.platform.php" : "require.php"}`;
  const allowed = constraint === undefined ? undefined : phpAllowed(constraint);
  if (constraint !== undefined && allowed === undefined) found.leave(`${at} ${constraint}`, "it is not understood");
  const ddev = found.line("php", "versions");
  const [used] = Array.isArray(ddev?.value) ? ddev.value.map(String) : [];
  if (ddev && used !== undefined && allowed && allowed.length > 1 && allowed.includes(used)) {
    // DDEV has one version, composer.json says all that the app supports.
    found.remove(ddev);
    found.add(["php", "live"], used, ddev.from);
  }
  if (allowed && allowed.length > 0) found.add(["php", "versions"], [...allowed], `${at} ${constraint}`);
  else if (allowed) {
    const [, version = ""] = /(\d+\.\d+)/.exec(constraint ?? "") ?? [];
    found.add(
      ["php", "versions"],
      [nearestPhp(version)],
      `${at} ${constraint}; dockstage has ${phpVersions.join(", ")}, none of which it allows`,
    );
  }
  const extensions = [...new Set(Object.keys(needs).flatMap((name) => (name.startsWith("ext-") ? (extensionOf(name) ?? []) : [])))];
  if (extensions.length > 0) found.add(["php", "extensions"], extensions, `${file} require`);
  if (Object.keys(needs).some((name) => name.includes("/"))) {
    found.add(
      ["php", "build"],
      "composer install --no-dev --no-interaction --optimize-autoloader",
      `${file}; for the images of other stages than DEV`,
    );
    found.add(["php", "packages"], ["composer", "unzip"], `${file}; for the build`);
    if (!existsSync(join(folder, "vendor", "autoload.php")))
      found.hints.push("vendor/ is not there: run composer install, as DEV mounts this folder");
  }
  const framework = frameworks.find(({ packages }) => packages.some((one) => one in needs));
  return { there: true, ...(framework && { framework }) };
}

const DOCROOTS = ["public", "web", "pub", "webroot", "htdocs", "html", "docroot"];

/** The folder that holds index.php. */
export function findDocroot(folder: string, found: Findings): void {
  const has = (one: string): boolean => existsSync(join(folder, one, "index.php"));
  const there = DOCROOTS.find((one) => has(one)) ?? (has(".") ? "." : undefined);
  if (there !== undefined) found.add(["php", "docroot"], there, join(there, "index.php"));
}

/** What its framework is known for. Only for the PHP recipe: a team's Dockerfile and compose.yaml say what they need. */
export function addFramework(folder: string, framework: Framework, from: string, found: Findings): void {
  const { name, docroot, env, writable, migrate, hints, extensions } = framework;
  const at = `${name}, by ${from}`;
  found.add(["php", "docroot"], docroot, at);
  const before = found.line("php", "extensions");
  const wanted = [...new Set([...(Array.isArray(before?.value) ? before.value.map(String) : []), ...extensions])];
  if (before) found.remove(before);
  found.add(["php", "extensions"], wanted, before ? `${before.from}, and ${at}` : at);
  const engine = engineOf(found.engine);
  for (const [key, value] of Object.entries(env(engine))) found.add(["env", key], value, at);
  const place = found.text("php", "docroot") ?? docroot;
  for (const [path, kind] of Object.entries(writable)) found.add(["writable", join(path.replace("<docroot>", place))], kind, at);
  if (migrate && engine !== undefined && existsSync(join(folder, migrate.needs))) {
    found.add(["database", "migrate"], migrate.run, at);
    const files = migrate.files;
    if (files && existsSync(join(folder, files)) && readdirSync(join(folder, files)).some((one) => !one.startsWith(".")))
      found.add(["database", "migrations"], `${files}/**`, at);
  }
  found.hints.push(...hints);
}
