import { execFile, execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { quietEngine } from "../support/quiet-engine";

const ROOT = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "dockstage-loader-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { ...process.env, XDG_CACHE_HOME: join(folder, "cache"), NODE_OPTIONS: "" };

/** What a program has loaded when it ends, relative to the checkout. */
function loadedBy(program: string): readonly string[] {
  const report = "process.on('exit', () => console.log('\\n' + JSON.stringify(Object.keys(require.cache))));";
  const done = execFileSync(process.execPath, ["-r", "./loader.js", "-e", `${report}${program}`], { cwd: ROOT, env, encoding: "utf8" });
  return namesIn(done);
}

/** The list on the last line of what a program printed, relative to the checkout. */
function namesIn(printed: string): readonly string[] {
  const files = z.array(z.string()).parse(JSON.parse(printed.trim().split("\n").at(-1) ?? ""));
  return files.map((file) => file.slice(ROOT.length + 1));
}

/** The root's program with Pulumi's engine mocked: what index.ts loads to make DEV. */
const MOCKED = `require("./tests/support/mocks.ts").register(() => require("./index.ts"));`;

/** Parts that take long to load and that no usual run needs. */
const HEAVY = [
  /^node_modules\/(typescript|ts-node|esbuild)\//,
  /^node_modules\/(@npmcli|pacote|got|execa|glob|semver|npm-|cacache|sigstore)/,
  /^node_modules\/@opentelemetry\/(?!api\/)/,
  /^node_modules\/@pulumi\/pulumi\/(automation|dynamic|provider)\//,
  /^node_modules\/source-map/,
  /^node_modules\/zod\/.*\/locales\/(?!en\.cjs)/,
  /^node_modules\/(ssh2|protobufjs)\//,
];

describe("a start loads no more than it needs", () => {
  // The first run fills the cache of compiled files, for which it does need esbuild.
  loadedBy(MOCKED);

  test("the program", () => {
    const loaded = loadedBy(MOCKED);
    expect(loaded).toContain("stages/realise.ts");
    expect(loaded).toContain("node_modules/@pulumi/docker/container.js");
    for (const heavy of HEAVY) expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
    expect(loaded.length).toBeLessThan(420);
  });

  // Both language hosts start the SDK's runner so.
  test("the SDK's runner with the loader among Node's arguments", async () => {
    const file = join(folder, "index.ts");
    const report = 'console.log("\\n" + JSON.stringify(Object.keys(require.cache)))';
    writeFileSync(file, `require("${ROOT}/environment.js");\n${report};\n`);
    const engine = await quietEngine();
    const runner = join(ROOT, "node_modules/@pulumi/pulumi/cmd/run/index.js");
    const args = [
      "-r",
      join(ROOT, "loader.js"),
      runner,
      "--monitor",
      engine.address,
      "--engine",
      engine.address,
      "--project",
      "p",
      "--stack",
      "s",
    ];
    const start = async () =>
      namesIn((await promisify(execFile)(process.execPath, [...args, "--pwd", folder, file], { env, timeout: 20_000 })).stdout);
    await start();
    const loaded = await start();
    engine.close();
    expect(loaded).toContain("stages/realise.ts");
    expect(loaded).toContain("node_modules/@pulumi/pulumi/cmd/run/run.js");
    for (const heavy of HEAVY) expect(loaded.filter((name) => heavy.test(name))).toEqual([]);
    expect(loaded.length).toBeLessThan(420);
  });

  test("of the docker SDK, only the resources that the platform makes", () => {
    const loaded = loadedBy(MOCKED).flatMap((file) => /^node_modules\/@pulumi\/docker\/(\w+)\.js$/.exec(file)?.[1] ?? []);
    expect(loaded.sort()).toEqual(["container", "index", "network", "provider", "utilities", "volume"]);
  });

  test.each([
    ["dockstage's provider", 'require("./provider/main.ts")', 90],
    ["dockstage's provider with the engine's client", 'require("./provider/main.ts"); require("./provider/docker.ts")', 150],
    ["the offline docker plugin", 'require("./offline/docker/provider.ts"); process.exit(0)', 110],
    ["the offline language host", 'require("./offline/language/host.ts"); process.exit(0)', 110],
  ])("%s", (_, program, most) => {
    loadedBy(program);
    const loaded = loadedBy(program);
    for (const heavy of HEAVY) expect(loaded.filter((file) => heavy.test(file))).toEqual([]);
    expect(loaded.length).toBeLessThan(most);
  });
});

describe("TypeScript", () => {
  const run = (file: string) => spawnSync(process.execPath, ["-r", join(ROOT, "loader.js"), file], { env, encoding: "utf8", cwd: folder });

  test("an edited file runs as it is now", () => {
    const file = join(folder, "edited.ts");
    for (const text of ["first", "other"]) {
      writeFileSync(file, `const said: string = "${text}";\nconsole.log(said);\n`);
      expect(run(file).stdout).toBe(`${text}\n`);
    }
  });

  test("a stack names the line of the source", () => {
    const file = join(folder, "thrown.ts");
    writeFileSync(
      file,
      `interface Gone {\n  readonly a: string;\n}\n\nfunction thrower(gone: Gone): never {\n  throw new Error(gone.a);\n}\n\nthrower({ a: "here" });\n`,
    );
    expect(run(file).stderr).toContain("thrown.ts:6:");
  });

  test("what was compiled is kept, once for each program, and taken again", () => {
    const file = join(folder, "kept.ts");
    writeFileSync(file, "console.log(1);\n");
    const compiled = () =>
      readdirSync(join(env.XDG_CACHE_HOME, "dockstage", "compiled"), { recursive: true, encoding: "utf8" }).filter((name) =>
        name.endsWith(".v8"),
      );
    const before = compiled();
    run(file);
    const kept = compiled().filter((name) => !before.includes(name));
    if (process.versions.node.startsWith("20.")) expect(kept).toHaveLength(1);
    const times = () => kept.map((name) => statSync(join(env.XDG_CACHE_HOME, "dockstage", "compiled", name)).mtimeMs);
    const written = times();
    expect(run(file).stdout).toBe("1\n");
    expect(times()).toEqual(written);
  });

  test("a cut-off cache is no error", () => {
    const file = join(folder, "cut.ts");
    writeFileSync(file, "console.log(2);\n");
    run(file);
    const cache = join(env.XDG_CACHE_HOME, "dockstage", "compiled");
    for (const name of readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((found) => found.endsWith(".v8"))) {
      const path = join(cache, name);
      writeFileSync(path, readFileSync(path).subarray(0, -100));
    }
    expect(run(file)).toMatchObject({ stdout: "2\n", stderr: "", status: 0 });
  });
});
