import { describe, expect, test } from "@jest/globals";
import { homedir } from "node:os";
import { join } from "node:path";
import { dataFolderOf, hostPortOf } from "../../../config/machine";
import { inFolder, read, type Files } from "./folder";

test("the data folder", () => {
  expect(dataFolderOf({ DOCKSTAGE_DATA: "/srv/d", XDG_DATA_HOME: "/x" })).toBe("/srv/d");
  expect(dataFolderOf({ DOCKSTAGE_DATA: "", XDG_DATA_HOME: "/x" })).toBe("/x/dockstage");
  expect(dataFolderOf({ XDG_DATA_HOME: "" })).toBe(join(homedir(), ".local/share/dockstage"));
});

describe("the host's port", () => {
  test.each([
    ['{ "dockstage-host/local/http": { "value": "8083", "since": "x" } }', 8083],
    ['{ "shop/dev/http": { "value": "8083" } }', 8080],
    ['{ "dockstage-host/local/http": { "value": "many" } }', 8080],
    ['{ "dockstage-host/local/http": { "value": "70000" } }', 8080],
    ['{ "dockstage-host/local/http": ', 8080],
    ["null", 8080],
  ])("%s", (ledger, port) => {
    inFolder({ "leases.json": ledger }, (folder) => expect(hostPortOf(folder)).toBe(port));
    expect(read({ "data/leases.json": ledger }).settings.machine.hostPort).toBe(port);
  });

  test("no ledger", () => inFolder({}, (folder) => expect(hostPortOf(folder)).toBe(8080)));
});

describe("the hash of the migrations", () => {
  const APP = (patterns: string): string =>
    `name: portal\nimage: portal:1\nweb: { port: 80 }\ndatabase: { engines: [mariadb], migrate: m, migrations: ${patterns} }\n`;
  const hash = (files: Files, patterns = "m/**"): string => read({ "dockstage.yaml": APP(patterns), ...files }).settings.machine.migrations;

  test("changes with content, names and number of files, and with nothing else", () => {
    const base = hash({ "m/1.sql": "a", "m/b/2.sql": "b" });
    expect(base).toMatch(/^[0-9a-f]{64}$/);
    expect(hash({ "m/b/2.sql": "b", "m/1.sql": "a", "other.sql": "x" })).toBe(base);
    expect(hash({ "m/1.sql": "a", "m/b/2.sql": "b" }, '["m/b/*", "m/**"]')).toBe(base);
    const others: readonly Files[] = [
      { "m/1.sql": "b", "m/b/2.sql": "b" },
      { "m/1.sql": "a", "m/b/3.sql": "b" },
      { "m/1.sql": "a" },
      { "m/1.sql": "ab", "m/b/2.sql": "" },
      { "m/1.sql": "a", "m/b/2.sql": "b", "m/.c": "" },
    ];
    for (const files of others) expect(hash(files)).not.toBe(base);
  });

  test("is empty where the description names none", () => expect(read({}).settings.machine.migrations).toBe(""));
});
