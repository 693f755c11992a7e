import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import ts from "typescript";
import * as dockstage from "../../../exports";
import { register, type Registered } from "../../support/mocks";
import { guestbook } from "../../support/settings";

const ROOT = join(__dirname, "..", "..", "..");
const FOLDER = join(ROOT, "components");

/** The code of each `@example` in a file's docstrings. */
const examplesIn = (text: string): readonly string[] =>
  [...text.matchAll(/\* @example\n((?: \*.*\n)*?) \*\//g)].map((match) => (match[1] ?? "").replace(/^ \* ?/gm, "").trim());

const components = readdirSync(FOLDER).flatMap((file) => {
  const text = readFileSync(join(FOLDER, file), "utf8");
  const names = [...text.matchAll(/^export class (\w+) extends PlannedComponent/gm)].map(([, name = ""]) => name);
  return names.map((name) => ({
    file,
    name,
    example: examplesIn(text).length === names.length ? (examplesIn(text)[names.indexOf(name)] ?? "") : "",
  }));
});
const names = components.map(({ name }) => name);

/** A program that has examples in it, in the words of an app's own index.ts. */
const program = (...examples: readonly string[]): string => `import * as pulumi from "@pulumi/pulumi";
import { ${names.join(", ")}, dockerPlatform, type AppArgs } from "./exports";
const config = new pulumi.Config();
const platform = dockerPlatform({ project: "portal", stack: "dev", folders: { app: ".", package: "." }, secret: (key) => config.requireSecret(key) });
declare const description: AppArgs["app"];
export { description };
${examples.join("\n")}
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

/** An app as the examples mean it: it has the secret and the folder of theirs, and no database. */
const { app: description } = guestbook({ project: "portal", app: { database: undefined, env: { BASE_URL: "${url}" } } });

/** Runs examples as one program under Pulumi's mocks. */
async function ran(...examples: readonly string[]): Promise<readonly Registered[]> {
  const text = program(...examples).replace(/^(declare|export).*$/gm, "");
  const { outputText } = ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 } });
  const load = (name: string): unknown => (name === "./exports" ? dockstage : pulumi);
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the program is made of this repository's own docstrings
  const run = new Function("require", "exports", "description", outputText) as (...args: readonly unknown[]) => void;
  const failures: unknown[] = [];
  const registered = await register(() => {
    pulumi.runtime.setConfig("portal:STRIPE_KEY", "value-of-the-stack");
    // What is thrown in here would end the process.
    try {
      run(load, {}, description);
    } catch (error) {
      failures.push(error);
    }
  }, "portal");
  if (failures.length > 0) throw failures[0];
  return registered;
}

describe("the examples in the components' docstrings", () => {
  test("there is exactly one for each component, and the package exports it", () => {
    expect(components.length).toBeGreaterThan(11);
    expect(components.filter(({ example }) => example === "").map(({ file, name }) => `${file}: ${name} has not exactly one`)).toEqual([]);
    expect(names.filter((name) => !(name in dockstage))).toEqual([]);
  });

  test("all compile, as one program", () => {
    expect(errorsOf(join(ROOT, "example-all.ts"), program(...components.map(({ example }) => example)))).toEqual([]);
  }, 60_000);

  test("one with a wrong argument does not", () => {
    expect(errorsOf(join(ROOT, "example-wrong.ts"), program('new Secrets("s", { platform, secrets: { A: "generated" } });'))).not.toEqual(
      [],
    );
  });
});

describe("each example runs", () => {
  /** By component: why it did not run, or what it registered. What it refers to was made before, by the other examples. */
  const outcome = new Map<string, string | readonly Registered[]>();

  beforeAll(async () => {
    const before: string[] = [];
    for (let waiting = components; waiting.length > 0;) {
      const still: typeof components = [];
      for (const component of waiting) {
        try {
          outcome.set(component.name, await ran(...before, component.example));
          before.push(component.example);
        } catch (error) {
          outcome.set(component.name, String(error));
          still.push(component);
        }
      }
      if (still.length === waiting.length) return;
      waiting = still;
    }
  }, 60_000);

  test.each(names)("%s's makes the component and what is in it", (name) => {
    const registered = outcome.get(name);
    if (registered === undefined || typeof registered === "string") throw new Error(registered);
    const made = registered.filter(({ type }) => type === `dockstage:components:${name}`);
    expect(made).toHaveLength(1);
    expect(registered.some(({ parent }) => parent !== undefined && parent === made[0]?.name)).toBe(true);
  });

  test("one that refers to what is not there does not", async () => {
    await expect(ran('new MailCatcher("catcher", { platform, hosts: ["mail.test"], door: "service:door" });')).rejects.toThrow(
      "network:mail is not in this plan",
    );
  });
});
