import { randomBytes } from "node:crypto";
import type Dockerode from "dockerode";
import { z } from "zod";
import type { Engine } from "./engine";
import { ownerIn } from "./image-inspect";
import { endOf, indentedLog } from "./report";
import { changed, Problem, UNKNOWN } from "./resource";
import type { Context, Resource } from "./resource";
import { within } from "./within";

/** Lines of the log that an error shows. */
const LINES = 40;
/** How long the end of the log may take to arrive once the container ended, in milliseconds. */
const LAST_LINES = 3000;
const MIB = 1024 * 1024;

const words = z.array(z.string());
const inputs = z.object({
  job: z.string().min(1),
  trigger: words,
  image: z.string().min(1),
  entrypoint: words,
  command: words,
  env: z.record(z.string(), z.string()),
  workdir: z.string().optional(),
  user: z.string().optional(),
  /** What this image has at the path is put into the first mount, an empty volume, before; IMAGE_OWNER says whose it is there. */
  fill: z.object({ image: z.string().min(1), path: z.string().startsWith("/", "must be an absolute path") }).optional(),
  networks: words,
  mounts: z.array(
    z.object({
      type: z.enum(["volume", "bind"]),
      source: z.string().min(1),
      target: z.string().startsWith("/", "must be an absolute path"),
      readOnly: z.boolean(),
    }),
  ),
  scratch: z.array(z.string().startsWith("/", "must be an absolute path")),
  readOnlyRoot: z.boolean(),
  capabilities: words,
  memoryMiB: z.number().min(6, "must be at least 6, the engine's least"),
  cpus: z.number().positive(),
  timeoutSeconds: z.number().positive(),
  /** What it would make was there before it: it counts as done. */
  done: z.boolean().optional(),
  labels: z.record(z.string(), z.string()),
});
const computed = z.object({ finishedAt: z.string() });
type Inputs = z.infer<typeof inputs>;

// As the services have it (platforms/docker-container.ts): small and in memory below /run, else on disk.
const inMemory = (path: string): boolean => path === "/run" || path.startsWith("/run/");

/** The container as the engine takes it. */
export function containerOf(job: Inputs): Dockerode.ContainerCreateOptions {
  const memory = job.memoryMiB * MIB;
  const [network = "none"] = job.networks;
  return {
    name: `job-${job.job.toLowerCase().replace(/[^a-z0-9-]+/g, "-")}-${randomBytes(4).toString("hex")}`,
    Image: job.image,
    // An empty list would take the image's own away.
    Entrypoint: job.entrypoint.length > 0 ? job.entrypoint : undefined,
    Cmd: job.command.length > 0 ? job.command : undefined,
    Env: Object.entries(job.env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    WorkingDir: job.workdir,
    User: job.user,
    Labels: labelsOf(job),
    Volumes: Object.fromEntries(job.scratch.filter((path) => !inMemory(path)).map((path) => [path, {}])),
    HostConfig: {
      NetworkMode: network,
      Mounts: job.mounts.map(({ type, source, target, readOnly }) => ({ Type: type, Source: source, Target: target, ReadOnly: readOnly })),
      Tmpfs: Object.fromEntries(job.scratch.filter(inMemory).map((path) => [path, "mode=1777,size=16m"])),
      ReadonlyRootfs: job.readOnlyRoot,
      CapDrop: ["ALL"],
      CapAdd: job.capabilities,
      SecurityOpt: ["no-new-privileges:true"],
      // As platforms/docker-container.ts says.
      ...(network !== "none" && { Dns: ["127.0.0.1"], DnsOptions: ["timeout:1", "attempts:1"] }),
      Memory: memory,
      MemorySwap: memory,
      NanoCpus: Math.round(job.cpus * 1e9),
      PidsLimit: 512,
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "1" } },
      RestartPolicy: { Name: "no" },
    },
  };
}

const labelsOf = (job: Inputs): Record<string, string> => ({ ...job.labels, "dockstage.job": job.job });

/** Runs it, but where what it would make is there already. */
async function runUnlessDone(job: Inputs, ctx: Context): Promise<{ finishedAt: string }> {
  if (!job.done) return run(job, ctx);
  ctx.log(`${job.job} does not run: the data was taken over, and is left as it is`);
  return { finishedAt: new Date().toISOString() };
}

