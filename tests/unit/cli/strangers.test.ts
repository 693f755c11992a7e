import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { removeStrangers } from "../../../cli/engine";

const folder = mkdtempSync(join(tmpdir(), "dockstage-engine-"));
const env = { DOCKER_HOST: `unix://${folder}/engine.sock` };
const asked: string[] = [];
const container = (Id: string, labels: Record<string, string>): unknown => ({ Id, Names: [`/${Id}`], State: "running", Labels: labels });

const engine = createServer((request, response) => {
  asked.push(`${request.method ?? ""} ${decodeURIComponent(request.url ?? "")}`);
  if (request.method === "DELETE") return void response.writeHead(request.url?.includes("/gone?") ? 404 : 204).end();
  const all = [
    container("web", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("waits", { "dockstage.component": "web", "dockstage.generation": "old" }),
    container("left", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("gone", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("forwarder", { "dockstage.component": "web-self" }),
    container("migration", { "dockstage.component": "migrate" }),
  ];
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(all));
});
beforeAll(() => new Promise<void>((resolve) => void engine.listen(join(folder, "engine.sock"), resolve)));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test("containers of services that the state does not know go; what waits to be deleted and jobs stay", async () => {
  const removed = await removeStrangers("portal", "dev", { all: new Set(["web", "waits"]) }, env);
  expect(removed).toEqual(["left", "gone", "forwarder"]);
  expect(asked).toEqual([
    'GET /containers/json?all=1&filters={"label":["dockstage.project=portal","dockstage.stack=dev"]}',
    "DELETE /containers/left?force=1&v=1",
    "DELETE /containers/gone?force=1&v=1",
    "DELETE /containers/forwarder?force=1&v=1",
  ]);
});
