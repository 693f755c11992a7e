import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { dataFolderOf } from "../config/data-folder";
import type { Plan } from "../plan/records";
import type { Folder } from "../provider/context";
import { Files, valueOf, type Probe } from "./fingerprint";
import { PACKAGE } from "./machine";
import { locked } from "./passphrase";
import type { Target } from "./pulumi";
import { settled, snapshotOf, socketOf, type Scope } from "./snapshot";
import { stateFile, type State } from "./state";
import { recordOf, write } from "./unchanged";

/** What is written down after an `up` that ended well, so that the next one can be answered by cli/unchanged.ts. */

/** A project whose program does what dockstage's does and nothing else: what another one reads, nobody can know. */
const Usual = z.strictObject({
  name: z.string(),
  description: z.unknown().optional(),
  author: z.unknown().optional(),
  license: z.unknown().optional(),
  website: z.unknown().optional(),
  runtime: z.strictObject({
    name: z.literal("nodejs"),
    options: z.strictObject({ typescript: z.literal(false), nodeargs: z.string().regex(/^-r \S*\bloader\.js$/) }),
  }),
  main: z.string(),
  dockstage: z.string().default("dockstage.yaml"),
  stackConfigDir: z.string().default("."),
  config: z.unknown().optional(),
  plugins: z.strictObject({ providers: z.array(z.object({ name: z.literal("dockstage"), path: z.string() })) }),
});
const PROGRAM =
  /^(import\{environment\}from"(dockstage|\.\/stages\/environment)";export=environment\(__dirname\);|import\{host\}from"\.\.\/stages\/environment";export=host\(\);|module\.exports=require\("dockstage"\)\.environment\(__dirname\);)$/;
