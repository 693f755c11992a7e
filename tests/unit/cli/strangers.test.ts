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
  const answer = (body: unknown): void => void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  if (request.url?.startsWith("/networks") === true)
    return answer([
      { Id: "n1", Name: "edge" },
      { Id: "n2", Name: "edge-left" },
    ]);
  if (request.url?.startsWith("/volumes") === true) {
    const files = { "dockstage.helper": "files" };
    return answer({
      Volumes: [
        { Name: "data", Labels: null },
        { Name: "kept-data", Labels: {} },
        { Name: "files-1", Labels: files },
        { Name: "files-2", Labels: files },
      ],
    });
  }
  const all = [
    container("web", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("waits", { "dockstage.component": "web", "dockstage.generation": "old" }),
    container("left", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("gone", { "dockstage.component": "web", "dockstage.generation": "new" }),
    container("forwarder", { "dockstage.component": "web-self" }),
    container("filler", { "dockstage.component": "data", "dockstage.helper": "fill" }),
    container("migration", { "dockstage.component": "migrate" }),
  ];
  answer(all);
});
beforeAll(() => new Promise<void>((resolve) => void engine.listen(join(folder, "engine.sock"), resolve)));
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true, force: true });
});

test("what the state does not know goes; what waits to be deleted, jobs and data stay", async () => {
  const removed = await removeStrangers("portal", "dev", { all: new Set(["web", "waits", "n1", "files-1"]) }, env);
  expect(removed).toEqual([
    "the container left",
    "the container gone",
    "the container forwarder",
    "the container filler",
    "the network edge-left",
    "the volume files-2",
  ]);
  const ofPortal = 'all=1&filters={"label":["dockstage.project=portal","dockstage.stack=dev"]}';
  expect(asked).toEqual([
    `GET /containers/json?${ofPortal}`,
    "DELETE /containers/left?force=1&v=1",
    "DELETE /containers/gone?force=1&v=1",
    "DELETE /containers/forwarder?force=1&v=1",
    "DELETE /containers/filler?force=1&v=1",
    `GET /networks?${ofPortal}`,
    "DELETE /networks/n2",
    `GET /volumes?${ofPortal}`,
    "DELETE /volumes/files-2",
  ]);
});
