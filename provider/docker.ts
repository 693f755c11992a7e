import { setTimeout as sleep } from "node:timers/promises";
import { PassThrough, Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import Dockerode from "dockerode";
import type { ContainerState, Engine, ExecOptions } from "./engine";
import { Problem } from "./resource";
import { within } from "./within";

/** The Engine over Docker's API. Loaded only once a resource needs the engine: the client costs 0.2 s. */

/** Most of an exec's output that is kept, in bytes. */
const MOST_OUTPUT = 64 * 1024;

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;
const errnoOf = (error: unknown): unknown => (typeof error === "object" && error !== null && "code" in error ? error.code : undefined);

/** What the call returns, or `otherwise` where the object is not there. */
async function unless404<T, F>(call: Promise<T>, otherwise: F): Promise<T | F> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === 404) return otherwise;
    throw error;
  }
}

/** The engine that DOCKER_HOST names, else the local one. Throws a Problem where none answers. */
export async function connect(host = process.env["DOCKER_HOST"]): Promise<Engine> {
  const address = host === undefined || host === "" ? "unix:///var/run/docker.sock" : host;
  // The client reads DOCKER_HOST and its TLS settings itself; a socket's path is given to it.
  const docker = address.startsWith("unix://") ? new Dockerode({ socketPath: address.slice("unix://".length) }) : new Dockerode();
  try {
    await docker.ping();
  } catch (error) {
    const reason = errnoOf(error);
    if (reason === "EACCES" || reason === "EPERM") {
      throw new Problem(
        `The container engine at ${address} may not be used by this user: add it to the group that owns the socket (\`sudo usermod -aG docker $USER\`) and log in again.`,
      );
    }
    throw new Problem(
      `No container engine answers at ${address} (${typeof reason === "string" ? reason : String(error)}): start it with scripts/setup, or set DOCKER_HOST to one that runs.`,
    );
  }
  return new DockerEngine(docker, address);
}

class DockerEngine implements Engine {
  private engineId: Promise<string> | undefined;

  constructor(
    readonly docker: Dockerode,
    readonly address: string,
  ) {}

  id(): Promise<string> {
    return (this.engineId ??= this.docker.info().then((info: { ID: string }) => info.ID));
  }

