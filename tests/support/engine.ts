import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** Waits until something holds, 30 s at most. */
async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let left = 150; left > 0; left--) {
    if (await holds()) return;
    await sleep(200);
  }
  throw new Error(`after 30 s still not: ${what}`);
}

/**
 * A Docker Engine of a test's own, which it may kill and fill up. It lives in namespaces of its own (network, processes, mounts), so that
 * the machine's engine, its bridges and its firewall never see it, and so that nothing is left of it once the first process in there is
 * dead; that one dies with the test. Its data lies in memory, in a file system of a fixed size. Needs root.
 */
export class PrivateEngine {
  readonly address: string;
  private readonly data: string;
  /** `unshare`; the first process in the namespaces is its child. */
  private machine: ChildProcess | undefined;
  private daemon: ChildProcess | undefined;

  constructor(
    private readonly folder: string,
    private readonly megabytes: number,
  ) {
    this.data = join(folder, "data");
    this.address = `unix://${join(folder, "docker.sock")}`;
  }

  /** Starts the daemon, and waits until it answers. */
  async start(): Promise<void> {
    if (!this.machine) await this.boot();
    rmSync(join(this.folder, "docker.sock"), { force: true });
    const own = ["--data-root", this.data, "--exec-root", join(this.folder, "exec"), "--pidfile", join(this.folder, "pid")];
    const log = openSync(join(this.folder, "log"), "a");
    // Its own pidfile is that of a killed one.
    const line = `rm -f "$1/pid"; shift; exec dockerd "$@"`;
    const args = ["sh", "-c", line, "dockerd", this.folder, ...own, "-H", this.address];
    this.daemon = spawn("nsenter", [...this.inside(), ...args], { stdio: ["ignore", log, log] });
    closeSync(log);
    await until(`the private engine answers, see ${this.folder}/log`, () =>
      this.docker("version").then(
        () => true,
        () => false,
      ),
    );
  }

  /** The daemon's process is killed with -9; what it started lives on. */
  async kill(): Promise<void> {
    const { daemon } = this;
    if (!daemon) throw new Error("there is no daemon to kill");
    const ended = new Promise((resolve) => daemon.once("close", resolve));
    // Not nsenter's own process: the daemon, by the number that it has inside.
    execFileSync("nsenter", [...this.inside(), "kill", "-9", readFileSync(join(this.folder, "pid"), "utf8").trim()]);
    await ended;
    this.daemon = undefined;
  }

  /** Runs the docker client against it. */
  async docker(...args: readonly string[]): Promise<string> {
    return (await exec("docker", args, { env: { ...process.env, DOCKER_HOST: this.address }, timeout: 120_000 })).stdout;
  }

  /** Copies images of the machine's engine into it, by tag: they keep their IDs. */
  async take(tags: readonly string[]): Promise<void> {
    const archive = join(this.folder, "images.tar");
    await exec("docker", ["save", "-o", archive, ...tags]);
    await this.docker("load", "-i", archive);
    rmSync(archive);
  }

  /** Takes all space that is left; returns what gives it back. */
  fill(): () => void {
    const file = join(`/proc/${this.first()}/root`, this.data, "full");
    const { bavail, bsize } = statfsSync(join(file, ".."));
    execFileSync("fallocate", ["-l", String(bavail * bsize), file]);
    return () => rmSync(file);
  }

  /** Ends it, with all that runs on it: the kernel kills a namespace's processes with the first one, and its mounts go with the last. */
  async remove(): Promise<void> {
    const { machine } = this;
    if (machine && machine.exitCode === null && machine.signalCode === null) {
      const ended = new Promise((resolve) => machine.once("close", resolve));
      machine.kill("SIGKILL");
      await ended;
    }
    await until("the private engine's folder can be removed", () => {
      try {
        rmSync(this.folder, { recursive: true, force: true });
        return true;
      } catch {
        return false;
      }
    });
  }

  private async boot(): Promise<void> {
    mkdirSync(this.data, { recursive: true });
    // The shell waits for whatever ends in there, as an init does: a dead containerd that nobody asks for its end keeps its number.
    const line = `ip link set lo up && mount -t tmpfs -o size=${this.megabytes}m dockstage-test "$1" && touch "$1/../booted" && while :; do sleep 1; done`;
    const apart = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const args = ["--pdeathsig", "KILL", "unshare", ...apart, "sh", "-c", line, "machine", this.data];
    this.machine = spawn("setpriv", args, { stdio: ["ignore", "ignore", "inherit"] });
    await until("the private engine's namespaces are there", () => existsSync(join(this.folder, "booted")));
  }

  /** The first process in the namespaces, by the number that it has outside. */
  private first(): string {
    const { pid } = this.machine ?? {};
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  }

  private inside(): readonly string[] {
    return ["--target", this.first(), "--net", "--mount", "--pid", "--"];
  }
}
