import { execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import Dockerode from "dockerode";
import { scope } from "../../plan/names";

/** The checkout that is tested. */
export const PACKAGE = join(__dirname, "..", "..");
export const PASSPHRASE = "of-the-tests";

export interface Finished {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
  /** Number of resources by operation, from the engine's summary; empty where it ended before. */
  readonly changes: Readonly<Record<string, number>>;
}

const none = { same: 0 };

/** An app in a folder of its own with a state of its own, on the machine's engine and behind its host program. */
export class Sandbox {
  readonly folder = mkdtempSync(join(tmpdir(), "dockstage-test-"));
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  readonly engine = new Dockerode();

  constructor(prefix: string) {
    // What comes after the hyphen may be a stack's name, too: a letter first.
    this.project = `${prefix}-s${randomBytes(3).toString("hex").slice(1)}`;
    mkdirSync(join(this.folder, "state"));
    mkdirSync(join(this.folder, "app", "node_modules"), { recursive: true });
    // As npm lays it out: the package, and beside it the SDK that it depends on.
    symlinkSync(PACKAGE, join(this.folder, "app", "node_modules", "dockstage"));
    symlinkSync(join(PACKAGE, "node_modules", "@pulumi"), join(this.folder, "app", "node_modules", "@pulumi"));
    const { PULUMI_CONFIG_PASSPHRASE_FILE: _, ...rest } = process.env;
    this.env = {
      ...rest,
      PULUMI_BACKEND_URL: `file://${join(this.folder, "state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
      // --event-log is one of these.
      PULUMI_DEBUG_COMMANDS: "true",
      NO_COLOR: "1",
    };
    this.write(
      "Pulumi.yaml",
      `name: ${this.project}
runtime:
  name: nodejs
  options: { typescript: false, nodeargs: -r dockstage/loader.js }
main: index.ts
plugins:
  providers: [{ name: dockstage, path: ${join(PACKAGE, "provider")}, version: 0.1.0 }]
`,
    );
    this.write("package.json", '{ "private": true }\n');
    this.write("index.ts", 'import { environment } from "dockstage";\n\nexport = environment(__dirname);\n');
  }

  get app(): string {
    return join(this.folder, "app");
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.app, file), text);
  }

  /** Copies a folder of the repository into the app's. */
  copy(from: string): void {
    cpSync(join(PACKAGE, from), this.app, { recursive: true });
  }

  /** Runs a command in the app's folder to its end. */
  run(command: string, args: readonly string[], extra: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const log = join(this.folder, `events-${randomBytes(4).toString("hex")}.json`);
    const all =
      command === "pulumi" && ["up", "destroy", "refresh", "preview"].includes(args[0] ?? "") ? [...args, "--event-log", log] : args;
    return new Promise((resolve, reject) => {
      const child = spawn(command, all, { cwd: this.app, env: { ...this.env, ...extra }, stdio: ["ignore", "pipe", "pipe"] });
      let output = "";
      const take = (chunk: Buffer): void => void (output += chunk.toString());
      child.stdout.on("data", take);
      child.stderr.on("data", take);
      child.on("error", reject);
      child.on("close", (code) =>
        resolve({ code: code ?? -1, output, changes: existsSync(log) ? changesIn(readFileSync(log, "utf8")) : {} }),
      );
    });
  }

  async init(stack = "dev"): Promise<void> {
    const done = await this.run("pulumi", ["stack", "init", stack]);
    if (done.code !== 0) throw new Error(done.output);
  }

  up(stack = "dev", ...args: string[]): Promise<Finished> {
    return this.run("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "-s", stack, ...args]);
  }

  /** `up` that must end well. */
  async mustUp(stack = "dev", ...args: string[]): Promise<Finished> {
    const done = await this.up(stack, ...args);
    if (done.code !== 0) throw new Error(done.output);
    return done;
  }

  refresh(stack = "dev"): Promise<Finished> {
    return this.run("pulumi", ["refresh", "--yes", "--skip-preview", "--non-interactive", "-s", stack]);
  }

  preview(stack = "dev", ...args: string[]): Promise<Finished> {
    return this.run("pulumi", ["preview", "--non-interactive", "-s", stack, ...args]);
  }

  destroy(stack = "dev"): Promise<Finished> {
    return this.run("pulumi", ["destroy", "--yes", "--skip-preview", "--non-interactive", "-s", stack]);
  }

  async outputs(stack = "dev"): Promise<Record<string, unknown>> {
    const done = await this.run("pulumi", ["stack", "output", "--json", "-s", stack]);
    if (done.code !== 0) throw new Error(done.output);
    return JSON.parse(done.output) as Record<string, unknown>;
  }

  /** Every object on the engine that carries the project's label, and its images, as `kind name`. */
  async objects(stack?: string): Promise<readonly string[]> {
    const filters = JSON.stringify({ label: [`dockstage.project=${this.project}`, ...(stack ? [`dockstage.stack=${stack}`] : [])] });
    const prefix = stack === undefined ? scope(this.project, "") : `${scope(this.project, stack)}/`;
    const [containers, networks, volumes, images] = await Promise.all([
      this.engine.listContainers({ all: true, filters }),
      this.engine.listNetworks({ filters }),
      this.engine.listVolumes({ filters }),
      this.engine.listImages(),
    ]);
    return [
      ...containers.map(({ Names }) => `container ${Names[0] ?? ""}`),
      ...networks.map(({ Name }) => `network ${Name}`),
      ...volumes.Volumes.map(({ Name }) => `volume ${Name}`),
      ...images.flatMap(({ RepoTags }) => (RepoTags ?? []).filter((tag) => tag.startsWith(prefix)).map((tag) => `image ${tag}`)),
    ].sort();
  }

  /** IDs of a component's containers that run. */
  async containers(component: string, stack = "dev"): Promise<readonly string[]> {
    const label = [`dockstage.project=${this.project}`, `dockstage.stack=${stack}`, `dockstage.component=${component}`];
    const found = await this.engine.listContainers({ filters: JSON.stringify({ label }) });
    return found.map(({ Id }) => Id);
  }

  /** Destroys what is left on every stack and removes the folder. For afterAll. */
  async clean(...stacks: readonly string[]): Promise<void> {
    for (const stack of stacks.length > 0 ? stacks : ["dev"]) {
      const done = await this.destroy(stack);
      if (done.code !== 0 && !done.output.includes("no stack named"))
        throw new Error(`the sandbox of ${this.project} could not be destroyed:\n${done.output}`);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The summary of an engine's event log. */
function changesIn(log: string): Readonly<Record<string, number>> {
  for (const line of log.trim().split("\n").reverse()) {
    const event = JSON.parse(line) as { summaryEvent?: { resourceChanges?: Record<string, number> } };
    if (event.summaryEvent) return event.summaryEvent.resourceChanges ?? none;
  }
  return {};
}

/** Operations of a run that changed something. */
export const changed = ({ changes }: Finished): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(changes).filter(([operation]) => operation !== "same"));

/** Brings the host program up if it is not, by the command that people use; test files that run beside each other wait for one another. */
export function ensureHost(): void {
  const command = [process.execPath, join(PACKAGE, "cli", "dockstage"), "up", "host"];
  execFileSync("flock", [join(tmpdir(), "dockstage-test-host.lock"), ...command], { cwd: PACKAGE, stdio: "pipe" });
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** A request to loopback at the port of the URL, as browsers treat *.localhost. */
export function request(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: Buffer | string; timeoutMs?: number } = {},
): Promise<Answer> {
  const { hostname, port, pathname, search, host } = new URL(url);
  if (!hostname.endsWith(".localhost") && hostname !== "127.0.0.1") throw new Error(`tests talk to loopback only, not to ${hostname}`);
  return new Promise((resolve, reject) => {
    const sent = http.request(
      {
        host: "127.0.0.1",
        port: port || 80,
        path: `${pathname}${search}`,
        method: options.method ?? "GET",
        headers: { host, ...options.headers },
        agent: false,
        timeout: options.timeoutMs ?? 15_000,
      },
      (received) => {
        const chunks: Buffer[] = [];
        received.on("data", (chunk: Buffer) => chunks.push(chunk));
        received.on("end", () =>
          resolve({ status: received.statusCode ?? 0, body: Buffer.concat(chunks).toString(), headers: received.headers }),
        );
        received.on("error", reject);
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${options.timeoutMs ?? 15_000} ms`)));
    sent.on("error", reject);
    sent.end(options.body);
  });
}
