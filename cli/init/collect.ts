import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { readCompose } from "./compose";
import { addFramework, findDocroot, readComposer, readJson } from "./composer";
import { readDdev } from "./ddev";
import { readDockerfile } from "./dockerfile";
import { Findings, nameFrom, textOf } from "./findings";
import { databaseExtension, frameworks } from "./frameworks";

/** What a person said on the command line, or was asked. All optional. */
export interface Given {
  readonly name?: string;
  readonly port?: number;
  readonly health?: string;
  readonly php?: string;
  readonly docroot?: string;
  readonly image?: string;
  readonly database?: string;
  /** The service of compose.yaml that is the app. */
  readonly service?: string;
}

const FLAGS: readonly (readonly [keyof Given, readonly string[], (value: string) => unknown])[] = [
  ["name", ["name"], (value) => value],
  ["port", ["web", "port"], Number],
  ["health", ["web", "health"], (value) => value],
  ["php", ["php", "versions"], (value) => value.split(",").map((one) => one.trim())],
  ["docroot", ["php", "docroot"], (value) => value],
  ["image", ["image"], (value) => value],
  ["database", ["database", "engines"], (value) => value.split(",").map((one) => one.trim())],
];

/** Reads everything in the folder that says something about the app; the best source first. */
export function collect(folder: string, given: Given): Findings {
  const found = new Findings();
  for (const [flag, path, value] of FLAGS) {
    const text = given[flag];
    // "none" keeps what the files say of a database out; it is taken away at the end.
    if (text !== undefined) found.add(path, value(String(text)), `--${flag}`);
  }
  const project = /^name:\s*["']?([\w-]+)/m.exec(textOf(folder, "Pulumi.yaml") ?? "")?.[1];
  found.add(["name"], project, "Pulumi.yaml");
  readCompose(folder, found, given.service);
  const serves = readDockerfile(folder, found);
  const php = new Findings();
  const type = readDdev(folder, php);
  const composer = readComposer(folder, php);
  const bare = ["index.php", "public/index.php", "wp-settings.php"].find((file) => existsSync(join(folder, file)));
  chooseSource(found, given, serves, php.has("php") || composer.there || bare !== undefined);
  const recipe = !found.has("build") && !found.has("image");
  for (const { path, value, from } of php.lines)
    if (recipe || path[0] === "name" || (type !== undefined && path[0] === "database")) found.add(path, value, from);
  for (const { what, because } of php.leftOut) found.leave(what, because);
  const manifest = readJson(folder, "package.json", z.looseObject({ name: z.string().optional() }), found);
  if (manifest?.name) found.add(["name"], nameFrom(manifest.name.split("/").at(-1) ?? "") || undefined, "package.json name");
  found.add(["name"], nameFrom(basename(resolve(folder))) || undefined, "the folder's name");
  if (found.engine === "none") {
    found.drop("database");
    for (const line of found.lines.filter(({ value }) => typeof value === "string" && value.includes("${database."))) found.remove(line);
  }
  if (recipe && (php.has("php") || composer.there || bare !== undefined || given.php !== undefined)) {
    found.hints.push(...php.hints);
    completeRecipe(
      folder,
      found,
      composer.framework ?? frameworks.find(({ ddev }) => ddev.test(type ?? "")),
      composer.framework ? "composer.json" : ".ddev/config.yaml",
    );
  }
  return found;
}

/** One of php, build and image; what speaks for another is said. */
function chooseSource(found: Findings, given: Given, serves: "http" | "fpm" | undefined, php: boolean): void {
  if (given.php !== undefined) found.drop("build", "image");
  else if (given.image !== undefined) found.drop("build", "php");
  else if (serves === "fpm" && php) {
    found.drop("build");
    found.leave("Dockerfile", "it is of php-fpm, which speaks FastCGI and not HTTP; dockstage's PHP image takes its place");
  } else if (found.has("build")) {
    if (php) found.leave("PHP of composer.json or .ddev", "the Dockerfile makes the image (--php 8.2 takes dockstage's PHP image instead)");
    found.drop("image", "php");
  }
}

/** What the recipe needs besides: a docroot, the database's extension, the variables that the framework reads. */
function completeRecipe(folder: string, found: Findings, framework: (typeof frameworks)[number] | undefined, from: string): void {
  findDocroot(folder, found);
  if (framework) addFramework(folder, framework, from, found);
  const { engine } = found;
  if (engine === undefined) return;
  const extension = databaseExtension(engine);
  const line = found.line("php", "extensions");
  const before = Array.isArray(line?.value) ? line.value.map(String) : [];
  if (before.includes(extension)) return;
  if (line) found.remove(line);
  found.add(["php", "extensions"], [...before, extension], line ? `${line.from}, and the database` : "the database");
  if (!framework && !found.has("env"))
    found.add(["env", "DATABASE_URL"], "${database.url}", "the database; rename it to what the app reads");
}
