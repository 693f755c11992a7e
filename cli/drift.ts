import { z } from "zod";
import type { StateResource } from "./deployment";
import { ask } from "./engine";

/** What a refresh does not read back (provider's issue: env, labels, mounts and networks of a container), compared by ourselves. */

const Inputs = z.object({
  image: z.string(),
  envs: z.array(z.string()).default([]),
  labels: z.array(z.object({ label: z.string(), value: z.string() })).default([]),
  volumes: z.array(z.object({ containerPath: z.string(), volumeName: z.string().optional(), hostPath: z.string().optional() })).default([]),
  networksAdvanced: z.array(z.object({ name: z.string() })).default([]),
  /** MiB. */
  memory: z.number().optional(),
  restart: z.string().optional(),
});
const Inspected = z.object({
  Name: z.string(),
  Image: z.string(),
  Config: z.object({ Env: z.array(z.string()).nullish(), Labels: z.record(z.string(), z.string()).nullish() }),
  HostConfig: z.object({ Memory: z.number(), RestartPolicy: z.object({ Name: z.string() }) }),
  Mounts: z.array(z.object({ Type: z.string(), Destination: z.string(), Name: z.string().optional(), Source: z.string() })),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ NetworkID: z.string() })) }),
});
const ImageConfig = z.object({ Config: z.object({ Env: z.array(z.string()).nullish() }).nullish() });

/** A container of the state as it was defined, and as it is. */
export interface Compared {
  readonly inputs: z.output<typeof Inputs>;
  readonly inspected: z.output<typeof Inspected>;
  /** Variables that the image brings. */
  readonly ofImage: readonly string[];
}

const nameOf = (variable: string): string => variable.slice(0, variable.indexOf("="));
const list = (names: readonly string[]): string => [...names].sort().join(", ");

/** In what a container differs from its definition, in words; names of variables only, as values may be private. */
export function differences({ inputs, inspected, ofImage }: Compared): readonly string[] {
  const env = inspected.Config.Env ?? [];
  const labels = inspected.Config.Labels ?? {};
  const networks = Object.values(inspected.NetworkSettings.Networks).map(({ NetworkID }) => NetworkID);
  const wanted = inputs.networksAdvanced.map(({ name }) => name);
  const mounts = new Map(inspected.Mounts.map(({ Type, Destination, Name, Source }) => [Destination, Type === "volume" ? Name : Source]));
  const variables = inputs.envs.filter((variable) => !env.includes(variable)).map(nameOf);
  const added = env.filter((variable) => !inputs.envs.includes(variable) && !ofImage.includes(variable)).map(nameOf);
  const unlike = inputs.labels.filter(({ label, value }) => labels[label] !== value).map(({ label }) => label);
  const moved = inputs.volumes.filter(({ containerPath, volumeName, hostPath }) => {
    const there = mounts.get(containerPath);
    return there === undefined || (volumeName ?? hostPath ?? there) !== there;
  });
  const missing = wanted.filter((id) => !networks.includes(id));
  const joined = Object.entries(inspected.NetworkSettings.Networks).filter(
    ([, { NetworkID }]) => wanted.length > 0 && !wanted.includes(NetworkID),
  );
  const { Memory, RestartPolicy } = inspected.HostConfig;
  const all: readonly (readonly [boolean, string])[] = [
    [inspected.Image !== inputs.image, "its image is another one"],
    [variables.length > 0, `its variables ${list(variables)} are not as defined`],
    // What is defined with another value was named already.
    [
      added.some((name) => !variables.includes(name)),
      `it has variables that nobody defined: ${list(added.filter((name) => !variables.includes(name)))}`,
    ],
    [unlike.length > 0, `its labels ${list(unlike)} are not as defined`],
    [moved.length > 0, `its mounts at ${list(moved.map(({ containerPath }) => containerPath))} are not as defined`],
    [missing.length > 0, `it was taken out of ${missing.length === 1 ? "a network" : `${missing.length} networks`}`],
    [joined.length > 0, `it is in networks that nobody defined: ${list(joined.map(([name]) => name))}`],
    [
      inputs.memory !== undefined && inputs.memory * 1024 * 1024 !== Memory,
      `its memory limit is ${Math.round(Memory / 1024 / 1024)} MiB, defined is ${inputs.memory ?? 0} MiB`,
    ],
    [
      inputs.restart !== undefined && RestartPolicy.Name !== inputs.restart,
      `its restart policy is "${RestartPolicy.Name}", defined is "${inputs.restart ?? ""}"`,
    ],
  ];
  return all.flatMap(([differs, words]) => (differs ? [words] : []));
}

/** Of every container that a state knows and that is on the engine: `web (name): its labels ... are not as defined`. */
export async function definitionDrift(resources: readonly StateResource[], env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const containers = resources.filter(({ type, delete: pending, id }) => type === "docker:index/container:Container" && !pending && id);
  const found = await Promise.all(
    containers.map(async ({ id = "", inputs }): Promise<readonly string[]> => {
      const inspected = Inspected.safeParse(await ask("GET", `/containers/${id}/json`, env));
      const defined = Inputs.safeParse(inputs);
      // One that is gone is drift that a refresh sees; inputs of another form are an older release's.
      if (!inspected.success || !defined.success) return [];
      const image = ImageConfig.safeParse(await ask("GET", `/images/${inspected.data.Image}/json`, env));
      const ofImage = (image.success ? image.data.Config?.Env : undefined) ?? [];
      const name = inspected.data.Name.replace(/^\//, "");
      return differences({ inputs: defined.data, inspected: inspected.data, ofImage }).map((words) => `container ${name}: ${words}`);
    }),
  );
  return found.flat();
}
