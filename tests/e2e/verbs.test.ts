import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, PACKAGE, Sandbox } from "../support/sandbox";

jest.setTimeout(600_000);

describe("the verbs of the command line, on one environment", () => {
  const sandbox = new Sandbox("verb");
  const { project } = sandbox;

  interface Done {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }
  /** dockstage in the app's folder, with nobody at a terminal. */
  const dockstage = (args: readonly string[], input = ""): Done => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(PACKAGE, "cli", "dockstage"), ...args], {
      cwd: sandbox.app,
      env: sandbox.env,
      encoding: "utf8",
      input,
    });
    return { code: status, stdout, stderr };
  };
  const json = (...args: string[]): unknown => JSON.parse(dockstage([...args, "--json"]).stdout);

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    sandbox.write(
      "dockstage.yaml",
      `name: ${project}
build: .
web: { port: 3000, health: /healthz, stopGrace: 2s }
database: { engines: [mariadb], migrate: echo migrated, seed: echo seeded }
processes: { worker: { run: "trap exit TERM; echo worker starts; while :; do sleep 0.1; done", stopGrace: 2s } }
secrets: { TOKEN: generate }
env: { DATABASE_URL: "\${database.url}" }
`,
    );
    await sandbox.init();
    await sandbox.mustUp();
  });
  afterAll(() => sandbox.clean());

  const running = async (component: string): Promise<string> => (await sandbox.containers(component))[0] ?? "";
  const url = `http://${project}.dev.localhost`;

  test("open prints the URL, and with --mail the mailbox", () => {
    expect(dockstage(["open"])).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`^${url}(:\\d+)?\n$`)) });
    expect(dockstage(["open", "--mail"]).stdout).toMatch(new RegExp(`^http://mail\\.${project}\\.dev\\.localhost(:\\d+)?\n$`));
  });

  test("logs show one component, or all with their names", () => {
    expect(dockstage(["logs", "web"])).toEqual({ code: 0, stdout: "version 1 listens on 3000\n", stderr: "" });
    const all = dockstage(["logs"]).stdout.split("\n");
    expect(all).toContain("web           | version 1 listens on 3000");
    expect(all).toContain("worker        | worker starts");
    expect(dockstage(["logs", "web", "--since", "2030-01-01"])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(dockstage(["logs", "webb"])).toEqual({
      code: 1,
      stdout: "",
      stderr: `dockstage: ${project} dev has no component "webb"; it has: catcher, door, mariadb-10.11, relay, web, worker\n`,
    });
  });

  test("logs --follow shows what is written later", async () => {
    const child = spawn(process.execPath, [join(PACKAGE, "cli", "dockstage"), "logs", "web", "--follow"], {
      cwd: sandbox.app,
      env: sandbox.env,
    });
    const seen: string[] = [];
    const line = new Promise<void>((resolve) => {
      child.stdout.on("data", (chunk: Buffer) => {
        seen.push(chunk.toString());
        if (seen.join("").includes("later\n")) resolve();
        // The first lines are there: now the container writes another one.
        else dockstage(["exec", "web", "--", "sh", "-c", "echo later > /proc/1/fd/1"]);
      });
    });
    await line;
    child.kill();
    expect(seen.join("")).toBe("version 1 listens on 3000\nlater\n");
  });

  test("exec has the container's user and secrets, takes standard input, and passes the exit code on", () => {
    expect(dockstage(["exec", "--", "sh", "-c", 'id -u; test -n "$TOKEN" && echo token; cat; exit 7'], "from stdin")).toEqual({
      code: 7,
      stdout: "4242\ntoken\nfrom stdin",
      stderr: "",
    });
    expect(dockstage(["exec", "worker", "--", "sh", "-c", 'echo "${DATABASE_URL%%:*}"']).stdout).toBe("mysql\n");
    expect(dockstage(["exec", "--", "no-such-program"]).code).toBe(127);
  });

  test("db runs SQL as the app's user, and its password is on no command line", async () => {
    const schema = project.replaceAll("-", "_");
    expect(dockstage(["db", "dev"], "select user(), database()")).toEqual({
      code: 0,
      stdout: `user()\tdatabase()\n${schema}@127.0.0.1\t${schema}\n`,
      stderr: "",
    });
    expect(
      dockstage(["db", "--", "--skip-column-names"], "create table t (i int); insert into t values (1), (2); select * from t").stdout,
    ).toBe("1\n2\n");
    expect(dockstage(["db"], "selec").code).toBe(1);
    const slow = spawn(process.execPath, [join(PACKAGE, "cli", "dockstage"), "db"], { cwd: sandbox.app, env: sandbox.env });
    slow.stdin.write("select 'connected';\n");
    const ended = new Promise((resolve) => slow.on("close", resolve));
    // The client has no prompt without a terminal: that it runs is seen in the process list.
    const processes = (): string => spawnSync("ps", ["axww", "-o", "args"], { encoding: "utf8" }).stdout;
    while (!processes().includes(`mariadb --host=127.0.0.1 --user=${schema}`)) await new Promise((resolve) => setTimeout(resolve, 50));
    const secrets = [
      ...(await sandbox.run("pulumi", ["stack", "export", "--show-secrets", "-s", "dev"])).output.matchAll(
        /"plaintext":\s*"\\"([A-Za-z0-9]{32,})\\""/g,
      ),
    ].map(([, value = ""]) => value);
    const seen = `${processes()}${JSON.stringify(await sandbox.engine.getContainer(await running("mariadb-10.11")).inspect())}`;
    slow.stdin.end();
    await ended;
    expect(secrets.length).toBeGreaterThanOrEqual(2);
    expect(secrets.filter((value) => seen.includes(value))).toEqual([]);
  });

  test("mail shows where it goes and what came", async () => {
    expect(dockstage(["exec", "relay", "--", "sendmail", "-f", "a@app.example", "to@b.example"], "Subject: first\n\nhi\n").code).toBe(0);
    const mail = (): { messages: { subject: string }[] } => json("mail") as { messages: { subject: string }[] };
    while (mail().messages.length === 0) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(mail()).toMatchObject({
      mode: "catch",
      queue: [],
      messages: [{ from: "a@app.example", to: ["to@b.example"], subject: "first" }],
    });
  });

  test("ls and status say that all is well, and what differs once it does", async () => {
    const listed = json("ls") as { environments: { project: string }[] };
    expect(listed.environments.find((environment) => environment.project === project)).toMatchObject({
      stack: "dev",
      condition: "up",
      containers: 6,
      healthy: 6,
      folder: sandbox.app,
      state: "here",
      urls: [expect.stringContaining(url)],
    });
    expect(dockstage(["status"])).toMatchObject({ code: 0, stderr: "" });
    expect(json("status")).toMatchObject({ project, stack: "dev", condition: "up", drift: [], locked: false, interrupted: false });
    const web = sandbox.engine.getContainer(await running("web"));
    await web.update({ Memory: 300 * 1024 * 1024, MemorySwap: 300 * 1024 * 1024 });
    try {
      const name = (await web.inspect()).Name.slice(1);
      const differs = `container ${name}: its memory limit is 300 MiB, defined is 256 MiB`;
      expect(json("status")).toMatchObject({ drift: [differs] });
      expect(dockstage(["status"]).code).toBe(1);
      const { findings } = json("doctor", "dev") as { findings: { id: string; message: string }[] };
      expect(findings.filter(({ message }) => message.includes(project))).toEqual([]);
      expect(findings.filter(({ message }) => message.includes(name))).toMatchObject([{ id: "definition-drift" }]);
    } finally {
      await web.update({ Memory: 256 * 1024 * 1024, MemorySwap: 256 * 1024 * 1024 });
    }
  });

  test("prune removes what no state knows, data aside, and only where it may", async () => {
    const { Config } = await sandbox.engine.getContainer(await running("web")).inspect();
    const labels = { "dockstage.project": project, "dockstage.stack": "dev", "dockstage.component": "web" };
    const before = await sandbox.objects();
    const stray = await sandbox.engine.createContainer({ Image: Config.Image, Labels: labels });
    await sandbox.engine.createVolume({ Name: `${project}-old-data`, Labels: { ...labels, "dockstage.component": "data-mariadb-10.5" } });
    const name = (await stray.inspect()).Name.slice(1);
    const found = {
      remove: [{ kind: "container", name, project, stack: "dev" }],
      data: [{ kind: "volume", name: `${project}-old-data`, project, stack: "dev" }],
    };
    expect(json("prune", `${project}/dev`, "--dry-run")).toMatchObject({ removed: false, ...found });
    expect(dockstage(["prune", `${project}/dev`])).toMatchObject({ code: 2 });
    expect(await sandbox.objects()).toContain(`container /${name}`);
    expect(json("prune", `${project}/dev`, "--yes")).toMatchObject({ removed: true, ...found });
    expect(await sandbox.objects()).toEqual([...before, `volume ${project}-old-data`].sort());
    await sandbox.engine.getVolume(`${project}-old-data`).remove();
  });

  test("down keeps the data, and up goes on with it; down --data leaves nothing", async () => {
    const jobs = async (): Promise<unknown> => {
      const { output } = await sandbox.run("pulumi", ["stack", "export", "-s", "dev"]);
      const { deployment } = JSON.parse(output) as { deployment: { resources: { type: string; id?: string; outputs?: object }[] } };
      return deployment.resources.filter(({ type }) => type === "dockstage:index:Job").map(({ id, outputs }) => [id, outputs]);
    };
    const done = await jobs();
    expect(done).toEqual(
      expect.arrayContaining([
        ["seed", expect.anything()],
        ["migrate", expect.anything()],
      ]),
    );
    const volume = `verb--${project.slice(5)}-dev-data-mariadb-10-11`;

    expect(dockstage(["down"])).toMatchObject({ code: 2, stderr: expect.stringContaining("nobody can be asked here: add --yes") });
    const looked = dockstage(["down", "--dry-run"]);
    expect(looked.stdout).toContain(`stays    ${volume}\n`);
    expect(looked.stdout).toContain("goes     7 containers, 3 networks");
    const down = dockstage(["down", "--yes"]);
    expect(down).toMatchObject({ code: 0, stderr: "" });
    expect((await sandbox.objects()).filter((object) => !object.startsWith("volume"))).toEqual([]);
    expect(await sandbox.objects()).toContain(`volume ${volume}`);
    expect(json("status")).toMatchObject({ condition: "down", drift: [], containers: [], outputs: null });
    expect(dockstage(["down", "--yes"])).toEqual({ code: 0, stdout: `${project} dev is down already.\n`, stderr: "" });

    await sandbox.mustUp();
    // Neither the migrations nor the seed ran again on data that has them.
    expect(await jobs()).toEqual(done);
    expect(dockstage(["db", "--", "--skip-column-names"], "select * from t").stdout).toBe("1\n2\n");
    const again = await sandbox.mustUp();
    // What it did, where it did something.
    expect(Object.keys(changed(again)).length === 0 ? "" : again.output).toBe("");

    expect(dockstage(["down", "--data", "--dry-run"]).stdout).toContain(`DELETED  ${volume}, with all its data\n`);
    expect(dockstage(["down", "--data", "--yes"])).toMatchObject({ code: 0 });
    expect(await sandbox.objects()).toEqual([]);
    expect(JSON.parse((await sandbox.run("pulumi", ["stack", "ls", "--json"])).output)).toEqual([]);
  });
});
