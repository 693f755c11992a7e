import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "@jest/globals";
import { statesIn } from "../../../cli/deployment";
import type { Lease } from "../../../cli/leases";
import type { EngineContainer, EngineObject, Objects } from "../../../cli/objects";
import { prunable } from "../../../cli/prunable";

const folder = mkdtempSync(join(tmpdir(), "dockstage-prune-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const env = { PULUMI_BACKEND_URL: `file://${folder}`, DOCKSTAGE_DATA: join(folder, "data") };
const pulumi = join(folder, ".pulumi");

function state(project: string, stack: string, ids: readonly string[]): void {
  mkdirSync(join(pulumi, "stacks", project), { recursive: true });
  const resources = ids.map((id) => ({ urn: id, type: "docker:index/container:Container", id }));
  writeFileSync(join(pulumi, "stacks", project, `${stack}.json`), JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }));
}
beforeEach(() => rmSync(pulumi, { recursive: true, force: true }));

const base = (id: string, component: string, labels: Record<string, string> = {}) => ({
  id,
  name: id,
  project: "portal",
  stack: "dev",
  component,
  labels,
});
const container = (id: string, state = "running"): EngineContainer => ({
  ...base(id, "web"),
  kind: "container",
  state,
  health: "none",
  status: "",
  created: 0,
});
const volume = (id: string, component: string, labels: Record<string, string> = {}): EngineObject => ({
  ...base(id, component, labels),
  kind: "volume",
});
const objects = (containers: readonly EngineContainer[], volumes: readonly EngineObject[] = []): Objects => ({
  containers,
  networks: [{ ...base(`${containers[0]?.id ?? ""}-net`, "edge"), kind: "network" }],
  volumes,
});
const ask = (on: Objects, leases: readonly Lease[] = [], named: readonly string[] = []) => {
  const { remove, data, unknown, busy } = prunable(on, { states: statesIn(env), leases, named });
  return { remove: remove.map(({ id }) => id), data: data.map(({ id }) => id), unknown: unknown.map(({ running }) => running), busy };
};
const nothing = { remove: [], data: [], unknown: [], busy: [] };
const lease: Lease = { project: "portal", stack: "dev", kind: "subnet", value: "10.213.0.0/27", folder };

describe("what prune removes", () => {
  const volumes = [
    volume("files", "web", { "dockstage.helper": "files" }),
    volume("routes", "routes"),
    volume("data", "data-mariadb-10.11"),
  ];

  test("what the state of an environment does not know, data aside", () => {
    state("portal", "dev", ["one"]);
    expect(ask(objects([container("one"), container("two")], volumes))).toEqual({
      ...nothing,
      remove: ["two", "one-net", "files", "routes"],
      data: ["data"],
    });
  });

  test("nothing of an environment whose state knows all of it", () => {
    state("portal", "dev", ["one", "one-net"]);
    expect(ask(objects([container("one")]))).toEqual(nothing);
  });

  test("nothing where a run holds the lock", () => {
    state("portal", "dev", ["one"]);
    const locks = join(pulumi, "locks", "organization", "portal", "dev");
    mkdirSync(locks, { recursive: true });
    writeFileSync(join(locks, "a.json"), "{}");
    expect(ask(objects([container("one"), container("two")]))).toEqual({ ...nothing, busy: ["portal/dev"] });
  });

  test("nothing of an environment that has its folder and a state elsewhere", () => {
    expect(ask(objects([container("one", "exited")]), [lease])).toEqual(nothing);
    // A state of the same name that knows none of its objects is another one's.
    state("portal", "dev", ["other"]);
    expect(ask(objects([container("one")]), [lease])).toEqual(nothing);
  });

  test("what no state knows and whose folder is gone; what runs only where it is named", () => {
    const gone = [{ ...lease, folder: join(folder, "gone") }];
    expect(ask(objects([container("one", "exited")]), gone)).toEqual({ ...nothing, remove: ["one", "one-net"] });
    expect(ask(objects([container("one")]), gone)).toEqual({ ...nothing, unknown: [true] });
    expect(ask(objects([container("one")]), gone, ["portal/dev"])).toEqual({ ...nothing, remove: ["one", "one-net"] });
    expect(ask(objects([container("one", "exited")]), gone, ["portal/other"])).toEqual(nothing);
  });
});
