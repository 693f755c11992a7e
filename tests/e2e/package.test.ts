import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { opens } from "../../cli/passphrase";
import { passphraseOf, privateFileOf } from "../../config/passphrase";
import { changed, ensureHost, PACKAGE, request, Sandbox, type Finished } from "../support/sandbox";

jest.setTimeout(300_000);

/** Nothing of the checkout that is tested: what the package lacks shows up. */
const NONE = { DOCKSTAGE_HOME: undefined, DOCKSTAGE_PLUGIN: undefined, PULUMI_HOME: undefined, NODE_OPTIONS: undefined };

describe("the packed tarball, in a folder elsewhere with a team's Dockerfile", () => {
  const sandbox = new Sandbox("packed");
  const dockstage = (...args: string[]): Promise<Finished> => sandbox.run("npx", ["--no-install", "dockstage", ...args], NONE);
  const must = async (run: Promise<Finished>): Promise<string> => {
    const { code, output } = await run;
    if (code !== 0) throw new Error(output);
    return output;
  };
  const filesOf = (folder: string): readonly string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .filter((path) => !path.startsWith("node_modules/"));

  beforeAll(async () => {
    ensureHost();
    rmSync(sandbox.app, { recursive: true });
    mkdirSync(sandbox.app);
    sandbox.copy("tests/support/apps/hello");
    // The passphrase that a person gets who has set none.
    delete sandbox.env["PULUMI_CONFIG_PASSPHRASE"];
    sandbox.env["PULUMI_CONFIG_PASSPHRASE_FILE"] = privateFileOf(sandbox.env);
    await must(sandbox.run("npm", ["pack", PACKAGE, "--pack-destination", sandbox.folder, "--silent"]));
    const [tarball = ""] = readdirSync(sandbox.folder).filter((file) => file.endsWith(".tgz"));
    await must(sandbox.run("npm", ["i", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", join("..", tarball)]));
  });
  afterAll(() => sandbox.clean());

  test("holds no tests, no measurements and no tools of dockstage's own", () => {
    const files = filesOf(join(sandbox.app, "node_modules", "dockstage"));
    expect(files.length).toBeGreaterThan(150);
    expect(files.filter((file) => /^(tests|bench)\/|\.test\.ts$|^(jest|eslint)\.config|^\.|typedoc/.test(file))).toEqual([]);
  });

  test("init writes a project, and a second time nothing", async () => {
    const output = await must(dockstage("init", "--name", sandbox.project, "--health", "/healthz", "--yes"));
    expect(output).toMatch(/web\.port +3000 +Dockerfile:7 EXPOSE/);
    expect(output).toContain("Next:  npx dockstage up dev\n");
    expect([...filesOf(sandbox.app)].sort()).toEqual([
      ".dockerignore", ".gitignore", "Dockerfile", "Pulumi.yaml", "dockstage.yaml", "index.ts", "package-lock.json", "package.json", "server.pl",
    ]); // prettier-ignore
    const before = filesOf(sandbox.app).map((file) => readFileSync(join(sandbox.app, file), "utf8"));
    expect(await must(dockstage("init", "--yes"))).toContain("Every file is there already; nothing was changed.\n");
    expect(filesOf(sandbox.app).map((file) => readFileSync(join(sandbox.app, file), "utf8"))).toEqual(before);
  });

  test("up brings the app up, its secrets locked with the private passphrase; again, it changes nothing", async () => {
    const output = await must(dockstage("up", "dev"));
    const [url = ""] = /http:\/\/\S+localhost:\d+/.exec(output) ?? [];
    expect((await request(url)).body).toBe("hello 1\n");
    const [, salt = ""] = /^encryptionsalt: (.*)$/m.exec(readFileSync(join(sandbox.app, "Pulumi.dev.yaml"), "utf8")) ?? [];
    expect(opens(salt, passphraseOf(sandbox.env) ?? "")).toBe(true);
    const running = await sandbox.containers("web");
    expect(await must(dockstage("up", "dev"))).toContain(`${sandbox.project} dev unchanged since `);
    expect(await sandbox.containers("web")).toEqual(running);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("the public example passphrase is refused, and nothing is changed", async () => {
    const example = { ...NONE, PULUMI_CONFIG_PASSPHRASE: "dockstage-example" };
    const { code, output } = await sandbox.run("npx", ["--no-install", "dockstage", "up", "dev", "--force"], example);
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining("PULUMI_CONFIG_PASSPHRASE holds dockstage's public example passphrase") as unknown,
    });
  });

  test("destroy leaves nothing", async () => {
    expect((await sandbox.destroy()).code).toBe(0);
    expect(await sandbox.objects()).toEqual([]);
  });
});
