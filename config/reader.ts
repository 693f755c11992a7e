import { existsSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { Checker, isMap } from "./check";
import { describe, stageOf } from "./defaults";
import { NAME, NAME_WORDS, SECTIONS, descriptionSchema, type Written } from "./description";
import { dataFolderOf, machineOf } from "./machine";
import { ConfigError, type Problem } from "./problems";
import { checkRules, type Parsed } from "./rules";
import type { Description, Settings } from "./settings";
import { checkStack, ownEntries } from "./stack";
import { readYaml, type YamlFile } from "./yaml";

export interface ReadArgs {
  /** The folder of Pulumi.yaml. */
  readonly folder: string;
  readonly stack: string;
  /** @default process.env */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where the ledger of leases is. @default ${DOCKSTAGE_DATA:-${XDG_DATA_HOME:-~/.local/share}/dockstage} */
  readonly dataFolder?: string;
}

export interface Read {
  readonly settings: Settings;
  /** Absolute; apart from the settings, because a plan is the same on every machine. */
  readonly folders: {
    /** The folder of dockstage.yaml. */
    readonly app: string;
    /** The folder of Pulumi.yaml. */
    readonly project: string;
  };
}

/**
 * Reads Pulumi.yaml, the app's description and the stack's config, and checks them together.
 *
 * @throws ConfigError with every problem of all three
 */
export function readSettings(args: ReadArgs): Read {
  const folder = resolve(args.folder);
  const problems: Problem[] = [];
  const project = readProject(folder, problems);
  if (!NAME.test(args.stack))
    problems.push({
      file: project.source.file,
      line: 1,
      key: "",
      message: `the stack's name "${args.stack.slice(0, 60)}" ${NAME_WORDS}`,
      fix: "make a stack of another name: pulumi stack init dev",
    });

  const file = join(folder, project.description);
  const absent = {
    fix: `write it, or say in Pulumi.yaml where it is: dockstage: path/to/dockstage.yaml`,
    empty: "write for example name: portal, image: registry.example/portal:1, web: { port: 8080 }",
  };
  const source = readYaml(file, relative(folder, file).split(sep).join("/"), problems, absent);
  const checker = new Checker(source, problems);
  const raw = isMap(source.data) ? source.data : undefined;
  if (source.data !== undefined && raw === undefined) checker.add([], "the file must be a map", absent.empty);
  const app = raw && readDescription(checker, raw, project.name);

  const stackFile = `Pulumi.${args.stack}.yaml`;
  const stackPath = join(folder, project.stackFolder, stackFile);
  const stackSource = readYaml(stackPath, relative(folder, stackPath).split(sep).join("/"), problems);
  const secrets = raw === undefined ? undefined : isMap(raw.secrets) ? raw.secrets : {};
  const { written, stage } = checkStack(new Checker(stackSource, problems, [], 1), {
    project: project.name ?? "",
    stack: args.stack,
    secrets,
  });

  const machine = app && machineOf(dirname(file), args.dataFolder ?? dataFolderOf(args.env ?? process.env), app, checker);
  if (problems.length > 0 || !app || !stage || !machine || project.name === undefined) throw new ConfigError(problems);
  const settings: Settings = { project: project.name, stack: args.stack, app, stage: stageOf(written, stage), machine };
  return freeze({ settings, folders: { app: dirname(file), project: folder } });
}

interface Project {
  readonly source: YamlFile;
  readonly name: string | undefined;
  /** Path of the description, from the folder of Pulumi.yaml. */
  readonly description: string;
  readonly stackFolder: string;
}

/** Pulumi's own keys are Pulumi's to check; ours is `dockstage`, the path of the description. */
function readProject(folder: string, problems: Problem[]): Project {
  const file = existsSync(join(folder, "Pulumi.yml")) && !existsSync(join(folder, "Pulumi.yaml")) ? "Pulumi.yml" : "Pulumi.yaml";
  const fix = "run this in the folder of Pulumi.yaml, or write one";
  const source = readYaml(join(folder, file), file, problems, { fix, empty: "write for example name: portal" });
  const checker = new Checker(source, problems);
  const data = isMap(source.data) ? source.data : {};
  const name = source.data === undefined ? undefined : checker.parse(SECTIONS.name, data.name, ["name"]);
  if (name === "dockstage-host") checker.add(["name"], "this name is dockstage's own", "take another name", name);
  const { dockstage, stackConfigDir } = data;
  if (dockstage !== undefined && typeof dockstage !== "string")
    checker.add(["dockstage"], "must be the path of the app's description", "write for example dockstage: app/dockstage.yaml", dockstage);
  for (const entry of ownEntries(data.config, name ?? ""))
    checker.add(
      entry.path,
      "the app's settings and secrets differ from stack to stack and may not stand here",
      "move it to Pulumi.<stack>.yaml",
    );
  return {
    source,
    name,
    description: typeof dockstage === "string" ? dockstage : "dockstage.yaml",
    stackFolder: typeof stackConfigDir === "string" ? stackConfigDir : ".",
  };
}

/** Each section by itself, then what they have to do with each other. */
function readDescription(checker: Checker, raw: Readonly<Record<string, unknown>>, project: string | undefined): Description | undefined {
  const before = checker.problems.length;
  const known = new Set(Object.keys(SECTIONS));
  const unknown = Object.fromEntries(Object.entries(raw).filter(([key]) => !known.has(key)));
  checker.parse(descriptionSchema.partial(), unknown);
  const parsed: Parsed = {
    name: checker.parse(SECTIONS.name, raw.name, ["name"]),
    php: checker.parse(SECTIONS.php, raw.php, ["php"]),
    build: checker.parse(SECTIONS.build, raw.build, ["build"]),
    image: checker.parse(SECTIONS.image, raw.image, ["image"]),
    web: checker.parse(SECTIONS.web, raw.web, ["web"]),
    database: checker.parse(SECTIONS.database, raw.database, ["database"]),
    services: checker.parse(SECTIONS.services, raw.services, ["services"]),
    processes: checker.parse(SECTIONS.processes, raw.processes, ["processes"]),
    env: checker.parse(SECTIONS.env, raw.env, ["env"]),
    secrets: checker.parse(SECTIONS.secrets, raw.secrets, ["secrets"]),
    mail: checker.parse(SECTIONS.mail, raw.mail, ["mail"]),
    writable: checker.parse(SECTIONS.writable, raw.writable, ["writable"]),
  };
  checkRules(checker, raw, parsed);
  if (parsed.name !== undefined && project !== undefined && parsed.name !== project)
    checker.add(
      ["name"],
      `the project in Pulumi.yaml is named ${JSON.stringify(project)}; one app's stack must never plan the deletion of another's`,
      `give both the same name`,
      parsed.name,
    );
  return checker.problems.length === before && parsed.name !== undefined
    ? describe({ ...parsed, name: parsed.name } satisfies Written)
    : undefined;
}

/** Freezes a value and everything in it. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach((inner: unknown) => freeze(inner));
  }
  return value;
}