/** Runs it to its end. Whatever happens, the container and its scratch volumes are gone afterwards. */
async function run(job: Inputs, ctx: Context): Promise<{ finishedAt: string }> {
  const engine = await ctx.engine();
  // What a killed run left: its container would go on beside this one.
  for (const left of await engine.containers(Object.entries(labelsOf(job)).map(([name, value]) => `${name}=${value}`))) {
    ctx.log(`${left.name} is left of a run that was cut off: it is removed`, "info");
    await engine.removeContainer(left.id);
  }
  ctx.signal.throwIfAborted();
  const owner = job.fill && { IMAGE_OWNER: await fill(job, job.fill, engine) };
  const id = await engine.createContainer(containerOf({ ...job, env: { ...job.env, ...owner } }));
  try {
    for (const network of job.networks.slice(1)) await engine.connectNetwork(network, id);
    ctx.signal.throwIfAborted();
    await attend(job, id, engine, ctx);
  } finally {
    await engine.removeContainer(id);
  }
  return { finishedAt: new Date().toISOString() };
}

/**
 * The engine copies what an image has at a mount point into an empty volume when it makes a container, which is never started.
 *
 * @returns the owner of the path in the image
 */
async function fill({ mounts: [mount], labels }: Inputs, { image, path }: NonNullable<Inputs["fill"]>, engine: Engine): Promise<string> {
  const owner = await ownerIn(engine, image, path);
  if (mount?.type !== "volume") return owner;
  const helper = await engine.createContainer({
    Image: image,
    Entrypoint: ["/nothing"],
    NetworkDisabled: true,
    Labels: { ...labels, "dockstage.helper": "fill" },
    HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: mount.source, Target: path, ReadOnly: false }] },
  });
  await engine.removeContainer(helper);
  return owner;
}

/** Starts the container, shows its log and returns once it ended well. */
async function attend(job: Inputs, id: string, engine: Engine, ctx: Context): Promise<void> {
  await engine.startContainer(id).catch((error: unknown) => {
    throw new Problem(`The job ${job.job} could not be started: ${error instanceof Error ? error.message : String(error)}`);
  });
  const tail: string[] = [];
  const seen = new AbortController();
  const log = engine
    .followLines(
      id,
      (line) => {
        tail.push(line);
        if (tail.length > LINES) tail.shift();
        ctx.log(`${job.job}: ${line}`, "info", { ephemeral: true });
      },
      seen.signal,
    )
    .catch(() => undefined); // a lost log is no failed job
  const code = await within(job.timeoutSeconds * 1000, ctx.signal, (limit) =>
    engine.waitForExit(id, limit).catch((error: unknown) => {
      if (limit.aborted) return undefined;
      throw error;
    }),
  );
  const late = setTimeout(() => seen.abort(), code === undefined ? 0 : LAST_LINES);
  await log;
  clearTimeout(late);
  ctx.signal.throwIfAborted();
  if (code === 0) return;
  const state = await engine.container(id);
  const end =
    code === undefined
      ? `it did not end within ${job.timeoutSeconds} s and was stopped`
      : endOf({ exitCode: code, oomKilled: state?.oomKilled ?? false }, `${job.memoryMiB} MiB`);
  throw new Problem(
    [`The job ${job.job} failed: ${end}`, ...indentedLog(`last log lines of ${job.job}`, tail), "It runs again with the next update."].join(
      "\n",
    ),
  );
}

export const resource: Resource<Inputs, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["finishedAt"],
  // All else that changed is used when the trigger next makes it run.
  diff: (_id, oldInputs, _state, news) => Promise.resolve({ updates: changed(oldInputs, news, ["trigger"]) }),
  preview: () => Promise.resolve({ finishedAt: UNKNOWN }),
  create: async (news, ctx) => ({ id: news.job, computed: await runUnlessDone(news, ctx) }),
  // Its container is gone by design.
  read: (_id, state) => Promise.resolve({ finishedAt: state.finishedAt }),
  update: (_id, _state, news, ctx) => runUnlessDone(news, ctx),
  delete: () => Promise.resolve(),
};
