import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { PACKAGE, ready, sourceLine } from "../../../cli/machine";

const home = realpathSync(mkdtempSync(join(tmpdir(), "dockstage-machine-")));
const cache = join(home, ".cache", "dockstage");
afterAll(() => rmSync(home, { recursive: true, force: true }));

const { dependencies } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8")) as { dependencies: Record<string, string> };
const cli = join(cache, `pulumi-${dependencies["@pulumi/pulumi"]}`, "bin");
const plugin = `plugins/resource-docker-v${dependencies["@pulumi/docker"]}/pulumi-resource-docker`;

const program = (file: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "#!/bin/sh\nexit 9\n");
  chmodSync(file, 0o755);
};

describe("the variables that pulumi runs with", () => {
  beforeAll(() => {
    // A machine that has been set up.
    program(join(cli, "pulumi"));
    program(join(cache, "pulumi-home-offline", plugin));
    program(join(home, "bin", "docker"));
    for (const tool of ["sh", "grep", "readlink"]) symlinkSync(join("/bin", tool), join(home, "bin", tool));
  });
  const bare = { HOME: home, PATH: join(home, "bin"), PWD: "/somewhere", EMPTY: "" };

  test("are those of scripts/env where no shell has sourced it", () => {
    expect(ready(bare)).toMatchObject({
      ...bare,
      PATH: `${cli}:${bare.PATH}`,
      DOCKSTAGE_HOME: PACKAGE,
      DOCKSTAGE_PLUGIN: "offline",
      PULUMI_HOME: join(cache, "pulumi-home-offline"),
      PULUMI_BACKEND_URL: `file://${home}/.local/share/dockstage/state?metadata=skip`,
    });
  });

  test("stay as they are where one has", () => {
    const sourced = { ...bare, PATH: `${cli}:${bare.PATH}`, DOCKSTAGE_PLUGIN: "official" };
    expect(ready(sourced)).toBe(sourced);
  });
});

test("the line that a person types starts from their folder", () => {
  const app = join(home, "app");
  mkdirSync(join(app, "node_modules"), { recursive: true });
  expect(sourceLine(PACKAGE)).toBe(". scripts/env");
  expect(sourceLine(join(PACKAGE, "examples", "guestbook"))).toBe(". ../../scripts/env");
  symlinkSync(PACKAGE, join(app, "node_modules", "dockstage"));
  expect(sourceLine(app)).toBe(". node_modules/dockstage/scripts/env");
});
