import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, request, Sandbox, type Finished } from "../support/sandbox";

jest.setTimeout(300_000);

/** What is wrong after cut-off runs and after a person's own hands on the engine is put right by `dockstage up`. */

const sandbox = new Sandbox("recover");
let url = "";

const describeApp = (version: string, engine = "mariadb"): void =>
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}
build: { context: ., args: { VERSION: "${version}" } }
web: { port: 3000, health: /healthz, stopGrace: 2s }
database: { engines: [${engine}], migrate: "sleep 1; echo migrated", seed: "echo seeded with \${size}" }
env: { DATABASE_URL: "\${database.url}" }
writable: { data: data }
processes: { worker: { run: [perl, -e, sleep], stopGrace: 1s } }
`,
  );
const up = (): Promise<Finished> => sandbox.run(process.execPath, ["node_modules/dockstage/cli/dockstage", "up", "dev"]);
const mustHeal = async (version: string): Promise<string> => {
  const done = await up();
  if (done.code !== 0) throw new Error(done.output);
  expect((await request(url)).body).toBe(`hello ${version}\n`);
  return done.output;
};
/** Every object, without what differs from one generation to the next. */
const kinds = async (): Promise<readonly string[]> =>
  (await sandbox.objects()).map((object) => object.replace(/-[0-9a-f]{7,8}$/, "").replace(/:[0-9a-f]{16}$/, ""));

/** Starts an `up` in a process group of its own and signals all of it after a time. */
async function cutOff(afterMs: number, signal: NodeJS.Signals): Promise<string> {
  const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "-s", "dev"], {
    cwd: sandbox.app,
    env: sandbox.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => void (output += chunk.toString()));
  const ended = new Promise((resolve) => child.on("close", resolve));
  await sleep(afterMs);
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, signal);
  await ended;
  return output;
}

let whole: readonly string[] = [];

beforeAll(async () => {
  ensureHost();
  sandbox.copy("tests/support/apps/hello");
  sandbox.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
  describeApp("1");
  await sandbox.init();
  await sandbox.mustUp();
  const { variants } = await sandbox.outputs();
  url = Object.values(variants as Record<string, { url: string }>)[0]?.url ?? "";
  whole = await kinds();
});
afterAll(() => sandbox.clean());

describe("a run that was cut off", () => {
  test.each([1300, 2200, 3500])("by kill -9 after %i ms is gone on with, and leaves nothing", async (afterMs) => {
    describeApp(`w${afterMs}`);
    await cutOff(afterMs, "SIGKILL");
    await mustHeal(`w${afterMs}`);
    expect(await kinds()).toEqual(whole);
  });

  test("on an empty engine, too", async () => {
    expect((await sandbox.destroy()).code).toBe(0);
    await cutOff(2500, "SIGKILL");
    await mustHeal("w3500");
    expect(await kinds()).toEqual(whole);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("by Ctrl-C ends in good order", async () => {
    describeApp("slow");
    const output = await cutOff(2500, "SIGINT");
    expect(output).not.toMatch(/at .*\.ts:\d+/);
    await mustHeal("slow");
    expect(await kinds()).toEqual(whole);
  });
});

describe("what a person removed by hand is made anew", () => {
  const remove = async (...components: string[]): Promise<void> => {
    for (const component of components)
      for (const id of await sandbox.containers(component)) await sandbox.engine.getContainer(id).remove({ force: true, v: true });
  };

  test.each(["door", "web", "mariadb-10.11"])("the container %s", async (component) => {
    await remove(component);
    await mustHeal("slow");
    expect(await kinds()).toEqual(whole);
  });

  test("the app's image, with what runs of it", async () => {
    await remove("web-self", "web", "worker");
    for (const object of (await sandbox.objects()).filter((name) => name.startsWith("image ") && name.includes("/app:")))
      await sandbox.engine.getImage(object.slice("image ".length)).remove({ force: true });
    await mustHeal("slow");
    expect(await kinds()).toEqual(whole);
  });

  test("the database's volume: schema, migrations and seed come again", async () => {
    await remove("mariadb-10.11", "web-self", "web", "worker");
    const volumes = (await sandbox.objects()).filter((name) => /^volume .*-(data-mariadb|files-data)/.test(name));
    expect(volumes).toHaveLength(2);
    for (const volume of volumes) await sandbox.engine.getVolume(volume.slice("volume ".length)).remove();
    const output = await mustHeal("slow");
    for (const job of ["schema-mariadb-10.11", "migrate", "seed", "files-data-owner"])
      expect(output).toMatch(new RegExp(`updated +Job ${job}`));
    expect(await kinds()).toEqual(whole);
  });

  test("everything but the data", async () => {
    const objects = (await sandbox.objects()).map((object) => object.split(" "));
    for (const [kind, name = ""] of objects)
      if (kind === "container") await sandbox.engine.getContainer(name.replace(/^\//, "")).remove({ force: true, v: true });
    for (const [kind, name = ""] of objects) {
      if (kind === "network") await sandbox.engine.getNetwork(name).remove();
      if (kind === "volume" && !name.includes("data")) await sandbox.engine.getVolume(name).remove();
    }
    await mustHeal("slow");
    expect(await kinds()).toEqual(whole);
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });
});

test("another database gets its migrations and its seed, and the first one leaves nothing, its image among it", async () => {
  describeApp("slow", "postgresql");
  // Read back first, as `dockstage up` does where the engine differs.
  const done = await sandbox.mustUp("dev", "--refresh");
  for (const job of ["migrate", "seed"]) expect(done.output).toMatch(new RegExp(`Job ${job} updated|updated +Job ${job}`));
  expect((await sandbox.objects()).filter((object) => object.includes("mariadb"))).toEqual([]);
});
