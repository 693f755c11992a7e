import type { ContainerArgs } from "@pulumi/docker";
import type * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { ServiceRecord, Run } from "../plan/records";

/** What is known of a run once its image, files and networks are resources. */
export interface Bound {
  readonly image: {
    readonly imageId: pulumi.Input<string>;
    readonly entrypoint: pulumi.Input<string[]>;
    readonly command: pulumi.Input<string[]>;
    /** Whether there is a /bin/sh in it. */
    readonly shell: pulumi.Input<boolean>;
  };
  /** Volume with the files under /run/dockstage. */
  readonly files?: pulumi.Input<string>;
  /** Scratch on disk, then the mounts. */
  readonly volumes: docker.types.input.ContainerVolume[];
  readonly networks: { readonly id: pulumi.Input<string>; readonly aliases: readonly string[] }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: docker.types.input.ContainerPort[];
}

/** Where the files of a container lie: its secrets, its configuration and the entrypoint that reads secret variables. */
export const FILES = "/run/dockstage";

/** A duration as the engine writes it, so that reading it back shows no difference: 90 is `1m30s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours ? `${hours}h` : ""}${hours || minutes ? `${minutes}m` : ""}${seconds % 60}s`;
}

/** What terraform-provider-docker reads back (nanoInt64ToDecimalString): with nine zeros in it a number loses all but one decimal. */
function readBack(cores: number): string {
  const exact = cores.toFixed(9);
  return exact.split("0").length - 1 === 9 ? cores.toFixed(1) : exact.replace(/0+$/, "");
}

/**
 * Cores as the provider reads them back: `1.0`, `0.5`, `0.25`. Some numbers are never read back as they were written (0.05 is `0.1`,
 * 10 is `10.`), which would replace the container at every run: then it is the next smaller number that is, at most 0.01 cores
 * away. Never a greater one: an engine refuses more cores than it has.
 */
export function decimal(cores: number): string {
  for (let nudge = 0; nudge <= 100; nudge++) {
    const near = Math.round((cores - nudge / 10_000) * 1e9) / 1e9;
    const text = Number.isInteger(near) ? near.toFixed(1) : String(near);
    if (readBack(near) === text) return text;
  }
  throw new Error(`${cores} cores cannot be written so that they are read back the same`);
}

/**
 * ENTRYPOINT and CMD: the image's own, unless the run has others, behind the entrypoint that reads secrets where there are any. An
 * image without a shell has no use for that entrypoint: its program finds the secrets as files only, in /run/dockstage/env.
 */
export function argv(run: Run, image: Bound["image"]): { entrypoint?: pulumi.Input<string[]>; command?: pulumi.Input<string[]> } {
  const command = run.command && [...run.command];
  if (!run.secrets.some((use) => "env" in use.as)) {
    return { ...(run.entrypoint && { entrypoint: [...run.entrypoint] }), ...(command && { command }) };
  }
  const entrypoint = run.entrypoint ? pulumi.output([...run.entrypoint]) : pulumi.output(image.entrypoint);
  return {
    entrypoint: pulumi.all([entrypoint, image.shell]).apply(([own, shell]) => (shell ? ["/bin/sh", `${FILES}/entrypoint`, ...own] : own)),
    // An engine that is given an ENTRYPOINT forgets the image's CMD.
    command: command ?? image.command,
  };
}

/** Scratch under /run is small and in memory, everything else an anonymous volume that goes with its container. */
export const inMemory = (path: string): boolean => path === "/run" || path.startsWith("/run/");

/**
 * The inputs of a docker container for one replica. The shapes that this may give are listed in offline/shapes.ts, and the golden
 * tests hold it to them.
 */
export function containerArgs(record: ServiceRecord, bound: Bound): ContainerArgs {
  const { health, stop, limits } = record;
  const { entrypoint, command } = argv(record, bound.image);
  const memory = record.scratch.filter(inMemory);
  return {
    image: bound.image.imageId,
    ...(entrypoint && { entrypoints: entrypoint }),
    ...(command && { command }),
    envs: Object.entries(record.env)
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
    ...(record.user && { user: record.user }),
    ...(record.workdir && { workingDir: record.workdir }),
    volumes: [...(bound.files ? [{ containerPath: FILES, volumeName: bound.files, readOnly: true }] : []), ...bound.volumes],
    ...(memory.length > 0 && { tmpfs: Object.fromEntries(memory.map((path) => [path, "mode=1777,size=16m"])) }),
    ...(record.hostNetwork && { networkMode: "host" }),
    networksAdvanced: bound.networks.map(({ id, aliases }) => ({ name: id, aliases: [...aliases] })),
    // The engine knows its containers' names. Every other name it would ask for outside, even from a closed network, and wait 20 s for no answer.
    ...(!record.hostNetwork && { dns: ["127.0.0.1"], dnsOpts: ["timeout:1", "attempts:1"] }),
    ...(record.self && { hosts: record.self.hosts.map((host) => ({ host, ip: "127.0.0.1" })) }),
    ...(bound.ports.length > 0 && { ports: bound.ports }),
    readOnly: record.readOnlyRoot,
    capabilities: { drops: ["ALL"], ...(record.capabilities.length > 0 && { adds: record.capabilities.map((name) => `CAP_${name}`) }) },
    securityOpts: ["no-new-privileges:true"],
    memory: limits.memory,
    memorySwap: limits.memory,
    cpus: decimal(limits.cpus),
    ...(health &&
      "command" in health.probe && {
        healthcheck: {
          tests: ["CMD", ...health.probe.command],
          interval: goDuration(health.intervalSeconds),
          timeout: goDuration(10),
          startPeriod: goDuration(health.timeoutSeconds),
          retries: 3,
        },
      }),
    restart: "unless-stopped",
    ...(stop.signal && { stopSignal: stop.signal }),
    stopTimeout: stop.graceSeconds,
    // Unset, the provider kills at once.
    destroyGraceSeconds: stop.graceSeconds,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
    labels: Object.entries(bound.labels).map(([label, value]) => ({ label, value })),
    mustRun: true,
    // Ready waits, and says why where it fails.
    wait: false,
  };
}

/** The container that answers at an app's public address inside the app's own network namespace. */
export function selfArgs(
  record: ServiceRecord & { readonly self: NonNullable<ServiceRecord["self"]> },
  bound: { readonly imageId: pulumi.Input<string>; readonly container: pulumi.Input<string>; readonly labels: Bound["labels"] },
): ContainerArgs {
  return {
    image: bound.imageId,
    command: ["forward", String(record.self.port), "door:8080"],
    networkMode: pulumi.interpolate`container:${bound.container}`,
    readOnly: true,
    capabilities: { drops: ["ALL"] },
    securityOpts: ["no-new-privileges:true"],
    user: "65534:65534",
    memory: 32,
    memorySwap: 32,
    cpus: "0.2",
    restart: "unless-stopped",
    stopTimeout: 1,
    destroyGraceSeconds: 1,
    logDriver: "json-file",
    logOpts: { "max-size": "1m", "max-file": "1" },
    labels: Object.entries(bound.labels).map(([label, value]) => ({ label, value })),
    mustRun: true,
    wait: false,
  };
}
