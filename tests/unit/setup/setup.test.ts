import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Machine, packageFolder } from "./machine";

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});
afterEach(() => machine.remove());

/** A docker command whose `version` fails with this text. */
const dockerThatSays = (text: string, context = "default unix:///var/run/docker.sock") =>
  `case "$1" in context) echo '${context}' ;; version) echo '${text}' >&2; exit 1 ;; *) exit 1 ;; esac`;

/** The lines about the engine: the one on stdout and its explanation on stderr. */
function engineLines(result: { stdout: string; stderr: string }): string[] {
  return [...result.stdout.split("\n").filter((line) => line.includes("Docker Engine")), ...result.stderr.trimEnd().split("\n")].filter(
    (line) => line !== "",
  );
}

describe("setup --check on the Docker Engine", () => {
  test("names an engine that is missing, and changes nothing", () => {
    machine.command("uname", "echo Linux");
    const result = machine.setup(["--check"]);
    expect(engineLines(result)).toEqual([
      "  miss  Docker Engine: there is no docker command",
      "        Install and start it as https://docs.docker.com/engine/install/ says for your system, and then run setup again.",
    ]);
    expect(result.stdout).toContain("  miss  base images: there is no engine to look into\n");
    expect(result.stdout).toMatch(/\ndockstage: \d missing; `sh scripts\/setup` sets them up\n$/);
    expect(result.code).toBe(1);
    expect(existsSync(join(machine.home, ".cache"))).toBe(false);
    expect(existsSync(join(machine.home, ".local"))).toBe(false);
  });

  test("says what to install on macOS", () => {
    machine.command("uname", "echo Darwin");
    expect(engineLines(machine.setup(["--check"]))).toEqual([
      "  miss  Docker Engine: there is no docker command",
      "        Install Docker Desktop (https://docs.docker.com/desktop/) or Colima, start it, and then run setup again.",
    ]);
  });

  test("a socket without permission", () => {
    machine.command("docker", dockerThatSays("Got permission denied while trying to connect to the Docker daemon socket"));
    machine.command("id", 'case "$1" in -un) echo ada ;; *) echo 1000 ;; esac');
    expect(engineLines(machine.setup(["--check"]))).toEqual([
      "  miss  Docker Engine: it runs, but ada may not use it (permission denied on /var/run/docker.sock)",
      "        Run `sudo usermod -aG docker ada`, log out and in again, and then setup again.",
      "        Whoever is in that group can become root on this machine.",
    ]);
  });

  test("a remote DOCKER_HOST, even where it answers", () => {
    machine.command("docker", "echo 27.0.1");
    expect(engineLines(machine.setup(["--check"], { DOCKER_HOST: "tcp://10.0.0.5:2376" }))).toEqual([
      "  miss  Docker Engine: DOCKER_HOST=tcp://10.0.0.5:2376 is an engine on another machine",
      "        dockstage mounts folders of this machine and listens on its loopback, so it uses the engine of this machine only.",
      "        Run `unset DOCKER_HOST`, and then setup again.",
    ]);
  });

  test("another context: a local socket can be named, a remote one cannot", () => {
    machine.command("docker", dockerThatSays("unused", "colima unix:///home/ada/.colima/docker.sock"));
    expect(engineLines(machine.setup(["--check"]))).toEqual([
      '  miss  Docker Engine: the docker context "colima" is selected (unix:///home/ada/.colima/docker.sock)',
      "        Only the docker command follows a context; dockstage and Pulumi's docker provider would use another engine.",
      "        Run `docker context use default` (and `unset DOCKER_CONTEXT`), or `export DOCKER_HOST=unix:///home/ada/.colima/docker.sock`, and then setup again.",
    ]);
    machine.command("docker", dockerThatSays("unused", "far ssh://far.example"));
    expect(engineLines(machine.setup(["--check"])).at(-1)).toBe(
      "        Run `docker context use default` (and `unset DOCKER_CONTEXT`), and then setup again.",
    );
  });

  test("an engine that does not run", () => {
    machine.command(
      "docker",
      dockerThatSays("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
    );
    expect(engineLines(machine.setup(["--check"]))).toEqual(["  miss  Docker Engine: it is installed, but does not run"]);
  });

  test("an engine that answers with something else", () => {
    machine.command("docker", dockerThatSays("Error response from daemon: client version 1.52 is too new"));
    expect(engineLines(machine.setup(["--check"]))).toEqual([
      "  miss  Docker Engine: it does not answer: Error response from daemon: client version 1.52 is too new",
      "        Run `docker version` to see more; once that answers, run setup again.",
    ]);
  });

  test("an engine that is there, with two of three base images", () => {
    machine.command(
      "docker",
      'case "$1 $2 $3" in "context "*) echo "default unix:///var/run/docker.sock" ;; "version "*) echo 20.10.24 ;; *bullseye*) exit 1 ;; esac',
    );
    const result = machine.setup(["--check"]);
    expect(engineLines(result)).toEqual(["  have  Docker Engine 20.10.24"]);
    expect(result.stdout).toContain("  miss  base images: bullseye\n");
  });
});

describe("setup without --check", () => {
  test("stops at an engine that it may not use, before anything is built", () => {
    machine.command("docker", dockerThatSays("permission denied"));
    machine.command("setfacl", "exit 0");
    const result = machine.setup([], { DOCKSTAGE_OFFLINE: "1" });
    expect(result.code).toBe(1);
    expect(result.stderr).toContain("  fail  Docker Engine: it runs, but ");
    expect(result.stdout).not.toContain("Pulumi CLI");
  });

  test("an old Node.js", () => {
    machine.command("node", "echo v18.19.0");
    const result = machine.setup([]);
    expect(result.stderr).toBe("  fail  Node.js: v18.19.0 is too old\n        Install Node.js 20 or newer, and run setup again.\n");
    expect(result.code).toBe(1);
  });

  test("an unknown argument", () => {
    const result = machine.setup(["--chek"]);
    expect(result.stderr).toBe("setup: unknown argument --chek; only --check and --help are known\n");
    expect(result.code).toBe(2);
  });
});

describe("versions", () => {
  const read = (file: string) => readFileSync(join(packageFolder, file), "utf8");
  const paths = read("scripts/lib/paths.sh");

  test("the CLI is the SDK's version, everywhere it is named", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    expect(paths).toContain(`dockstage_cli_version=${dependencies["@pulumi/pulumi"]} `);
    expect(paths).toContain(`dockstage_docker_version=${dependencies["@pulumi/docker"]} `);
    expect(read("offline/cli/go.mod")).toContain(`github.com/pulumi/pulumi/pkg/v3 v${dependencies["@pulumi/pulumi"]}`);
  });
});

describe("a browser", () => {
  test("is asked for where the tests are to run, and nowhere else", () => {
    machine.command("my-browser", "exit 0");
    const line = "  have  Chromium for the tests: my-browser\n";
    expect(machine.setup(["--check"], { DOCKSTAGE_TESTS: "1", CHROMIUM: "my-browser" }).stdout).toContain(line);
    expect(machine.setup(["--check"], { CHROMIUM: "my-browser" }).stdout).not.toContain("Chromium");
  });
});
