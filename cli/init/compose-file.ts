import { existsSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { textOf, type Findings } from "./findings";

/** compose.yaml, read: one form for what Compose takes in several. */

const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const pairs = z
  .union([
    z.record(z.string(), z.union([scalar, z.null()])).transform((map) => new Map(Object.entries(map))),
    z.array(scalar).transform((list) => new Map(list.map((entry) => pairOf(entry)))),
  ])
  .nullish()
  .transform((map) => map ?? new Map<string, string | null>());
const words = z.union([scalar, z.array(scalar)]).nullish();
const oneOrMore = z
  .union([scalar.transform((one) => [one]), z.array(z.union([scalar, z.looseObject({ path: z.string() }).transform(({ path }) => path)]))])
  .nullish();
const volume = z.union([
  z.string().transform((text) => {
    const parts = text.split(":");
    return parts.length === 1 ? { source: undefined, target: text } : { source: parts[0], target: parts[1] ?? "" };
  }),
  z.looseObject({ source: z.string().optional(), target: z.string() }).transform(({ source, target }) => ({ source, target })),
]);
const port = z.union([
  scalar.transform((text) => {
    const parts = text.replace(/\/(tcp|udp)$/, "").split(":");
    return Number(parts.at(-1)?.split("-")[0]);
  }),
  z.looseObject({ target: z.coerce.number() }).transform(({ target }) => target),
]);
const build = z.union([
  z.string().transform((context) => ({ context, dockerfile: undefined, target: undefined, args: new Map<string, string | null>() })),
  z
    .looseObject({ context: z.string().default("."), dockerfile: z.string().optional(), target: z.string().optional(), args: pairs })
    .transform(({ context, dockerfile, target, args }) => ({ context, dockerfile, target, args })),
]);

const service = z.looseObject({
  image: z.string().optional(),
  build: build.optional(),
  command: words,
  entrypoint: words,
  environment: pairs,
  env_file: oneOrMore,
  ports: z.array(port).nullish(),
  expose: z.array(port).nullish(),
  volumes: z.array(volume).nullish(),
  healthcheck: z.looseObject({ test: words }).nullish(),
  deploy: z.looseObject({ replicas: z.coerce.number().optional() }).nullish(),
});
const composeFile = z.looseObject({ name: z.string().optional(), services: z.record(z.string(), service) });

export type ComposeService = z.output<typeof service>;
export interface Compose {
  readonly file: string;
  readonly name: string | undefined;
  readonly services: ReadonlyMap<string, ComposeService>;
}

function pairOf(entry: string): [string, string | null] {
  const at = entry.indexOf("=");
  return at < 0 ? [entry, null] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** `NAME=value` lines, as Compose reads .env. */
export function readEnv(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    const [, quoted] = /^(?:"(.*)"|'.*')$/.exec(value) ?? [];
    const inner = quoted ?? (/^'(.*)'$/.exec(value)?.[1] || value.replace(/\s+#.*$/, ""));
    return name === undefined ? [] : [[name, inner]];
  });
  return new Map(lines);
}

/** `$NAME`, `${NAME:-default}` and `$$`. */
function filled(text: string, env: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$\$|\$\{(\w+)(?:(:?[-?+])([^}]*))?\}|\$(\w+)/g,
    (all, braced?: string, sign?: string, other?: string, bare?: string) => {
      if (all === "$$") return "$";
      const value = env.get(braced ?? bare ?? "");
      if (sign?.endsWith("+")) return value ? (other ?? "") : "";
      if (sign?.endsWith("-")) return value === undefined || (sign === ":-" && value === "") ? filled(other ?? "", env) : value;
      return value ?? "";
    },
  );
}

function fillAll(value: unknown, env: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return filled(value, env);
  if (Array.isArray(value)) return value.map((one) => fillAll(one, env));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fillAll(one, env)]));
}

const NAMES = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];

/** The folder's Compose project; undefined where it has none, or one that cannot be read, which is said. */
export function readComposeFile(folder: string, found: Findings): Compose | undefined {
  const file = NAMES.find((name) => existsSync(join(folder, name)));
  const text = file === undefined ? undefined : textOf(folder, file);
  if (file === undefined || text === undefined) return undefined;
  const override = NAMES.map((name) => name.replace(/\.(ya?ml)$/, ".override.$1")).find((name) => existsSync(join(folder, name)));
  if (override) found.leave(override, `only ${file} is read`);
  try {
    const raw: unknown = parse(text, { merge: true });
    const { name, services } = composeFile.parse(fillAll(raw, readEnv(textOf(folder, ".env") ?? "")));
    return { file, name, services: new Map(Object.entries(services)) };
  } catch (error) {
    const why =
      error instanceof z.ZodError ? error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") : String(error);
    found.leave(file, `it could not be read (${why.split("\n")[0]})`);
    return undefined;
  }
}
