import { describe, expect, test } from "@jest/globals";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ProgramInfo, RunRequest } from "@pulumi/pulumi/proto/language_pb";
import { configForProgram, nodeOptions, programArguments, splitArguments } from "../../../offline/language/arguments";

describe("nodeargs are split as a shell splits them", () => {
  test.each([
    ["", []],
    ["  -r ./loader.js  ", ["-r", "./loader.js"]],
    [`-r "/a b/loader.js" --x='y z'`, ["-r", "/a b/loader.js", "--x=y z"]],
    ["a\\ b c", ["a b", "c"]],
    [`"a\\"b" 'c\\d'`, ['a"b', "c\\d"]],
    [`"" x`, ["", "x"]],
    ["a # the rest", ["a"]],
    ["a#b", ["a#b"]],
  ])("%j", (text, words) => expect(splitArguments(text)).toEqual(words));
  test("an open quote is an error that shows the text", () =>
    expect(() => splitArguments(`-r "x`)).toThrow('runtime.options.nodeargs in Pulumi.yaml has an open ": -r "x'));
});

test("options are checked", () => {
  expect(nodeOptions({})).toEqual({ typescript: true, tsconfig: undefined, nodeargs: [] });
  expect(nodeOptions({ typescript: false, nodeargs: "-r x", packagemanager: "npm" })).toEqual({
    typescript: false,
    tsconfig: undefined,
    nodeargs: ["-r", "x"],
  });
  expect(() => nodeOptions({ typescript: "no" })).toThrow('runtime.options.typescript in Pulumi.yaml must be true or false, found "no"');
  expect(() => nodeOptions({ nodeargs: ["-r"] })).toThrow("runtime.options.nodeargs in Pulumi.yaml must be one string");
});

test("config keys have the old form, which every SDK reads", () => {
  expect(
    configForProgram([
      ["app:a", "1"],
      ["app:config:b", '{"x:y":1}'],
    ]),
  ).toBe('{"app:config:a":"1","app:config:b":"{\\"x:y\\":1}"}');
  expect(() => configForProgram([["nonsense", "1"]])).toThrow("config key nonsense");
});

function request(dry: boolean): RunRequest {
  const info = new ProgramInfo();
  info.setProgramDirectory(process.cwd());
  info.setRootDirectory("/root-of-project");
  info.setEntryPoint("main.ts");
  info.setOptions(Struct.fromJavaScript({}));
  const run = new RunRequest();
  run.setInfo(info);
  run.setMonitorAddress("127.0.0.1:1");
  run.setProject("p");
  run.setStack("s");
  run.setOrganization("o");
  run.setParallel(16);
  run.setDryrun(dry);
  run.setArgsList(["--mine", "x y"]);
  return run;
}

test("the program gets entry point, flags and its own arguments", () => {
  const [module, ...rest] = programArguments(request(true), "127.0.0.1:2");
  expect(module).toMatch(/@pulumi\/pulumi\/cmd\/run/);
  expect(rest.join(" ")).toBe(
    `--monitor 127.0.0.1:1 --engine 127.0.0.1:2 --organization o --project p --root-directory /root-of-project --stack s --pwd ${process.cwd()} --dry-run --parallel 16 main.ts --mine x y`,
  );
  expect(programArguments(request(false), "e")).not.toContain("--dry-run");
});

test("a program without the SDK gets a sentence", () => {
  const run = request(false);
  run.getInfo()?.setProgramDirectory("/");
  expect(() => programArguments(run, "e")).toThrow('the Pulumi SDK is not installed for the program in /: run "npm install" there');
});
