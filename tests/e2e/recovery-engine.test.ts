import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { disorderIn, dockstageUp, finishedIn, remainsIn } from "../support/cutoff";
import { PrivateEngine } from "../support/engine";
import { ensureHost, Sandbox, type Finished } from "../support/sandbox";

jest.setTimeout(300_000);

/** What befalls the engine itself, on one of the test's own: its daemon is killed during an `up`, and its disk is full. */

const sandbox = new Sandbox("engine");
const engine = new PrivateEngine(join(sandbox.folder, "engine"), 2000);
/** Host program and state of its own: the machine's host program is on another engine. */
const env = {
  DOCKER_HOST: engine.address,
  DOCKSTAGE_DATA: join(sandbox.folder, "data"),
  PULUMI_BACKEND_URL: `file://${join(sandbox.folder, "data", "state")}`,
};
let wasEnv: NodeJS.ProcessEnv = {};

const describeApp = (greeting: string): void =>
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}
build: { context: ., args: { VERSION: "1" } }
web: { port: 3000, health: /healthz, stopGrace: 2s }
env: { GREETING: "${greeting}" }
writable: { data: data }
processes: { worker: { run: [perl, -e, sleep], stopGrace: 1s } }
`,
  );

/** Containers, networks and volumes of the app and of the host program, without what differs from one generation to the next. */
async function kinds(): Promise<readonly string[]> {
  const lists = await Promise.all([
    engine.docker("ps", "-a", "--format", "container {{.Names}} {{.State}}"),
    engine.docker("network", "ls", "--format", "network {{.Name}}"),
    engine.docker("volume", "ls", "--format", "volume {{.Name}}"),
  ]);
  return lists
    .flatMap((list) => list.trim().split("\n"))
    .map((line) => line.replace(/-[0-9a-f]{7,8}(?= |$)/, ""))
    .sort();
}

/** An `up` that something befalls once `k` resources are finished. It must end by itself within two minutes. */
async function upWith(k: number, disturb: () => Promise<void>): Promise<Finished> {
  const child = spawn(process.execPath, ["node_modules/dockstage/cli/dockstage", "up", "dev"], {
    cwd: sandbox.app,
    env: sandbox.env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  let output = "";
  let disturbed: Promise<void> | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    output += `${line}\n`;
    if (finishedIn(output) >= k) disturbed ??= disturb();
  });
  child.stderr.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  expect(disturbed).toBeDefined();
  await disturbed;
  return { code: code ?? -1, output, changes: {} };
}

async function mustHeal(): Promise<string> {
  const done = await dockstageUp(sandbox);
  if (done.code !== 0) throw new Error(done.output);
  expect(done.output).not.toMatch(/warning/i);
  expect([...remainsIn(sandbox, "data/state"), ...disorderIn(sandbox, "data/state")]).toEqual([]);
  return done.output;
}

let whole: readonly string[] = [];

beforeAll(async () => {
  ensureHost();
  sandbox.copy("tests/support/apps/hello");
  sandbox.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
  describeApp("one");
  await sandbox.init();
  // The private engine reaches no network: its images are built by the machine's.
  await sandbox.mustUp();
  const images = await sandbox.engine.listImages();
  const tags = images.flatMap(({ RepoTags }) => RepoTags ?? []);
  const ours = (await sandbox.objects()).filter((object) => object.startsWith("image ")).map((object) => object.slice("image ".length));
  await engine.start();
  await engine.take([...ours, ...tags.filter((tag) => /^dockstage--host-local\/|^debian:\w+-slim$/.test(tag))]);
  expect((await sandbox.destroy()).code).toBe(0);
  wasEnv = { ...sandbox.env };
  Object.assign(sandbox.env, env);
  await mustHeal();
  whole = await kinds();
  expect(whole.length).toBeGreaterThan(8);
});
afterAll(async () => {
  await engine.remove();
  Object.assign(sandbox.env, { DOCKER_HOST: undefined, DOCKSTAGE_DATA: undefined }, wasEnv);
  await sandbox.clean();
});

test.each([0, 2, 5])("a daemon that is killed after the %i. resource of an update", async (k) => {
  describeApp(`killed ${k}`);
  const done = await upWith(Math.max(k, 1), () => engine.kill());
  expect({ code: done.code, last: done.output.trim().split("\n").at(-1) }).toEqual({
    code: 1,
    last: expect.stringMatching(/^dockstage: .*(could not be brought up|does not answer)/),
  });
  await engine.start();
  await mustHeal();
  expect(await kinds()).toEqual(whole);
});

test("a full disk fails the update, and is forgotten once there is space", async () => {
  describeApp("full");
  const free = engine.fill();
  const done = await dockstageUp(sandbox);
  expect(done.code).toBe(1);
  expect(done.output).toMatch(/no space left on device/);
  free();
  await mustHeal();
  expect(await kinds()).toEqual(whole);
});
