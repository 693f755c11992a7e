import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import type { Readable } from "node:stream";
import type { Engine } from "./engine";

/** The docker command lines on this machine: the only way to BuildKit's build secrets and to a registry's credential helpers. */

export interface Client {
  readonly command: string;
  /** Whether `docker build` of it goes through BuildKit. */
  readonly buildKit: boolean;
}

export interface Ran {
  readonly code: number;
  readonly lines: readonly string[];
}

/** Time between a polite and a hard end of a cancelled command, in milliseconds. */
const GRACE = 1500;

/** The environment for a client: the engine that the provider itself talks to, whatever context is chosen. */
export function clientEnvironment({ address }: Pick<Engine, "address">): NodeJS.ProcessEnv {
  const { DOCKER_CONTEXT: _, ...rest } = process.env;
  // A builder of its own (buildx's container driver) would keep the image away from the engine; attestations change its ID.
  return { ...rest, DOCKER_HOST: address, DOCKER_BUILDKIT: "1", BUILDX_BUILDER: "default", BUILDX_NO_DEFAULT_ATTESTATIONS: "1" };
}

/** Runs to the end, or until the signal is aborted: then the command and what it started are ended, and the signal's reason is thrown. */
export async function run(
  command: string,
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal; stdin?: Readable; line?: (text: string) => void },
): Promise<Ran> {
  const { env, signal, stdin, line } = options;
  signal?.throwIfAborted();
  // A process group of its own, because a client runs its plugins as children.
  const child = spawn(command, args, { env, detached: true, stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  const finished = [child.stdout, child.stderr].map(async (stream) => {
    if (!stream) return;
    let rest = "";
    stream.setEncoding("utf8");
    for await (const chunk of stream as AsyncIterable<string>) {
      const parts = (rest + chunk).split(/\r?\n|\r/);
      rest = parts.pop() ?? "";
      for (const part of parts) take(part);
    }
    if (rest !== "") take(rest);
  });
  const take = (text: string): void => {
    line?.(text);
    if (lines.push(text) > 400) lines.splice(0, 200);
  };
  const end = (how: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, how);
    } catch {
      // It has just ended.
    }
  };
  let hard: NodeJS.Timeout | undefined;
  const stop = (): void => {
    end("SIGTERM");
    hard = setTimeout(() => end("SIGKILL"), GRACE);
  };
  signal?.addEventListener("abort", stop, { once: true });
  if (stdin && child.stdin) {
    child.stdin.on("error", () => stdin.destroy()); // the command ended before it had read everything: its exit code says why
    stdin.on("error", () => stop());
    stdin.pipe(child.stdin);
  }
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (status) => resolve(status ?? -1));
    });
    await Promise.all(finished);
    signal?.throwIfAborted();
    return { code, lines };
  } finally {
    stdin?.destroy();
    clearTimeout(hard);
    signal?.removeEventListener("abort", stop);
  }
}

const found = new Map<string, Promise<readonly Client[]>>();

/** The clients that can talk to the engine, those with BuildKit first. Looked for once. */
export function clients(engine: Engine): Promise<readonly Client[]> {
  let known = found.get(engine.address);
  if (!known) found.set(engine.address, (known = search(engine)));
  return known;
}

async function search(engine: Engine): Promise<readonly Client[]> {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/bin"].filter((folder) => path.isAbsolute(folder));
  const commands = new Set<string>();
  for (const folder of folders) {
    const command = path.join(folder, "docker");
    if (isExecutable(command)) commands.add(fs.realpathSync(command));
  }
  const able = await Promise.all([...commands].map((command) => ability(command, engine)));
  return able.filter((client) => client !== undefined).sort((a, b) => Number(b.buildKit) - Number(a.buildKit));
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Until 23 the client itself speaks BuildKit; since then only its plugin buildx does. Undefined: it does not work with this engine. */
async function ability(command: string, engine: Engine): Promise<Client | undefined> {
  const env = clientEnvironment(engine);
  const signal = AbortSignal.timeout(20_000);
  try {
    const version = await run(command, ["version", "--format", "{{.Client.Version}}"], { env, signal });
    if (version.code !== 0) return undefined;
    const major = Number.parseInt(version.lines[0] ?? "", 10);
    if (Number.isNaN(major)) return undefined;
    return { command, buildKit: major < 23 ? major >= 19 : (await run(command, ["buildx", "version"], { env, signal })).code === 0 };
  } catch {
    return undefined;
  }
}
