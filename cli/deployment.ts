import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { dataFolderOf } from "../config/machine";
import { capture, CommandFailed, type Target } from "./pulumi";
import { stateFolder } from "./state";

/** A stack's state in full, for the verbs that look into it. Secrets in it stay encrypted. */

const Values = z.record(z.string(), z.unknown());
const Resource = z.looseObject({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  delete: z.boolean().optional(),
  protect: z.boolean().optional(),
  parent: z.string().optional(),
  provider: z.string().optional(),
  dependencies: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullish()).nullish(),
  deletedWith: z.string().optional(),
  modified: z.string().optional(),
  inputs: Values.optional(),
  outputs: Values.optional(),
});
const Deployment = z.looseObject({
  manifest: z.looseObject({ time: z.string() }).optional(),
  resources: z.array(Resource).nullish(),
  pending_operations: z.array(z.unknown()).nullish(),
});
const Exported = z.looseObject({ version: z.number(), deployment: Deployment });
const Checkpoint = z.object({ version: z.number(), checkpoint: z.object({ latest: Deployment.nullish() }) });

export type StateResource = z.output<typeof Resource>;
/** As `pulumi stack export` writes it. */
export type Export = z.output<typeof Exported>;

export interface Deployment {
  readonly resources: readonly StateResource[];
  /** When it was last written, ISO 8601. */
  readonly time: string | undefined;
  readonly cutOff: boolean;
}

/** As `pulumi stack export` writes it, secrets encrypted; undefined where there is no such stack. */
export function exported(target: Target): Export | undefined {
  const stacks = z.array(z.object({ name: z.string() })).parse(JSON.parse(capture(target, ["stack", "ls", "--json"])));
  if (!stacks.some(({ name }) => name.split("/").at(-1) === target.stack)) return undefined;
  const read = Exported.safeParse(JSON.parse(capture(target, ["stack", "export", "--stack", target.stack])));
  if (read.success) return read.data;
  throw new CommandFailed(
    `the state of ${target.project} ${target.stack} has a form that this release does not know: ${read.error.message}`,
  );
}

const summary = ({ resources, manifest, pending_operations }: z.output<typeof Deployment>): Deployment => ({
  resources: resources ?? [],
  time: manifest?.time,
  cutOff: (pending_operations ?? []).length > 0,
});

/** A stack, with the variables that lead to its state. */
export type Stack = Pick<Target, "project" | "stack" | "env">;

/** A stack's state; undefined where there is none. Of a file backend the file is read, as each run of the CLI costs 0.15 s. */
export function deploymentOf(target: Target): Deployment | undefined {
  if (stateFolder(target.env)) return fileOf(target);
  const found = exported(target);
  return found && summary(found.deployment);
}

/** The state of a stack in a file backend; undefined where there is none. */
export function fileOf({ project, stack, env }: Stack): Deployment | undefined {
  const file = join(stateFolder(env) ?? "", "stacks", project, `${stack}.json`);
  if (!existsSync(file)) return undefined;
  const read = Checkpoint.safeParse(JSON.parse(readFileSync(file, "utf8")));
  if (read.success) return summary(read.data.checkpoint.latest ?? {});
  throw new CommandFailed(`${file} has a form that this release does not know: ${read.error.message}`);
}

/** Every stack in the file backend of these variables, and in the user's own one, where the host program's state always is. */
export function statesIn(env: NodeJS.ProcessEnv): readonly Stack[] {
  const backends = new Map<string, NodeJS.ProcessEnv>();
  for (const variables of [{ ...env, PULUMI_BACKEND_URL: `file://${dataFolderOf(env)}/state` }, env]) {
    const folder = stateFolder(variables);
    if (folder) backends.set(join(folder, "stacks"), variables);
  }
  return [...backends].flatMap(([stacks, variables]) =>
    namesIn(stacks).flatMap((project) =>
      namesIn(join(stacks, project)).flatMap((file) =>
        file.endsWith(".json") ? [{ project, stack: file.slice(0, -".json".length), env: variables }] : [],
      ),
    ),
  );
}

/** Whether a run holds the lock of a stack in a file backend, dead or alive. */
export function isLocked({ project, stack, env }: Stack): boolean {
  const folder = stateFolder(env);
  return folder !== undefined && namesIn(join(folder, "locks", "organization", project, stack)).some((file) => file.endsWith(".json"));
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const Outputs = z.object({
  variants: z.record(
    z.string(),
    z.object({
      url: z.string(),
      database: z
        .object({ engine: z.enum(["mariadb", "postgresql"]), version: z.string(), volume: z.string(), schema: z.string() })
        .nullable(),
    }),
  ),
  mail: z.object({ mode: z.string(), inbox: z.string().nullable(), redirectTo: z.string().nullable() }).nullish(),
});
export type Outputs = z.output<typeof Outputs>;

/** A stack's outputs (docs/architecture.md); undefined where it has none, as it was never up or is down. */
export function outputsIn(deployment: Deployment | undefined): Outputs | undefined {
  const stack = deployment?.resources.find(({ type }) => type === "pulumi:pulumi:Stack");
  const read = Outputs.safeParse(stack?.outputs);
  return read.success ? read.data : undefined;
}