  async containers(labels: readonly string[]): Promise<readonly { id: string; name: string; state: string }[]> {
    const found = await this.docker.listContainers({ all: true, filters: { label: [...labels] } });
    return found.map(({ Id, Names, State }) => ({ id: Id, name: (Names[0] ?? Id).replace(/^\//, ""), state: State }));
  }

  async container(idOrName: string): Promise<ContainerState | undefined> {
    const found = await unless404(this.docker.getContainer(idOrName).inspect(), undefined);
    if (!found) return undefined;
    const { State } = found;
    return {
      id: found.Id,
      name: found.Name.replace(/^\//, ""),
      status: State.Status,
      exitCode: State.ExitCode,
      oomKilled: State.OOMKilled,
      restarts: found.RestartCount,
      startedAt: State.StartedAt,
    };
  }

  async createContainer(options: Dockerode.ContainerCreateOptions): Promise<string> {
    return (await this.docker.createContainer(options)).id;
  }

  async startContainer(id: string): Promise<void> {
    await this.docker.getContainer(id).start();
  }

  async connectNetwork(network: string, id: string): Promise<void> {
    await this.docker.getNetwork(network).connect({ Container: id });
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.docker.getContainer(id);
    try {
      await container.remove({ force: true, v: true });
    } catch (error) {
      if (codeOf(error) === 404) return;
      if (codeOf(error) !== 409) throw error;
      // Somebody else removes it already. The engine's own wait for "removed" never answers where it comes just too late (seen at 20.10).
      for (let tries = 0; tries < 300; tries++) {
        if ((await unless404(container.inspect(), undefined)) === undefined) return;
        await sleep(100);
      }
      throw new Problem(`container ${id.slice(0, 12)} is still being removed after 30 s: look at the engine's log`);
    }
  }

  async waitForExit(id: string, signal?: AbortSignal): Promise<number> {
    const ended: unknown = await this.docker.getContainer(id).wait({ abortSignal: signal });
    if (typeof ended === "object" && ended !== null && "StatusCode" in ended && typeof ended.StatusCode === "number")
      return ended.StatusCode;
    throw new Error(`the engine told no exit code of the container ${id}`);
  }

  async lastLines(id: string, count: number): Promise<readonly string[]> {
    const log = await unless404(
      this.docker.getContainer(id).logs({ stdout: true, stderr: true, follow: false, tail: count }),
      Buffer.alloc(0),
    );
    const lines: string[] = [];
    const take = lineWise((line) => lines.push(line));
    for (const chunk of framesOf(log)) take(chunk);
    take(undefined);
    return lines.slice(-count);
  }

  async followLines(id: string, line: (text: string) => void, signal: AbortSignal): Promise<void> {
    const stream = await unless404(
      this.docker.getContainer(id).logs({ stdout: true, stderr: true, follow: true, abortSignal: signal }),
      undefined,
    );
    if (!stream) return;
    const take = lineWise(line);
    await demux(this.docker, stream, take, signal);
    take(undefined);
  }

  async exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<{ code: number; output: string }> {
    const { user, input, signal, timeoutSeconds = 60 } = options;
    const exec = await this.docker.getContainer(id).exec({
      Cmd: [...command],
      AttachStdout: true,
      AttachStderr: true,
      AttachStdin: input !== undefined,
      User: user,
      abortSignal: signal,
    });
    const stream = await exec.start({ hijack: true, stdin: input !== undefined });
    if (input !== undefined) stream.end(input);
    let output = Buffer.alloc(0);
    const take = (chunk: Buffer): void => void (output = Buffer.concat([output, chunk]).subarray(-MOST_OUTPUT));
    const ended = await within(timeoutSeconds * 1000, signal, async (limit) => {
      await demux(this.docker, stream, take, limit);
      return !limit.aborted;
    });
    signal?.throwIfAborted();
    if (!ended) throw new Error(`\`${command.join(" ")}\` did not end within ${timeoutSeconds} s`);
    const { ExitCode } = await exec.inspect();
    return { code: ExitCode ?? -1, output: output.toString("utf8") };
  }

  async putArchive(id: string, path: string, tar: Buffer): Promise<void> {
    await this.docker.getContainer(id).putArchive(tar, { path });
  }

  async createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.docker.createVolume({ Name: name, Labels: { ...labels } });
  }

  async volumeExists(name: string): Promise<boolean> {
    return (await this.volumeLabels(name)) !== undefined;
  }

  async volumeLabels(name: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await unless404(this.docker.getVolume(name).inspect(), undefined);
    // A volume that the engine made itself has null here.
    return found && { ...found.Labels };
  }

  async volumeUse(name: string): Promise<{ since: string; users: readonly string[] }> {
    const [found, users] = await Promise.all([
      this.docker.getVolume(name).inspect(),
      this.docker.listContainers({ all: true, filters: { volume: [name] } }),
    ]);
    const since = "CreatedAt" in found && typeof found.CreatedAt === "string" ? found.CreatedAt : "an unknown time";
    return { since, users: users.map(({ Id, Names }) => (Names[0] ?? Id).replace(/^\//, "")) };
  }

  async removeVolume(name: string, waitSeconds: number): Promise<void> {
    const attempt = async (): Promise<string | undefined> => {
      try {
        await this.docker.getVolume(name).remove();
      } catch (error) {
        if (codeOf(error) === 409) return error instanceof Error ? error.message : "it is in use";
        if (codeOf(error) !== 404) throw error;
      }
      return undefined;
    };
    if ((await attempt()) === undefined) return;
    const deadline = AbortSignal.timeout(waitSeconds * 1000);
    const events = await this.docker.getEvents({ filters: { type: ["container"], event: ["destroy"] }, abortSignal: deadline });
    try {
      // The second attempt comes after the subscription, so that no event is missed between the two.
      for (;;) {
        const refusal = await attempt();
        if (refusal === undefined) return;
        if (!(await nextChunk(events, deadline)))
          throw new Problem(`The volume ${name} is still in use after ${waitSeconds} s: ${refusal}`);
      }
    } finally {
      if (events instanceof Readable) events.destroy();
    }
  }

  async networks(): Promise<readonly { id: string; name: string; subnets: readonly string[] }[]> {
    const found = await this.docker.listNetworks();
    return found.map(({ Id, Name, IPAM }) => ({
      id: Id,
      name: Name,
      subnets: (IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet])),
    }));
  }

  async publisher(port: number): Promise<string | undefined> {
    const [found] = await this.docker.listContainers({ filters: { publish: [String(port)] } });
    return found?.Names[0]?.replace(/^\//, "");
  }
}

/** Splits what comes into lines; undefined is the end, where the last line may lack its own. */
function lineWise(line: (text: string) => void): (chunk: Buffer | undefined) => void {
  const decoder = new StringDecoder("utf8"); // a chunk may end inside a character
  let rest = "";
  return (chunk) => {
    const parts = (rest + (chunk ? decoder.write(chunk) : decoder.end())).split(/\r?\n|\r/);
    rest = parts.pop() ?? "";
    for (const part of parts) line(part);
    if (chunk === undefined && rest !== "") line(rest);
  };
}

/** The payloads of a whole log: eight bytes stand before each, the last four of them its length. A terminal's log has none. */
function framesOf(log: Buffer): readonly Buffer[] {
  if (log.length < 8 || (log[0] ?? 3) > 2 || log.readUIntBE(1, 3) !== 0) return [log];
  const frames: Buffer[] = [];
  for (let at = 0; at + 8 <= log.length; at += 8 + log.readUInt32BE(at + 4))
    frames.push(log.subarray(at + 8, at + 8 + log.readUInt32BE(at + 4)));
  return frames;
}

/** Both streams of a container's output, until it ends or the signal is aborted. */
async function demux(docker: Dockerode, stream: NodeJS.ReadableStream, take: (chunk: Buffer) => void, signal?: AbortSignal): Promise<void> {
  const sink = new PassThrough();
  sink.on("data", take);
  docker.modem.demuxStream(stream, sink, sink);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      signal?.removeEventListener("abort", end);
      if (stream instanceof Readable) stream.destroy();
      sink.end();
      resolve();
    };
    for (const event of ["end", "close", "error"]) stream.on(event, end);
    if (signal?.aborted === true) end();
    else signal?.addEventListener("abort", end);
  });
}

/** Whether something came before the deadline. */
function nextChunk(stream: NodeJS.ReadableStream, deadline: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (came: boolean) => (): void => {
      stream.removeAllListeners();
      stream.on("error", () => undefined);
      stream.pause();
      resolve(came);
    };
    stream.once("data", settle(true));
    for (const event of ["end", "close", "error"]) stream.once(event, settle(false));
    deadline.addEventListener("abort", settle(false), { once: true });
    if (deadline.aborted) settle(false)();
    stream.resume();
  });
}
