import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { readComposeFile, readEnv, type Compose, type ComposeService } from "./compose-file";
import { addService, hostFor, kindOf } from "./compose-services";
import { nameFrom, textOf, type Findings } from "./findings";
import { addVariables, type Surroundings } from "./variables";
import { databaseOf, imageParts } from "./versions";

type Entry = readonly [key: string, service: ComposeService];

const APP = /^(app|web|www|site|php|server|backend|django|rails|laravel(\.test)?|wordpress|drupal|api)$/;
const score = ([key, service]: Entry): number =>
  (service.build ? 8 : 0) + (service.ports?.length || service.expose?.length ? 4 : 0) + (APP.test(key) ? 2 : 0) + (service.command ? 0 : 1);

/** The services that may be the app, the likeliest first. */
function candidates({ services }: Compose): readonly Entry[] {
  const possible = [...services].filter(([, service]) => service.build !== undefined || kindOf(service) === "app");
  return possible.sort((a, b) => score(b) - score(a));
}

const sameImage = (a: ComposeService, b: ComposeService): boolean =>
  a.build && b.build
    ? posix.normalize(a.build.context) === posix.normalize(b.build.context) && (a.build.dockerfile ?? "") === (b.build.dockerfile ?? "")
    : a.image !== undefined && a.image === b.image;

/** What a container runs: the entrypoint is replaced where there is one. */
function programOf({ entrypoint, command }: ComposeService): string | readonly string[] | undefined {
  if (entrypoint == null) return command ?? undefined;
  const words = (part: typeof command): readonly string[] => (part == null ? [] : typeof part === "string" ? part.split(/\s+/) : part);
  return [...words(entrypoint), ...words(command)];
}