/** What is at the top of dockstage's folder and no part of what runs. */
export const ASIDE = ["node_modules", ".git", ".ci", "tests", "bench", "docs", "policies", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"];
/** Records of other shells that nobody used for so long are removed, in milliseconds. */
const OLD = 30 * 24 * 3600 * 1000;
const HOST: Scope = ["dockstage-host", "local"]; // cli/host.ts, which reads this file

const real = (path: string): string | undefined => (existsSync(path) ? realpathSync(path) : undefined);

/** The project as Pulumi.yaml has it; undefined where its program is not the usual one. */
function usualProject(folder: string): z.output<typeof Usual> | undefined {
  const read = Usual.safeParse(parse(readFileSync(join(folder, "Pulumi.yaml"), "utf8")));
  if (!read.success) return undefined;
  const { plugins, main } = read.data;
  if (plugins.providers.some(({ path }) => real(resolve(folder, path)) !== real(join(PACKAGE, "provider")))) return undefined;
  const code = readFileSync(join(folder, main), "utf8").replace(/\/\*.*?\*\/|^\s*\/\/.*$/gms, "");
  const [, , from] = PROGRAM.exec(code.replace(/\s+/g, "").replaceAll("'", '"')) ?? [""];
  if (!PROGRAM.test(code.replace(/\s+/g, "").replaceAll("'", '"'))) return undefined;
  // The command line and the program must be of one dockstage.
  return from !== "dockstage" || real(join(folder, "node_modules", "dockstage")) === real(PACKAGE) ? read.data : undefined;
}

export interface BuildContext {
  readonly folders: readonly Folder[];
  readonly dockerfile: string;
}

/**
 * What the images of a plan are built from.
 *
 * @param absolute makes a path of the plan (`app:.`, `package:images/php`) one of this machine
 */
export const contextsOf = ({ components }: Plan, absolute: (path: string) => string): readonly BuildContext[] =>
  components
    .flatMap(({ records }) => records)
    .flatMap((record) => {
      if (record.kind !== "image" || record.source.from !== "build") return [];
      const { context, dockerfile } = record.source;
      return [{ folders: context.map(({ path, to }) => ({ path: absolute(path), to })), dockerfile }];
    });

export interface Watched {
  readonly target: Target;
  /** The variables as they were before scripts/env. */
  readonly given: NodeJS.ProcessEnv;
  /** Build contexts of the plan. */
  readonly contexts: readonly BuildContext[];
  /** Patterns of migration files, from the folder. */
  readonly migrations: readonly string[];
}

/** What decides where programs and the state are, where scripts/env looks for it. */
function toolsOf({ target: { folder, env }, given }: Watched): readonly Probe[] {
  const { dependencies = {} } = z
    .object({ dependencies: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")));
  const cache = join(given["XDG_CACHE_HOME"] || join(given["HOME"] ?? "", ".cache"), "dockstage");
  const [cli, docker] = [dependencies["@pulumi/pulumi"], dependencies["@pulumi/docker"]];
  const plugin = join("plugins", `resource-docker-v${docker}`, "pulumi-resource-docker");
  const login = given["PULUMI_CREDENTIALS_PATH"] || given["PULUMI_HOME"] || join(given["HOME"] ?? "", ".pulumi");
  // The one that Pulumi gets, whatever folder scripts/env was sourced in.
  const { PULUMI_CONFIG_PASSPHRASE: words, PULUMI_CONFIG_PASSPHRASE_FILE: passphrase } = locked(folder, env);
  return [
    { kind: "command", name: "pulumi" },
    { kind: "command", name: "node" },
    { kind: "program", path: process.execPath },
    { kind: "program", path: join(cache, "official", "versions", String(cli), "bin", "pulumi") },
    { kind: "program", path: join(cache, `pulumi-${cli}`, "bin", "pulumi") },
    { kind: "program", path: join(cache, "pulumi-home", plugin) },
    { kind: "program", path: join(cache, "pulumi-home-offline", plugin) },
    ...(env["PULUMI_HOME"] ? [{ kind: "program" as const, path: join(env["PULUMI_HOME"], plugin) }] : []),
    { kind: "file", path: join(login, "credentials.json") },
    // Another passphrase changes nothing, but an `up` would fail. By its time, as the content is a secret.
    ...(passphrase && words === undefined ? [{ kind: "program" as const, path: passphrase }] : []),
  ];
}

function filesOf({ target: { folder, stack }, contexts, migrations }: Watched, project: z.output<typeof Usual>): readonly Probe[] {
  const description = resolve(folder, project.dockstage);
  const files = [
    ...["Pulumi.yaml", "Pulumi.yml", "package.json", "package-lock.json", "node_modules/.package-lock.json"],
    ...[project.main, join(project.stackConfigDir, `Pulumi.${stack}.yaml`)],
  ].map((name) => resolve(folder, name));
  return [
    ...[...files, description, join(PACKAGE, "node_modules", ".package-lock.json")].map((path) => ({ kind: "file" as const, path })),
    { kind: "tree", folder: PACKAGE, without: ASIDE },
    { kind: "owner", path: dirname(description) },
    ...(migrations.length > 0 ? [{ kind: "glob" as const, folder: dirname(description), patterns: migrations }] : []),
    ...contexts.map((context) => ({ kind: "context" as const, ...context })),
  ];
}

/** The inputs of one `up`, looked at before it and after it. */
export class Watch {
  private constructor(
    private readonly watched: Watched,
    private readonly probes: readonly Probe[],
    private readonly before: { readonly values: readonly string[]; readonly stamps: Readonly<Record<string, string>> },
  ) {}

  /** Looks at the inputs before the `up`; undefined where nobody can know all of them, so that Pulumi must run each time. */
  static start(watched: Watched): Watch | undefined {
    const { target, given } = watched;
    const project = usualProject(target.folder);
    if (!project || !stateFile(target) || !socketOf(target.env)) return undefined;
    const ledger = join(dataFolderOf(target.env), "leases.json");
    const probes: Probe[] = [
      ...filesOf(watched, project),
      ...toolsOf(watched),
      { kind: "ledger", path: ledger, holder: "dockstage-host/" },
    ];
    const files = new Files();
    return new Watch(watched, probes, { values: probes.map((probe) => valueOf(probe, files, given)), stamps: files.stamps });
  }

  /**
   * Writes the record, unless an input changed while the `up` ran, or the engine does not have all that the state knows.
   *
   * @param url for the sentence
   * @returns why it was not written; undefined where it was
   */
  async success(state: State, url: string): Promise<string | undefined> {
    const { target, given } = this.watched;
    const [file, socket] = [stateFile(target), socketOf(target.env)];
    if (!file || !socket || state.cutOff || state.pending) return "the state is not a file here, or holds what is not finished";
    if (!this.covers(state)) return "an image is built from folders that the plan does not name";
    const ledger = join(dataFolderOf(target.env), "leases.json");
    const own: Probe[] = [
      { kind: "state", path: file },
      { kind: "ledger", path: ledger, holder: `${target.project}/${target.stack}/` },
    ];
    const files = new Files();
    const values = this.probes.map((probe) => valueOf(probe, files, given));
    const other = this.probes.find((_, at) => values[at] !== this.before.values[at]);
    if (other) return `an input changed meanwhile: ${JSON.stringify(other)}`;
    const touched = Object.entries(this.before.stamps).find(([path, stamp]) => files.stamps[path] !== stamp);
    if (touched) return `a file was written meanwhile: ${touched[0]}`;
    const scope: Scope = [target.project, target.stack];
    const scopes = [scope, ...(scope[0] === HOST[0] ? [] : [HOST])];
    const images = [...new Set(state.images.flatMap(({ tag, bases }) => [tag, ...bases]))];
    const objects = settled(await snapshotOf(socket, scopes, images));
    const known = (["container", "network", "volume"] as const).flatMap((kind) =>
      [...(state.ids.get(`docker:index/${kind}:${kind[0]?.toUpperCase()}${kind.slice(1)}`) ?? [])].map((id) => `${kind} ${id}`),
    );
    const missing = known.find((key) => !objects[key] || (key.startsWith("container ") && !objects[key].is.startsWith("ok")));
    if (missing) return `${objects[missing]?.name ?? missing} is not on the engine, or not healthy`;
    // Jobs and what a person started beside are nothing that must be there.
    const wanted = Object.entries(objects).filter(
      ([key, { is, scope: of }]) => !key.startsWith("container ") || known.includes(key) || (of === HOST[0] && is.startsWith("ok")),
    );
    const record = recordOf(target.folder, target.stack, given);
    mkdirSync(dirname(record), { recursive: true, mode: 0o700 });
    const healthy = known.filter((key) => key.startsWith("container ")).length;
    write(record, {
      at: Date.now(),
      scope,
      url,
      healthy,
      probes: [...this.probes, ...own],
      values: [...values, ...own.map((probe) => valueOf(probe, files, given))],
      files: files.seen,
      scopes,
      images,
      objects: Object.fromEntries(wanted),
    });
    for (const name of readdirSync(dirname(record))) {
      const old = join(dirname(record), name);
      if (Date.now() - (statSync(old, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > OLD) rmSync(old, { force: true });
    }
    return undefined;
  }

  /** Whether all that images are built from is looked at. The platform's own images are dockstage's files, which all are. */
  private covers({ images }: State): boolean {
    const key = ({ folders, dockerfile }: BuildContext): string => JSON.stringify([folders, dockerfile]);
    const covered = new Set(this.watched.contexts.map(key));
    const ours = ({ folders }: BuildContext): boolean => folders.every(({ path }) => path.startsWith(join(PACKAGE, "images")));
    return images.every(({ context }) => !context || ours(context) || covered.has(key(context)));
  }
}
