import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { Machine, packageFolder } from "./machine";

// Which CLI and which docker plugin set-up takes, on a machine whose engine and base images are there.
let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.command("docker", 'case "$1" in context) echo "default unix:///var/run/docker.sock" ;; version) echo 20.10.24 ;; esac');
  machine.command("setfacl", "exit 0");
});
afterEach(() => machine.remove());

/** Whether the vendor's download site answers; all else is the real Node.js. */
function downloadSite(answers: boolean): void {
  machine.command("node", `case "$*" in *https://get.pulumi.com/*) exit ${answers ? 0 : 1} ;; esac\nexec ${process.execPath} "$@"`);
}

/** A CLI whose `plugin install` puts a plugin into PULUMI_HOME. */
const cli = (version: string, installs: boolean) =>
  installs
    ? `case "$1" in version) echo ${version} ;; plugin) d=$PULUMI_HOME/plugins/resource-docker-v5.2.0; mkdir -p "$d"; echo official >"$d/pulumi-resource-docker"; chmod +x "$d/pulumi-resource-docker" ;; esac`
    : `case "$1" in version) echo ${version} ;; *) echo 'error: no route to the site' >&2; exit 255 ;; esac`;

function builtCli(installs: boolean): void {
  machine.program(".cache/dockstage/pulumi-3.245.0/bin/pulumi", cli("v3.245.0", installs));
}

const OFFLINE_LINE = "  have  docker plugin 5.2.0, offline (dockstage's own, in offline/docker)\n";

test("offline: the offline kit, through the checkout in use, and a passphrase that only its owner reads", () => {
  builtCli(false);
  machine.program(".cache/dockstage/pulumi-3.245.0/bin/pulumi-language-nodejs", "echo of another checkout");
  const result = machine.setup([], { DOCKSTAGE_OFFLINE: "1" });
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
  expect(result.stdout).toContain("  have  Pulumi CLI 3.245.0, built here, with the offline language host\n");
  expect(result.stdout).toContain(OFFLINE_LINE);

  const cache = join(machine.home, ".cache/dockstage");
  const wrapper = (path: string) =>
    `#!/bin/sh\n# Written by dockstage's setup; DOCKSTAGE_HOME comes from scripts/env.\nexec node "\${DOCKSTAGE_HOME:?run . scripts/env first}/${path}" "$@"\n`;
  expect(readFileSync(join(cache, "pulumi-3.245.0/bin/pulumi-language-nodejs"), "utf8")).toBe(
    wrapper("offline/language/pulumi-language-nodejs"),
  );
  expect(readFileSync(join(cache, "pulumi-home-offline/plugins/resource-docker-v5.2.0/pulumi-resource-docker"), "utf8")).toBe(
    wrapper("offline/docker/pulumi-resource-docker"),
  );
  for (const path of ["offline/language/pulumi-language-nodejs", "offline/docker/pulumi-resource-docker"])
    statSync(join(packageFolder, path));

  const data = join(machine.home, ".local/share/dockstage");
  expect(readFileSync(join(data, "private-passphrase"), "utf8")).toMatch(/^[0-9a-f]{48}\n$/);
  expect([data, join(data, "state"), join(data, "private-passphrase")].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual([
    "700",
    "700",
    "600",
  ]);
  expect(machine.setup(["--check"], { DOCKSTAGE_OFFLINE: "1" }).code).toBe(0);
});

test("back online, the official plugin replaces the offline one and set-up says so; the tests keep the offline one", () => {
  builtCli(true);
  downloadSite(false);
  expect(machine.setup([]).stdout).toContain(
    `  note  get.pulumi.com cannot be reached, so the offline docker plugin is used\n${OFFLINE_LINE}`,
  );
  downloadSite(true);
  expect(machine.setup([]).stdout).toContain(
    "  do    the official docker plugin 5.2.0: talks to the engine for Pulumi\n" +
      "  note  the official docker plugin replaces the offline one from now on; the stacks' state stays as it is\n" +
      "  have  docker plugin 5.2.0, official\n",
  );
  expect(machine.setup([]).stdout).not.toContain("replaces");
  expect(machine.setup([], { DOCKSTAGE_OFFLINE: "1" }).stdout).toContain(OFFLINE_LINE);
});

test("a download that fails is one line, and the offline plugin takes its place", () => {
  builtCli(false);
  downloadSite(true);
  const result = machine.setup([]);
  const log = join(machine.home, ".local/state/dockstage/official-plugin.log");
  expect(result.stdout).toContain(
    `  note  the official docker plugin could not be downloaded, so the offline one is used (${log})\n${OFFLINE_LINE}`,
  );
  expect(result.stderr).toBe("");
  expect(result.code).toBe(0);
});

test("without a CLI, the official one comes through npm's launcher", () => {
  downloadSite(true);
  machine.command(
    "npm",
    `echo "$PULUMI_VERSION $*" >"$HOME/npm-arguments"
bin=$PULUMI_HOME/versions/$PULUMI_VERSION/bin
mkdir -p "$bin"
cat >"$bin/pulumi" <<'END'
#!/bin/sh
${cli("v3.245.0", true)}
END
cp "$bin/pulumi" "$bin/pulumi-language-nodejs" 2>/dev/null || cat "$bin/pulumi" >"$bin/pulumi-language-nodejs"
chmod +x "$bin"/*`,
  );
  const result = machine.setup([]);
  expect(result.stderr).toBe("");
  expect(result.stdout).toContain("  do    the official Pulumi CLI 3.245.0 through npm's package pulumi: runs the program\n");
  expect(result.stdout).toContain("  have  docker plugin 5.2.0, official\n");
  expect(readFileSync(join(machine.home, "npm-arguments"), "utf8")).toBe(
    "3.245.0 exec --yes --ignore-scripts --package=pulumi@3.265.0 -- pulumi version\n",
  );
  const env = machine.sourced("sh", packageFolder, "./scripts/env");
  expect(env.PATH?.split(":")[0]).toBe(join(machine.home, ".cache/dockstage/official/versions/3.245.0/bin"));
});

test("without a CLI, a download site or Go, it says what to install", () => {
  downloadSite(false);
  const result = machine.setup([]);
  expect(result.stderr).toBe(
    "  fail  Pulumi CLI: there is no Go to build it with, and its download site is not used or not reachable\n" +
      "        Install the Pulumi CLI 3.245.0 (https://www.pulumi.com/docs/install/) or Go 1.21 or newer, and run setup again.\n",
  );
  expect(result.code).toBe(1);
});
