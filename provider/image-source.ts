import { createHash } from "node:crypto";
import { listContext, readText } from "./context";
import type { Entry } from "./context";
import type { Engine } from "./engine";
import type { Inputs } from "./image";
import { readDockerfile } from "./image-dockerfile";
import { inspectImage } from "./image-inspect";
import { Problem } from "./resource";

/** What an image is built from, and the identity that follows from it. */

export interface Source {
  readonly entries: readonly Entry[];
  readonly dockerfile: string;
  readonly bases: readonly string[];
  readonly needsBuildKit?: string;
}

const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex");
const sorted = (values: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

/** @param context hash over the context's files */
export function contentHash(
  context: string,
  { dockerfile, args = {}, target, platform }: Pick<Inputs, "dockerfile" | "args" | "target" | "platform">,
): string {
  return digest([context, dockerfile, sorted(args), target ?? null, platform ?? null]);
}

/** @param bases ID of each base by its reference */
export function tagFor(repository: string, hash: string, bases: Readonly<Record<string, string>>, platform?: string): string {
  return `${repository}:${digest([hash, sorted(bases), platform ?? null]).slice(0, 16)}`;
}

export function sourceOf({ context = [], dockerfile = "", args = {}, target }: Inputs): Source {
  const entries = listContext(context, dockerfile);
  const file = entries.find(({ name }) => name === dockerfile);
  if (!file)
    throw new Problem(`dockerfile: ${dockerfile} is not in the build context (${context.map((folder) => folder.path).join(", ")})`);
  return { entries, dockerfile, ...readDockerfile(readText(file.source), args, target) };
}

/** IDs of the bases that the engine has. */
export async function localBases(engine: Engine, bases: readonly string[]): Promise<Record<string, string>> {
  const found = await Promise.all(bases.map(async (base) => [base, (await inspectImage(engine, base))?.id] as const));
  return Object.fromEntries(found.flatMap(([base, id]) => (id === undefined ? [] : [[base, id]])));
}
