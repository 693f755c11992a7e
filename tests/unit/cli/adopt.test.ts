import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { refuseUnknownData } from "../../../cli/adopt";
import { DISPOSABLE } from "../../../plan/names";
import { plan } from "../../../stages/plan";
import { guestbook } from "../../support/settings";

const folder = mkdtempSync(join(tmpdir(), "dockstage-adopt-"));
const env = { DOCKER_HOST: `unix://${folder}/engine.sock`, DOCKSTAGE_DATA: join(folder, "data") };
const target = { folder: "/here", project: "portal", stack: "dev", env };
let volumes: readonly { readonly Name: string; readonly CreatedAt?: string; readonly Labels: Readonly<Record<string, string>> }[] = [];
let containers: readonly string[] = [];

const engine = createServer((request, response) => {
  const found = request.url?.startsWith("/volumes")
    ? { Volumes: volumes }
    : containers.map((Id) => ({ Id, Names: [`/${Id}`], State: "running", Labels: {} }));
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(found));
});
const ledger = (value: string, from: string): void =>
  writeFileSync(
    join(folder, "data", "leases.json"),
    JSON.stringify({ "portal/dev/edge": { value, kind: "subnet", engine: "E", at: "2026-01-02T03:04:05.000Z", folder: from } }),
  );
const state = (...names: string[]): Parameters<typeof refuseUnknownData>[1] => {
  const leases = names.filter((name) => name.includes("/"));
  return { all: new Set(names), ids: new Map(leases.length > 0 ? [["dockstage:index:Lease", new Set(leases)]] : []) };
};

beforeAll(() => {
  mkdirSync(join(folder, "data"));
  return new Promise<void>((resolve) => void engine.listen(join(folder, "engine.sock"), resolve));
});
beforeEach(() => {
  volumes = [
    { Name: "portal-dev-data-mariadb", CreatedAt: "2026-01-01T00:00:00Z", Labels: { "dockstage.component": "data-mariadb-10.11" } },
    { Name: "portal-dev-files", Labels: { "dockstage.component": "files-uploads" } },
    { Name: "portal-dev-routes", Labels: { "dockstage.component": "routes" } },
    { Name: "portal-dev-app-1234", Labels: { "dockstage.component": "app", "dockstage.helper": "files" } },
  ];
  containers = [];
  ledger("10.213.0.0/27", "/here");
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("before an up", () => {
  test("data that the state does not know is refused, each volume named, with both ways on", async () => {
    await expect(refuseUnknownData(target, state())).rejects.toThrow(
      [
        "portal dev has data on this engine that its state does not know. Nothing was changed.",
        "  the volume portal-dev-data-mariadb, since 2026-01-01T00:00:00Z",
        "  the volume portal-dev-files, since an unknown time",
        "Its state was lost, or lies elsewhere.",
        "To go on here with that data: dockstage up dev --adopt",
        "Where nobody needs the data: docker volume rm portal-dev-data-mariadb portal-dev-files",
      ].join("\n"),
    );
    ledger("10.213.0.0/27", "/there");
    await expect(refuseUnknownData(target, state())).rejects.toThrow("It was brought up from /there, with another state than this one.");
  });

  test("data that it knows is its own, and so is everything that is no data", async () => {
    await refuseUnknownData(target, state("portal-dev-data-mariadb", "portal-dev-files", "10.213.0.0/27"));
    volumes = volumes.slice(2);
    containers = ["left-of-a-cut-off-run"];
    await refuseUnknownData(target, state());
  });

  test("an app without data is refused where another folder has it up", async () => {
    volumes = [];
    containers = ["web"];
    ledger("10.213.0.0/27", "/there");
    await expect(refuseUnknownData(target, state())).rejects.toThrow(
      "portal dev is up already from /there, with another state than this one.",
    );
    containers = [];
    await refuseUnknownData(target, state());
  });

  test("a state that another folder took the environment from is refused, and a folder that was moved is not", async () => {
    const known = state("portal-dev-data-mariadb", "portal-dev-files", "10.213.0.0/27");
    ledger("10.213.0.32/27", "/there");
    await expect(refuseUnknownData(target, known)).rejects.toThrow(
      "portal dev was taken over from /there, with its data. Nothing was changed.",
    );
    ledger("10.213.0.0/27", "/before-the-move");
    await refuseUnknownData(target, known);
  });
});

test("what is taken as it is, is the same in the plan and on the command line", () => {
  const made = plan(guestbook()).components.flatMap(({ records }) =>
    records.flatMap((record) => (record.kind === "volume" ? [record] : [])),
  );
  const taken = made.filter(({ disposable }) => disposable).map(({ name }) => name);
  expect(DISPOSABLE).toEqual(expect.arrayContaining(taken));
  for (const { name } of made.filter(({ disposable }) => !disposable)) expect(name).toMatch(/^(data|files)-/);
});
