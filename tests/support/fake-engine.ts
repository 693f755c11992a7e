import type Dockerode from "dockerode";
import type { ContainerState, Engine } from "../../provider/engine";

interface FakeContainer extends ContainerState {
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Dockerode.ContainerCreateOptions;
  readonly log: readonly string[];
}

/** A container engine in memory: as much of one as the provider's resources see. Tests set what its containers do. */
export class FakeEngine implements Engine {
  readonly address = "unix:///fake.sock";
  readonly containersById = new Map<string, FakeContainer>();
  readonly volumes = new Map<string, Readonly<Record<string, string>>>();
  readonly networkList: { id: string; name: string; subnets: string[] }[] = [];
  readonly published = new Map<number, string>();
  readonly execs: { id: string; command: readonly string[] }[] = [];
  /** What a command in a container answers. */
  onExec: (id: string, command: readonly string[]) => { code: number; output: string } | Promise<{ code: number; output: string }> =
    () => ({ code: 0, output: "" });
  /** What a started container does: its log and exit code; "runs" goes on until it is aborted. */
  onStart: (options: Dockerode.ContainerCreateOptions) => { log: readonly string[]; exit: number | "runs"; oomKilled?: boolean } = () => ({
    log: [],
    exit: 0,
  });
  /** Thrown by putArchive. */
  archiveError: Error | undefined;
  private count = 0;

  get docker(): Dockerode {
    throw new Error("the fake engine has no client");
  }

  add(container: Partial<FakeContainer> = {}): string {
    const id = container.id ?? `c${++this.count}`;
    this.containersById.set(id, {
      name: `name-of-${id}`,
      status: "running",
      exitCode: 0,
      oomKilled: false,
      restarts: 0,
      startedAt: "",
      labels: {},
      options: {},
      log: [],
      ...container,
      id,
    });
    return id;
  }

  id = (): Promise<string> => Promise.resolve("ENGINE");
  containers(labels: readonly string[]): Promise<readonly { id: string; name: string; state: string }[]> {
    const carries = (container: FakeContainer, label: string): boolean => {
      const [key = "", value] = label.split("=");
      return key in container.labels && (value === undefined || container.labels[key] === value);
    };
    const found = [...this.containersById.values()].filter((container) => labels.every((label) => carries(container, label)));
    return Promise.resolve(found.map(({ id, name, status }) => ({ id, name, state: status })));
  }
  container = (id: string): Promise<ContainerState | undefined> => Promise.resolve(this.containersById.get(id));
  createContainer = (options: Dockerode.ContainerCreateOptions): Promise<string> =>
    Promise.resolve(this.add({ status: "created", options, labels: options.Labels ?? {}, name: options.name ?? "" }));
  startContainer(id: string): Promise<void> {
    const { log, exit, oomKilled = false } = this.onStart(this.get(id).options);
    this.change(id, { log, oomKilled, ...(exit === "runs" ? { status: "running" } : { status: "exited", exitCode: exit }) });
    return Promise.resolve();
  }
  connectNetwork = (): Promise<void> => Promise.resolve();
  removeContainer(id: string): Promise<void> {
    this.containersById.delete(id);
    return Promise.resolve();
  }
  waitForExit(id: string, signal?: AbortSignal): Promise<number> {
    const { status, exitCode } = this.get(id);
    if (status === "exited") return Promise.resolve(exitCode);
    return new Promise((_, reject) => {
      const end = (): void => reject(new Error("aborted"));
      if (signal?.aborted === true) end();
      signal?.addEventListener("abort", end);
    });
  }
  lastLines = (id: string, count: number): Promise<readonly string[]> =>
    Promise.resolve((this.containersById.get(id)?.log ?? []).slice(-count));
  followLines(id: string, line: (text: string) => void): Promise<void> {
    this.get(id).log.forEach(line);
    return Promise.resolve();
  }
  async exec(id: string, command: readonly string[]): Promise<{ code: number; output: string }> {
    this.execs.push({ id, command });
    return this.onExec(id, command);
  }
  putArchive = (): Promise<void> => (this.archiveError ? Promise.reject(this.archiveError) : Promise.resolve());
  createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    this.volumes.set(name, labels);
    return Promise.resolve();
  }
  volumeLabels = (name: string): Promise<Readonly<Record<string, string>> | undefined> => Promise.resolve(this.volumes.get(name));
  /** Names of the containers that mount a volume. */
  readonly volumeUsers = new Map<string, readonly string[]>();
  volumeUse = (name: string): Promise<{ since: string; users: readonly string[] }> =>
    Promise.resolve({ since: "2026-01-02T03:04:05Z", users: this.volumeUsers.get(name) ?? [] });
  volumeExists = (name: string): Promise<boolean> => Promise.resolve(this.volumes.has(name));
  removeVolume(name: string): Promise<void> {
    this.volumes.delete(name);
    return Promise.resolve();
  }
  networks = (): Promise<readonly { id: string; name: string; subnets: readonly string[] }[]> => Promise.resolve(this.networkList);
  publisher = (port: number): Promise<string | undefined> => Promise.resolve(this.published.get(port));

  /** Changes a container as something outside would. */
  change(id: string, change: Partial<FakeContainer>): void {
    this.containersById.set(id, { ...this.get(id), ...change });
  }
  private get(id: string): FakeContainer {
    const found = this.containersById.get(id);
    if (!found) throw new Error(`no such container: ${id}`);
    return found;
  }
}
