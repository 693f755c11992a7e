import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { dockstageUp } from "../support/cutoff";
import { ensureHost, Sandbox } from "../support/sandbox";

jest.setTimeout(300_000);

/** `dockstage up` that changes nothing says so without Pulumi, and only then. */

const sandbox = new Sandbox("same");
const UNCHANGED = new RegExp(
  `^${sandbox.project} dev unchanged since \\d\\d:\\d\\d \\(just now\\), (\\d) of \\1 healthy {3}http://\\S+\n$`,
);
const up = async (env: NodeJS.ProcessEnv = {}): Promise<string> => {
  const done = await sandbox.run(process.execPath, ["node_modules/dockstage/cli/dockstage", "up", "dev"], env);
  if (done.code !== 0) throw new Error(done.output);
  return done.output;
};

beforeAll(async () => {
  ensureHost();
  sandbox.copy("tests/support/apps/hello");
  sandbox.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}
build: { context: ., args: { VERSION: "1" } }
web: { port: 3000, health: /healthz, stopGrace: 2s }
secrets: { KEY: required }
`,
  );
  await sandbox.init();
  expect((await sandbox.run("pulumi", ["config", "set", "--secret", "KEY", "one"])).code).toBe(0);
  expect(await up({ DOCKSTAGE_DEBUG: "1" })).not.toContain("runs Pulumi, too");
});
afterAll(() => sandbox.clean());

test("nothing changed", async () => {
  expect(await up()).toMatch(UNCHANGED);
});

test("a secret, a file of the context, and a container make it run; then it is fast again", async () => {
  expect((await sandbox.run("pulumi", ["config", "set", "--secret", "KEY", "two"])).code).toBe(0);
  expect(await up()).toContain(`${sandbox.project} dev is up`);
  expect(await up()).toMatch(UNCHANGED);
  sandbox.write("more", "text");
  expect(await up()).toMatch(/created +Image app/);
  expect(await up()).toMatch(UNCHANGED);
  for (const id of await sandbox.containers("door")) await sandbox.engine.getContainer(id).remove({ force: true });
  expect(await up()).toContain("the engine differs from the state: the container");
  expect(await up()).toMatch(UNCHANGED);
});

test("--force runs Pulumi", async () => {
  const forced = await sandbox.run(process.execPath, ["node_modules/dockstage/cli/dockstage", "up", "dev", "--force"]);
  expect(forced.output).toContain(`${sandbox.project} dev is up`);
});

test("a failed up is not remembered", async () => {
  sandbox.write("Dockerfile", "FROM debian:bookworm-slim\nRUN false\n");
  for (let i = 0; i < 2; i++) {
    const failed = await dockstageUp(sandbox);
    expect(failed.code).toBe(1);
    expect(failed.output.trim().split("\n").at(-1)).toMatch(/^dockstage: .* could not be brought up/);
  }
});
