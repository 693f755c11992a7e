import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The folder of this package. */
export const packageFolder = resolve(__dirname, "../../..");

const TOOLS =
  "sh bash dash env cat chmod cut date dirname find grep head id ln mkdir mktemp mv readlink rm sed sleep tail timeout tr uname".split(" ");

/** A made-up machine: a home folder and a PATH that holds the usual tools and what a test puts there, and nothing else. */
export class Machine {
  readonly root = mkdtempSync(join(tmpdir(), "dockstage-setup-"));
  readonly home = join(this.root, "home");
  private readonly bin = join(this.root, "bin");

  constructor() {
    mkdirSync(this.home);
    mkdirSync(this.bin);
    for (const tool of TOOLS) {
      const found = ["/usr/bin", "/bin"].map((folder) => join(folder, tool)).find((file) => existsSync(file));
      if (found) symlinkSync(found, join(this.bin, tool));
    }
    symlinkSync(process.execPath, join(this.bin, "node"));
    this.command("npm", "exit 1");
  }

  /** Puts a shell script on the PATH. */
  command(name: string, script: string): void {
    const file = join(this.bin, name);
    if (existsSync(file) || isLink(file)) rmSync(file);
    this.file(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  file(path: string, content: string): void {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, content);
  }

  /** An executable at an absolute path below the machine's home. */
  program(path: string, script: string): string {
    const file = join(this.home, path);
    this.file(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return file;
  }

  private environment(more: Record<string, string>): Record<string, string> {
    return { HOME: this.home, PATH: this.bin, LC_ALL: "C", ...more };
  }

  /** `scripts/setup` with arguments; stdout and stderr as one text, in the order of their lines within each. */
  setup(args: readonly string[], env: Record<string, string> = {}): { code: number | null; stdout: string; stderr: string } {
    const { status, stdout, stderr } = spawnSync("sh", [join(packageFolder, "scripts/setup"), ...args], {
      env: this.environment(env),
      encoding: "utf8",
      timeout: 60_000,
    });
    return { code: status, stdout, stderr };
  }

  /** What `env` shows after `scripts/env` was sourced by `shell` in `folder`; only what the sourcing changed. */
  sourced(shell: string, folder: string, file: string, env: Record<string, string> = {}): Record<string, string> {
    const before = this.environment(env);
    const output = execFileSync(
      shell,
      ["-c", `set -eu; cd "$1"; . "$2"; exec "$3" -e 'console.log(JSON.stringify(process.env))'`, "sh", folder, file, process.execPath],
      {
        env: before,
        stdio: ["ignore", "pipe", "pipe"],
        encoding: "utf8",
      },
    );
    const after = JSON.parse(output) as Record<string, string>;
    const own = new Set(["PWD", "OLDPWD", "SHLVL", "_"]);
    return Object.fromEntries(Object.entries(after).filter(([key, value]) => before[key] !== value && !own.has(key)));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function isLink(file: string): boolean {
  try {
    readlinkSync(file);
    return true;
  } catch {
    return false;
  }
}
