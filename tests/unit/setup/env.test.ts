import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Machine, packageFolder } from "./machine";

const BUILT = ".cache/dockstage/pulumi-3.245.0/bin";
const OFFICIAL_PLUGIN = ".cache/dockstage/pulumi-home/plugins/resource-docker-v5.2.0/pulumi-resource-docker";
const OFFLINE_PLUGIN = ".cache/dockstage/pulumi-home-offline/plugins/resource-docker-v5.2.0/pulumi-resource-docker";
const envFile = join(packageFolder, "scripts/env");

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
  machine.program(`${BUILT}/pulumi`, "echo v3.245.0");
  machine.program(`${BUILT}/pulumi-language-nodejs`, "exit 1");
  machine.program(OFFLINE_PLUGIN, "exit 1");
});
afterEach(() => machine.remove());

const inHome = (path: string) => join(machine.home, path);
const here = (env: Record<string, string> = {}, shell = "sh") => machine.sourced(shell, packageFolder, "./scripts/env", env);

describe.each(["dash", "bash"])("scripts/env sourced by %s", (shell) => {
  test("sets exactly this", () => {
    const bin = join(machine.root, "bin");
    expect(here({}, shell)).toEqual({
      DOCKSTAGE_HOME: packageFolder,
      DOCKSTAGE_DATA: inHome(".local/share/dockstage"),
      DOCKSTAGE_PLUGIN: "offline",
      PATH: `${inHome(BUILT)}:${bin}`,
      PULUMI_BACKEND_URL: `file://${inHome(".local/share/dockstage/state")}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(packageFolder, "scripts/example-passphrase"),
      PULUMI_CREDENTIALS_PATH: inHome(".pulumi"),
      PULUMI_HOME: inHome(".cache/dockstage/pulumi-home-offline"),
      PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      PULUMI_PARALLEL: "64",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    });
  });

  test("a second time, it changes nothing", () => {
    const first = here({}, shell);
    expect(here(first, shell)).toEqual({});
  });

  test("finds the package from an app's folder", () => {
    const app = inHome("app");
    mkdirSync(join(app, "node_modules"), { recursive: true });
    symlinkSync(packageFolder, join(app, "node_modules/dockstage"));
    expect(machine.sourced(shell, app, "node_modules/dockstage/scripts/env").DOCKSTAGE_HOME).toBe(packageFolder);
  });

  test("an app gets the private passphrase, also in a shell that has the example's or that of an older release; the person's own stays", () => {
    const app = inHome("app");
    mkdirSync(join(app, "node_modules"), { recursive: true });
    symlinkSync(packageFolder, join(app, "node_modules/dockstage"));
    const own = inHome(".local/share/dockstage/private-passphrase");
    const after = (env: Record<string, string> = {}) => machine.sourced(shell, app, "node_modules/dockstage/scripts/env", env);
    expect(after().PULUMI_CONFIG_PASSPHRASE_FILE).toBe(own);
    for (const before of [join(packageFolder, "scripts/example-passphrase"), inHome(".local/share/dockstage/passphrase")])
      expect(after({ PULUMI_CONFIG_PASSPHRASE_FILE: before }).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(own);
    expect(here({ PULUMI_CONFIG_PASSPHRASE_FILE: own }, shell).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(
      join(packageFolder, "scripts/example-passphrase"),
    );
    expect(after({ PULUMI_CONFIG_PASSPHRASE_FILE: "/run/ci/passphrase" })).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
    expect(after({ PULUMI_CONFIG_PASSPHRASE: "of-ci" })).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
  });
});

test("from anywhere: bash finds the file, other shells need DOCKSTAGE_HOME", () => {
  expect(machine.sourced("bash", "/", envFile).DOCKSTAGE_HOME).toBe(packageFolder);
  expect(machine.sourced("dash", "/", envFile, { DOCKSTAGE_HOME: packageFolder }).PULUMI_SKIP_UPDATE_CHECK).toBe("true");
  expect(() => machine.sourced("dash", "/", envFile)).toThrow(
    "dockstage: its folder was not found. Go to it (or to the app's folder) first, or set DOCKSTAGE_HOME to it.",
  );
});

test("a login stays, and so does a passphrase", () => {
  machine.file(inHome(".pulumi/credentials.json"), JSON.stringify({ current: "https://api.pulumi.com", accounts: {} }, null, 4));
  const env = here({ PULUMI_CONFIG_PASSPHRASE: "" });
  expect(env).not.toHaveProperty("PULUMI_BACKEND_URL");
  expect(env).not.toHaveProperty("PULUMI_CONFIG_PASSPHRASE_FILE");
});

test("the login of a PULUMI_HOME of one's own stays too", () => {
  machine.file(inHome("mine/credentials.json"), '{"current": "s3://team"}');
  const env = here({ PULUMI_HOME: inHome("mine") });
  expect(env.PULUMI_CREDENTIALS_PATH).toBe(inHome("mine"));
  expect(env).not.toHaveProperty("PULUMI_BACKEND_URL");
});

test("a credentials file after a logout is no login", () => {
  machine.file(inHome(".pulumi/credentials.json"), '{"current": "", "accounts": {}}');
  expect(here().PULUMI_BACKEND_URL).toBe(`file://${inHome(".local/share/dockstage/state")}?metadata=skip`);
});

test("the official plugin is taken where it is there, but not with DOCKSTAGE_OFFLINE=1", () => {
  machine.program(OFFICIAL_PLUGIN, "exit 1");
  expect(here()).toMatchObject({ DOCKSTAGE_PLUGIN: "official", PULUMI_HOME: inHome(".cache/dockstage/pulumi-home") });
  expect(here({ DOCKSTAGE_OFFLINE: "1" })).toMatchObject({
    DOCKSTAGE_PLUGIN: "offline",
    PULUMI_HOME: inHome(".cache/dockstage/pulumi-home-offline"),
  });
});

describe("a Pulumi CLI on the PATH", () => {
  const path = (version: string, host: boolean) => {
    machine.program("tools/pulumi", `echo ${version}`);
    if (host) machine.program("tools/pulumi-language-nodejs", "exit 1");
    return `${inHome("tools")}:${join(machine.root, "bin")}`;
  };
  test.each([
    { version: "v3.245.0", host: true, taken: true },
    { version: "v3.300.1", host: true, taken: true },
    { version: "v3.244.9", host: true, taken: false },
    { version: "v4.0.0", host: true, taken: false },
    { version: "v3.245.0", host: false, taken: false },
    { version: "nonsense", host: true, taken: false },
  ])("$version, language host $host: taken $taken", ({ version, host, taken }) => {
    const before = path(version, host);
    const after = here({ PATH: before }).PATH ?? before;
    expect(after).toBe(taken ? before : `${inHome(BUILT)}:${before}`);
  });
});

test("folders can be moved by the XDG variables", () => {
  const env = here({ XDG_CACHE_HOME: inHome("c"), XDG_DATA_HOME: inHome("d") });
  expect(env.PULUMI_HOME).toBe(inHome("c/dockstage/pulumi-home-offline"));
  expect(env.DOCKSTAGE_DATA).toBe(inHome("d/dockstage"));
});
