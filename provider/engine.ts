import type Dockerode from "dockerode";

/** What the resources need of a container engine. Tests have one in memory; dockerEngine() below is the real one. */
export interface Engine {
  /** For messages: `unix:///var/run/docker.sock`. */
  readonly address: string;
  /** The whole client, for what has no method here. A fake engine throws. */
  readonly docker: Dockerode;
  /** The engine's own id, stable over its life. */
  id(): Promise<string>;
  /** Containers in any state that carry all the labels (`key=value` or `key`). */
  containers(labels: readonly string[]): Promise<readonly { readonly id: string; readonly name: string; readonly state: string }[]>;
  /** Undefined where there is no such container. */
  container(idOrName: string): Promise<ContainerState | undefined>;
  /** Creates a container and does not start it; its ID. */
  createContainer(options: Dockerode.ContainerCreateOptions): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Joins a container to one more network, by name or ID. */
  connectNetwork(network: string, id: string): Promise<void>;
  /** Stopped at once if it runs, its anonymous volumes with it; gone already is fine. Returns when it is gone. */
  removeContainer(id: string): Promise<void>;
  /** The exit code, once it has ended. */
  waitForExit(id: string, signal?: AbortSignal): Promise<number>;
  /** The last lines of its output, both streams. */
  lastLines(id: string, count: number): Promise<readonly string[]>;
  /** Every line of its output, as it comes, until the container ends or the signal is aborted. */
  followLines(id: string, line: (text: string) => void, signal: AbortSignal): Promise<void>;
  /** Runs a command in a running container. Output of both streams, at most 64 KiB of its end. */
  exec(id: string, command: readonly string[], options?: ExecOptions): Promise<{ readonly code: number; readonly output: string }>;
  /** Unpacks a tar archive at a path in the container, which need not run. */
  putArchive(id: string, path: string, tar: Buffer): Promise<void>;
  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void>;
  volumeExists(name: string): Promise<boolean>;
  /** Undefined where there is no such volume. */
  volumeLabels(name: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** Since when the volume is there, ISO 8601, and the names of the containers in any state that mount it. */
  volumeUse(name: string): Promise<{ readonly since: string; readonly users: readonly string[] }>;
  /** Gone already is fine. Waits up to `waitSeconds` for containers that still use it. */
  removeVolume(name: string, waitSeconds: number): Promise<void>;
  networks(): Promise<readonly { readonly id: string; readonly name: string; readonly subnets: readonly string[] }[]>;
  /** Name of the container that publishes this port of the host, if one does. */
  publisher(port: number): Promise<string | undefined>;
}

export interface ExecOptions {
  /** @default the container's user */
  readonly user?: string;
  /** Sent to its standard input, which is then closed. */
  readonly input?: Buffer;
  readonly signal?: AbortSignal;
  /** The wait for it is given up after this time, with an error. @default 60 */
  readonly timeoutSeconds?: number;
}

export interface ContainerState {
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** created, running, paused, restarting, removing, exited or dead. */
  readonly status: string;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly restarts: number;
  readonly startedAt: string;
}
