import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../cli/state";
import { notBuilt } from "../../../stages/matrix";

const PACKAGE = join(__dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "dockstage-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A command with nothing on its PATH but node: whatever it starts fails. */
function run(command: string, args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: PACKAGE,
    env: {
      HOME: folder,
      PATH: `${join(process.execPath, "..")}:/usr/bin:/bin`,
      DOCKSTAGE_PLUGIN: "offline",
      DOCKER_HOST: `unix://${folder}/no.sock`,
    },
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}
const dockstage = (...args: readonly string[]): ReturnType<typeof run> => run(process.execPath, ["cli/dockstage", ...args]);

describe("stages that are not built", () => {
  test.each(["test", "staging", "live"])("%s is refused in one sentence, before any set-up", (stage) => {
    const refused = { code: 2, stdout: "", stderr: `dockstage: ${notBuilt(stage)}\n` };
    expect(run("sh", ["scripts/start", stage])).toEqual(refused);
    expect(dockstage("up", stage)).toEqual(refused);
  });
});

describe("wrong use", () => {
  test.each([
    [["down"], '"down" is no command'],
    [["up", "dev", "more"], '"up dev more" is no command'],
    [["up", "--check"], '"up --check" is no command'],
    [["up", "--foo"], "Unknown option '--foo'"],
  ])("%j", (args, says) => {
    expect(dockstage(...args)).toEqual({ code: 2, stdout: "", stderr: `dockstage: ${says}. Try: dockstage --help\n` });
  });

  test("nothing at all shows the help on standard error; --help is no mistake", () => {
    const help = dockstage("--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("dockstage up [stack]");
    expect(dockstage()).toEqual({ code: 2, stdout: "", stderr: help.stdout });
  });
});

describe("the state of a file backend", () => {
  const target = { folder, project: "portal", stack: "dev", env: { PULUMI_BACKEND_URL: `file://${folder}` } };
  const write = (latest: unknown): void => {
    mkdirSync(join(folder, ".pulumi", "stacks", "portal"), { recursive: true });
    writeFileSync(join(folder, ".pulumi", "stacks", "portal", "dev.json"), JSON.stringify({ version: 3, checkpoint: { latest } }));
  };

  test("is read without the CLI; what waits to be deleted is not part of it", () => {
    const type = "docker:index/container:Container";
    write({ resources: [{ type, id: "new" }, { type, id: "old", delete: true }, { type: "pulumi:pulumi:Stack" }] });
    const { ids, all, cutOff } = stateOf(target);
    expect({ ids: [...(ids.get(type) ?? [])], types: ids.size, cutOff }).toEqual({ ids: ["new"], types: 1, cutOff: false });
    // It may still serve: nobody may take it for something that no state knows.
    expect([...all]).toEqual(["new", "old"]);
  });

  test("says where a run was cut off", () => {
    write({ resources: [], pending_operations: [{}] });
    expect(stateOf(target).cutOff).toBe(true);
    write(null);
    expect(stateOf(target).cutOff).toBe(false);
  });
});
