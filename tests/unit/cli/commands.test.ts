import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { parse } from "../../../cli/parse";
import { stateOf } from "../../../cli/state";
import { verbs } from "../../../cli/verbs";
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
    [["upp"], "unknown command 'upp'. Did you mean up?"],
    [["up", "dev", "more"], "too many arguments for 'up'. Expected 1 argument but got 2."],
    [["up", "--check"], "unknown option '--check'."],
    [["up", "--forse"], "unknown option '--forse'. Did you mean --force?"],
    [["up", "dev", "--", "ls"], 'up takes nothing behind --, and was given "ls".'],
    [["--foo"], "unknown option '--foo'."],
  ])("%j", (args, says) => {
    expect(dockstage(...args)).toEqual({ code: 2, stdout: "", stderr: `dockstage: ${says} Try: dockstage --help\n` });
  });

  test("nothing at all shows the help on standard error; --help is no mistake", () => {
    expect(parse(["--version"], verbs, {})).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
    const help = dockstage("--help");
    expect(help.code).toBe(0);
    expect(help.stdout).toContain("up [stack]");
    expect(dockstage()).toEqual({ code: 2, stdout: "", stderr: help.stdout });
  });
});

describe("every verb", () => {
  test.each(verbs.map((verb) => [verb.name, verb] as const))("%s has a help with an example of its own", (name, verb) => {
    const asked = parse([name, "--help"], verbs, {});
    if ("verb" in asked) throw new Error("the help ran the verb");
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    for (const example of verb.examples) {
      expect(asked.stdout).toContain(`  ${example}\n`);
      expect(example).toContain(`dockstage ${name}`);
    }
  });

  test("its examples are calls that it takes", () => {
    for (const { name, examples } of verbs) {
      for (const example of examples) {
        const words = example.slice(example.indexOf("dockstage ") + "dockstage ".length).split(" ");
        const asked = parse(words, verbs, {});
        expect("verb" in asked ? asked.verb.name : asked.stderr).toBe(name);
      }
    }
  });

  test("takes the folder before its name and behind it", () => {
    for (const words of [
      ["--folder", "app", "up", "test", "--force"],
      ["up", "test", "--force", "--folder", "app"],
    ]) {
      const asked = parse(words, verbs, {});
      if (!("verb" in asked)) throw new Error(asked.stderr);
      const { call } = asked;
      expect({ folder: call.folder, args: call.arguments, force: call.flag("force"), adopt: call.flag("adopt") }).toEqual({
        folder: "app",
        args: ["test"],
        force: true,
        adopt: false,
      });
    }
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
