import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import type { EngineContainer } from "../../../cli/objects";
import { conditionOf, overviewOf } from "../../../cli/overview";
import { ago, columns } from "../../../cli/table";

const data = mkdtempSync(join(tmpdir(), "dockstage-ls-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));
const env = { DOCKSTAGE_DATA: data };

const container = (component: string, more: Partial<EngineContainer> = {}): EngineContainer => ({
  kind: "container",
  id: component,
  name: component,
  labels: {},
  project: "portal",
  stack: "dev",
  component,
  state: "running",
  health: "healthy",
  status: "Up",
  created: 1_700_000_000,
  ...more,
});

test("an environment is up where all is well, partly up where not all is, down where nothing runs", () => {
  expect(conditionOf([container("web"), container("worker", { health: "none" })])).toBe("up");
  expect(conditionOf([container("web"), container("worker", { health: "unhealthy" })])).toBe("partly up");
  expect(conditionOf([container("web"), container("worker", { health: "starting" })])).toBe("up");
  expect(conditionOf([container("web"), container("worker", { state: "exited", health: "none" })])).toBe("partly up");
  expect(conditionOf([container("web", { state: "exited" })])).toBe("down");
  expect(conditionOf([])).toBe("down");
});

test("the list has every environment of engine and states, its URLs, its folder and whose it is", () => {
  const subnet = { kind: "subnet", engine: "e", at: "2026-01-01T00:00:00.000Z" };
  mkdirSync(join(data, "there"));
  const ledger = {
    "dockstage-host/local/http": { ...subnet, kind: "port", value: "8081" },
    "portal/dev/edge": { ...subnet, value: "10.213.0.0/27", folder: join(data, "there") },
    "shop/dev/edge": { ...subnet, value: "10.213.0.32/27", folder: join(data, "gone") },
  };
  writeFileSync(join(data, "leases.json"), JSON.stringify(ledger));
  const variant = { "dockstage.variant": "php8-2" };
  const objects = {
    containers: [
      container("web"),
      container("worker", { created: 1_600_000_000, health: "unhealthy" }),
      container("web-self"),
      container("seed", { labels: { "dockstage.job": "seed" } }),
      container("web-php8-2", { project: "shop", labels: variant }),
    ],
    networks: [],
    volumes: [
      { kind: "volume" as const, id: "v", name: "v", labels: {}, project: "blog", stack: "dev", component: "data-mariadb-10.11" },
      { kind: "volume" as const, id: "r", name: "r", labels: {}, project: "blog", stack: "dev", component: "routes" },
    ],
  };
  const none = { containers: 0, healthy: 0, urls: [], since: null, folder: null, volumes: 0, condition: "down" };
  expect(overviewOf(objects, [{ project: "blog", stack: "dev" }], env)).toEqual([
    { ...none, project: "blog", stack: "dev", state: "here", volumes: 1 },
    {
      ...none,
      project: "portal",
      stack: "dev",
      condition: "partly up",
      containers: 2,
      healthy: 1,
      urls: ["http://portal.dev.localhost:8081"],
      since: "2020-09-13T12:26:40.000Z",
      folder: join(data, "there"),
      state: "elsewhere",
    },
    {
      ...none,
      project: "shop",
      stack: "dev",
      condition: "up",
      containers: 1,
      healthy: 1,
      urls: ["http://php8-2.shop.dev.localhost:8081"],
      since: "2023-11-14T22:13:20.000Z",
      folder: join(data, "gone"),
      state: "unknown",
    },
  ]);
});

test("times are told to one unit, and columns are as wide as they must be", () => {
  const now = Date.parse("2026-01-10T00:00:00Z");
  const told = ["2026-01-09T23:59:50Z", "2026-01-09T23:58:01Z", "2026-01-09T22:00:00Z", "2026-01-07T00:00:00Z"].map((time) =>
    ago(time, now),
  );
  expect(told).toEqual(["10 s", "1 min", "2 h", "3 d"]);
  expect(
    columns([
      ["a", "long"],
      ["longer", "b"],
      ["c", ""],
    ]),
  ).toEqual(["a       long", "longer  b", "c"]);
});