/** Path in a probe's URL: `curl -f http://localhost:3000/healthz || exit 1`. */
export function healthPath(test: string): string | undefined {
  return /https?:\/\/[^/\s"'|]+(\/[^\s"'|;)#]*)/.exec(test)?.[1];
}

function variablesOf(folder: string, file: string, service: ComposeService, found: Findings): Map<string, string | null> {
  const all = new Map<string, string | null>();
  for (const name of service.env_file ?? []) {
    const text = textOf(folder, name);
    if (text === undefined) found.leave(`${file} env_file ${name}`, "the file is not there");
    else for (const [key, value] of readEnv(text)) all.set(key, value);
  }
  for (const [key, value] of service.environment) all.set(key, value);
  return all;
}

function addVolumes(folder: string, at: string, service: ComposeService, found: Findings): void {
  const volumes = service.volumes ?? [];
  for (const { source, target } of volumes) {
    const bind = source !== undefined && /^[./~]/.test(source);
    const what = `${at}.volumes ${source === undefined ? "" : `${source}:`}${target}`;
    if (target.endsWith("docker.sock")) found.leave(what, "no container gets the engine's socket");
    else if (source === undefined) found.leave(what, "a volume without a name: name the path under writable if the app writes there");
    else if (bind && posix.normalize(`${source}/`) === "./") {
      const inner = volumes.some((other) => other.target !== target && other.target.startsWith(`${target}/`));
      if (inner) found.leave(what, "another volume lies in it; build.mount would hide what the image has there");
      else found.add(["build", "mount"], target, what);
    } else if (bind && statSync(join(folder, source), { throwIfNoEntry: false })?.isFile())
      found.leave(what, "a single file cannot be mounted: COPY it in the Dockerfile");
    else if (bind && !source.startsWith("./")) found.leave(what, "a folder outside the app's");
    else {
      found.add(["writable", target], "data", what);
      if (bind && existsSync(join(folder, source)))
        found.hints.push(`${target} starts as a new volume: what is in ${source} now is not copied`);
    }
  }
}

function addApp(folder: string, { file }: Compose, [key, service]: Entry, found: Findings): void {
  const at = `${file} services.${key}`;
  if (service.build) {
    const { context, dockerfile, target, args } = service.build;
    found.add(["build", "context"], posix.normalize(context).replace(/(.)\/$/, "$1"), `${at}.build`);
    found.add(["build", "dockerfile"], dockerfile, `${at}.build.dockerfile`);
    found.add(["build", "target"], target, `${at}.build.target`);
    for (const [name, value] of args)
      if (value === null) found.leave(`${at}.build.args ${name}`, "its value comes from the shell: write it under build.args");
      else found.add(["build", "args", name], value, `${at}.build.args`);
  } else found.add(["image"], service.image, `${at}.image`);
  const port = service.ports?.[0] ?? service.expose?.[0];
  if (port) found.add(["web", "port"], port, `${at}.${service.ports?.[0] ? "ports" : "expose"}`);
  found.add(["web", "run"], programOf(service), `${at}.command`);
  const test = service.healthcheck?.test;
  found.add(["web", "health"], healthPath(Array.isArray(test) ? test.join(" ") : (test ?? "")), `${at}.healthcheck`);
  addVolumes(folder, at, service, found);
}

/** Reads compose.yaml. `chosen`: the service that is the app. @returns whether there is one */
export function readCompose(folder: string, found: Findings, chosen?: string): boolean {
  const compose = readComposeFile(folder, found);
  if (!compose) return false;
  const { file, services } = compose;
  const possible = candidates(compose);
  const app = chosen === undefined ? possible[0] : ([...services].find(([key]) => key === chosen) ?? undefined);
  if (!app) {
    found.leave(
      file,
      chosen === undefined
        ? "none of its services is built or looks like a web app"
        : `it has no service ${chosen}; it has ${[...services.keys()].join(", ")}`,
    );
    return false;
  }
  if (compose.name) found.add(["name"], nameFrom(compose.name), `${file} name`);
  const others = [...services].filter(([key]) => key !== app[0]);
  const databases = others.flatMap(([key, service]) => {
    const { name, version } = imageParts(service.image ?? "");
    const database = service.build ? undefined : databaseOf(name, version);
    return database ? [{ key, image: service.image ?? "", ...database }] : [];
  });
  const [database, ...more] = databases;
  if (database)
    found.add(
      ["database", "engines"],
      [database.entry],
      `${file} services.${database.key} ${database.image}${database.note ? `, ${database.note}` : ""}`,
    );
  for (const { key } of more)
    found.leave(`${file} services.${key}`, "an environment has one database at a time; database.engines may list more for TEST");
  addApp(folder, compose, app, found);

  const companions = others.filter(
    ([key, service]) => !service.build && kindOf(service) === "companion" && !databases.some((one) => one.key === key),
  );
  const secrets = new Map<string, string>();
  for (const [key, service] of companions) addService(file, key, service, secrets, found);
  const around: Surroundings = {
    databases: new Set(databases.map(({ key }) => key)),
    hasDatabase: found.has("database"),
    mail: new Set(others.filter(([, service]) => kindOf(service) === "mail").map(([key]) => key)),
    renamed: new Map(companions.flatMap(([key]) => (hostFor(key) === key ? [] : [[key, hostFor(key)] as const]))),
    secrets,
  };
  addVariables(variablesOf(folder, file, app[1], found), around, `${file} services.${app[0]}.environment`, found);
  for (const [key, service] of others.filter(([other]) => !around.databases.has(other) && !companions.some(([one]) => one === other)))
    addOther(compose, app, key, service, found);
  const silent = ["depends_on", "networks", "restart", "container_name", "labels", "profiles", "user", "secrets", "configs"];
  const there = silent.filter((word) => [...services.values()].some((service) => word in service));
  if (there.length > 0) found.leave(`${file} ${there.join(", ")}`, "dockstage has its own order, networks, names and secrets");
  return true;
}

/** What is neither the app, its database nor a companion. */
function addOther({ file }: Compose, app: Entry, key: string, service: ComposeService, found: Findings): void {
  const at = `${file} services.${key}`;
  if (sameImage(service, app[1])) {
    const run = programOf(service);
    if (run === undefined) return found.leave(at, "the same image with the same program: say how many under the stage's settings");
    const text = typeof run === "string" ? run : run.join(" ");
    if (/migrat/i.test(`${key} ${text}`)) return found.add(["database", "migrate"], run, `${at}.command`);
    const name = hostFor(key);
    found.add(["processes", name, "run"], run, `${at}.command`);
    if (service.deploy?.replicas !== undefined && service.deploy.replicas !== 1)
      found.add(["processes", name, "replicas"], service.deploy.replicas, `${at}.deploy`);
    return;
  }
  if (service.build)
    return found.leave(at, `another image to be built: dockstage builds one for an app (--service ${key} takes this one as the app)`);
  const because = {
    mail: "mail stays local by dockstage's own catcher",
    tool: "a tool beside the app; `dockstage db` opens the database",
    proxy: "the host's demux and the environment's door do this",
    app: `it looks like another app (--service ${key} takes this one as the app)`,
    companion: "it could not be placed",
  }[kindOf(service)];
  found.leave(at, because);
}
