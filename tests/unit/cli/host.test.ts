import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { hostNeeds, hostTarget, markHost } from "../../../cli/host";
import { PACKAGE } from "../../../cli/machine";

/** Whose dockstage brings the host program up, which all apps of a person share. */

const data = realpathSync(mkdtempSync(join(tmpdir(), "dockstage-host-")));
const file = join(data, "host.json");
const env = { DOCKSTAGE_DATA: data, DOCKER_HOST: `unix://${data}/engine.sock` };
let running = true;
const engine = createServer((_, response) => {
  const demux = { Id: "1", Names: ["/demux"], State: "running", Labels: { "dockstage.component": "demux" } };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(running ? [demux] : []));
});
let mark: Readonly<Record<string, string>> = {};
const marked = (): unknown => JSON.parse(readFileSync(file, "utf8"));

beforeAll(async () => {
  await new Promise<void>((resolve) => engine.listen(join(data, "engine.sock"), resolve));
  markHost(env);
  mark = marked() as typeof mark;
});
beforeEach(() => {
  running = true;
});
afterAll(() => {
  engine.close();
  rmSync(data, { recursive: true, force: true });
});

const OLDER = "is of an older dockstage";
/** Another checkout, which is there. */
const other = data;
const changed = { tree: "other", digest: "other" };

test.each<[string, object, string | undefined]>([
  ["made here, nothing changed", {}, undefined],
  ["made here, a file changed that is no part of it", { tree: "other" }, undefined],
  ["made here, its own files changed", changed, OLDER],
  ["made by an older version", { version: "0.0.9" }, OLDER],
  ["made by an older version elsewhere", { version: "0.0.9", folder: other }, OLDER],
  ["made by a newer version", { version: "999.0.0", ...changed }, undefined],
  ["made by the same version elsewhere, which differs", { ...changed, folder: other }, undefined],
  ["made by the same version in a folder that is gone, and it differs", { ...changed, folder: "/gone" }, OLDER],
  ["made by the same version in a folder that is gone, and it is the same", { tree: "other", folder: "/gone" }, undefined],
  ["written down in another form", { folder: undefined }, OLDER],
])("a host program that was %s", async (_, differs, needs) => {
  writeFileSync(join(other, "package.json"), "{}");
  writeFileSync(file, JSON.stringify({ ...mark, ...differs }));
  expect(await hostNeeds(env)).toBe(needs);
});

test("what was found to be the same is in the hands of this folder from then on", async () => {
  writeFileSync(file, JSON.stringify({ ...mark, tree: "other", folder: "/gone" }));
  await hostNeeds(env);
  expect(marked()).toEqual(mark);
  expect(mark["folder"]).toBe(PACKAGE);
});

test("one that does not run, and one that nobody wrote down", async () => {
  running = false;
  expect(await hostNeeds(env)).toBe("is not up");
  running = true;
  rmSync(file);
  expect(await hostNeeds(env)).toBe(OLDER);
});

test("its state is the person's own, whatever backend the app has", () => {
  expect(hostTarget({ ...env, PULUMI_BACKEND_URL: "s3://team" }).env["PULUMI_BACKEND_URL"]).toBe(`file://${data}/state`);
});
