import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";

const ROOT = join(__dirname, "..", "..", "..");
const FOLDER = join(ROOT, "components");

/** The code of each `@example` in a file's docstrings. */
const examplesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\* @example\n((?: \*.*\n)*?) \*\//g)].map((match) => (match[1] ?? "").replace(/^ \* ?/gm, "").trim());

const components = readdirSync(FOLDER).flatMap((file) => {
  const text = readFileSync(join(FOLDER, file), "utf8");
  const [, name] = /^export class (\w+) extends PlannedComponent/m.exec(text) ?? [];
  return name ? [{ name, examples: examplesIn(text) }] : [];
});

/** A program that has the example in it, in the words of an app's own index.ts. */
const program = (name: string, example: string): string => `import { ${name}, dockerPlatform, type AppArgs } from "./exports";
const platform = dockerPlatform({ project: "portal", stack: "dev", folders: { app: ".", package: "." } });
declare const description: AppArgs["app"];
export { description };
export const made = ${example}
`;

function errorsOf(file: string, text: string): readonly string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(ROOT, "tsconfig.json"), (path) => ts.sys.readFile(path)).config,
    ts.sys,
    ROOT,
  );
  const host = ts.createCompilerHost(options);
  const inMemory: ts.CompilerHost = {
    ...host,
    fileExists: (path) => path === file || host.fileExists(path),
    getSourceFile: (path, ...rest) =>
      path === file ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022) : host.getSourceFile(path, ...rest),
  };
  const built = ts.createProgram([file], { ...options, noEmit: true, noUnusedLocals: false }, inMemory);
  return ts
    .getPreEmitDiagnostics(built, built.getSourceFile(file))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the examples in the components' docstrings", () => {
  test("there is exactly one for each component", () => {
    expect(components.length).toBeGreaterThan(8);
    expect(components.filter(({ examples }) => examples.length !== 1).map(({ name }) => name)).toEqual([]);
  });

  test.each(components)(
    "$name's compiles",
    ({ name, examples }) => {
      expect(errorsOf(join(ROOT, `example-${name}.ts`), program(name, examples[0] ?? ""))).toEqual([]);
    },
    60_000,
  );

  test("one with a wrong argument does not", () => {
    expect(
      errorsOf(join(ROOT, "example-wrong.ts"), program("Secrets", 'new Secrets("s", { platform, secrets: { A: "generated" } });')),
    ).not.toEqual([]);
  });
});
