import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, Sandbox, type Finished } from "../support/sandbox";

jest.setTimeout(300_000);

/** Data that outlives the state of its environment: refused, taken over, and imported by plain Pulumi. */

const CLIENTS = {
  mariadb: (sql: string): string =>
    `MYSQL_PWD=$(cat /run/dockstage/secrets/root-password) mariadb -h 127.0.0.1 -u root -N "$SCHEMA" -e "${sql}"`,
  postgresql: (sql: string): string =>
    `PGPASSWORD=$(cat /run/dockstage/secrets/root-password) psql -h 127.0.0.1 -U postgres -At -d "$SCHEMA" -c "${sql}"`,
} as const;
const SERVERS = { mariadb: "mariadb-10.11", postgresql: "postgresql-15" } as const;
type Engine = keyof typeof CLIENTS;

class App extends Sandbox {
  /** The name under which the app runs: another folder's app may have it, too. */
  readonly name: string;

  constructor(
    readonly database: Engine,
    of?: App,
  ) {
    super("adopt");
    this.name = of?.project ?? this.project;
    this.copy("tests/support/apps/hello");
    this.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
    this.write(
      "dockstage.yaml",
      `name: ${this.name}
build: .
web: { port: 3000, health: /healthz, stopGrace: 1s }
database: { engines: [${database}], migrate: "echo migrated", seed: "echo seeded with \${size}" }
env: { DATABASE_URL: "\${database.url}" }
writable: { data: data }
`,
    );
    if (of) this.write("Pulumi.yaml", readFileSync(join(of.app, "Pulumi.yaml"), "utf8"));
  }

  dockstage(...args: string[]): Promise<Finished> {
    return this.run(process.execPath, ["node_modules/dockstage/cli/dockstage", "up", "dev", ...args]);
  }

  async mustDockstage(...args: string[]): Promise<string> {
    const { code, output } = await this.dockstage(...args);
    if (code !== 0) throw new Error(output);
    return output;
  }

  async inside(component: string, script: string): Promise<string> {
    const [id = ""] = await this.containers(component);
    const done = await this.run("docker", ["exec", id, "sh", "-c", script]);
    if (done.code !== 0) throw new Error(done.output);
    return done.output.trim();
  }

  /** As the administrator, over TCP, by the password that the state has now. */
  sql(sql: string): Promise<string> {
    const schema = this.name.replaceAll("-", "_");
    return this.inside(SERVERS[this.database], CLIENTS[this.database](sql).replaceAll("$SCHEMA", schema));
  }

  loseState(): void {
    rmSync(join(this.folder, "state"), { recursive: true });
    mkdirSync(join(this.folder, "state"));
    rmSync(join(this.app, "Pulumi.dev.yaml"), { force: true });
  }

  /** Every object, without what differs from one generation to the next. */
  async kinds(): Promise<readonly string[]> {
    return (await this.objects()).map((object) => object.replace(/-[0-9a-f]{7,8}$/, ""));
  }

  async volumes(): Promise<readonly string[]> {
    return (await this.objects()).flatMap((object) =>
      /^volume .*-(data-|files-data)/.test(object) ? [object.slice("volume ".length)] : [],
    );
  }

  /** What a person put in: a row and a file. */
  async fill(): Promise<void> {
    await this.sql("CREATE TABLE kept (word VARCHAR(20)); INSERT INTO kept VALUES ('precious');");
    await this.inside("web", "echo uploaded > data/file");
  }

  async expectFilled(): Promise<void> {
    expect(await this.sql("SELECT word FROM kept")).toBe("precious");
    expect(await this.inside("web", "cat data/file")).toBe("uploaded");
  }
}

/** Removes what runs of an app, as a person would by hand; the data stays. */
async function removeByHand(app: App): Promise<void> {
  const filters = JSON.stringify({ label: [`dockstage.project=${app.name}`] });
  for (const { Id } of await app.engine.listContainers({ all: true, filters }))
    await app.engine.getContainer(Id).remove({ force: true, v: true });
  for (const { Id } of await app.engine.listNetworks({ filters })) await app.engine.getNetwork(Id).remove();
}

beforeAll(ensureHost);

describe.each(["mariadb", "postgresql"] as const)("an environment with %s whose state is lost", (database) => {
  const app = new App(database);
  let whole: readonly string[] = [];

  beforeAll(async () => {
    await app.mustDockstage();
    await app.fill();
    whole = await app.kinds();
    app.loseState();
  });
  afterAll(async () => {
    await app.clean();
    // What the lost state had besides data: plain Pulumi knows nothing of it, and `dockstage prune` is what removes it.
    for (const object of await app.objects()) if (object.startsWith("volume ")) await app.engine.getVolume(object.slice(7)).remove();
  });

  test("is refused in one message, by plain Pulumi's preview too, and nothing is touched", async () => {
    const before = await app.objects();
    const { code, output } = await app.dockstage();
    expect(code).toBe(1);
    const [first = "", second = ""] = await app.volumes();
    expect(output).toContain(`${app.name} dev has data on this engine that its state does not know. Nothing was changed.`);
    for (const volume of [first, second]) expect(output).toMatch(new RegExp(`the volume ${volume}, since \\d{4}-\\d\\d-\\d\\dT`));
    expect(output).toContain("dockstage up dev --adopt");
    expect(output).toContain(`docker volume rm ${first} ${second}`);
    const preview = await app.preview();
    expect(preview.code).not.toBe(0);
    expect(preview.output).toMatch(/The volume \S+-(data-\w+-\S+|files-data) is on the engine since/);
    expect(await app.objects()).toEqual(before);
  });

  test("is taken over with its rows and files; migrations run, the seed does not, and nothing changes after", async () => {
    const output = await app.mustDockstage("--adopt");
    expect(output).toMatch(/created +Job migrate/);
    expect(output).not.toContain("seeded with");
    await app.expectFilled();
    // The app's user has its new password, too: the schema's job set it.
    expect(await app.kinds()).toEqual(whole);
    expect(changed(await app.mustUp())).toEqual({});
    expect(changed(await app.refresh())).toEqual({});
    expect(await app.mustDockstage()).not.toContain("--adopt");
  });

  test("shows its administrator's password nowhere", async () => {
    const password = await app.inside(SERVERS[database], "cat /run/dockstage/secrets/root-password");
    expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
    const [id = ""] = await app.containers(SERVERS[database]);
    const shown = [
      await app.run("docker", ["inspect", id]),
      await app.run("docker", ["logs", id]),
      await app.run("docker", ["exec", id, "sh", "-c", "cat /proc/[0-9]*/cmdline /proc/1/environ | tr '\\0' ' '"]),
    ];
    for (const { code, output } of shown) {
      expect(code).toBe(0);
      expect(output).not.toContain(password);
    }
  });

  test("is imported by plain Pulumi: no volume is replaced, and the data is there", async () => {
    await removeByHand(app);
    app.loseState();
    await app.init();
    for (const component of [`data-${SERVERS[database]}`, "files-data"]) {
      const volume = (await app.volumes()).find((name) => name.includes(component.replace(".", "-"))) ?? "";
      for (const [type, name] of [
        ["docker:index/volume:Volume", component],
        ["dockstage:index:Stamp", `${component}-stamp`],
      ] as const) {
        const done = await app.run("pulumi", [
          "import",
          type,
          name,
          volume,
          "-s",
          "dev",
          "--yes",
          "--protect=false",
          "--generate-code=false",
          "--skip-preview",
        ]);
        if (done.code !== 0) throw new Error(done.output);
      }
    }
    const stamps = async (): Promise<readonly string[]> =>
      Promise.all(
        (await app.volumes()).map(async (name) => (await app.engine.getVolume(name).inspect()).Labels?.["dockstage.stamp"] ?? ""),
      );
    const before = await stamps();
    const done = await app.mustUp();
    expect(Object.keys(changed(done))).toEqual(["create"]);
    expect(await stamps()).toEqual(before);
    await app.expectFilled();
    expect(changed(await app.mustUp())).toEqual({});
  });
});

describe("an environment that another folder holds", () => {
  const first = new App("mariadb");
  const second = new App("mariadb", first);

  beforeAll(async () => {
    await first.mustDockstage();
    await first.fill();
  });
  afterAll(async () => {
    // Whoever has it now destroys it; the other one's state is only forgotten.
    await first.clean();
    rmSync(second.folder, { recursive: true, force: true });
  });

  test("is refused there, naming the folder, and moves there with its data", async () => {
    const before = await first.objects();
    const refused = await second.dockstage();
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`It was brought up from ${first.app}, with another state than this one.`);
    expect(await first.objects()).toEqual(before);
    await second.mustDockstage("--adopt");
    await first.expectFilled();
    expect(changed(await second.mustUp())).toEqual({});
  });

  test("is refused to the first folder from then on, which can take it back", async () => {
    const before = await first.objects();
    const refused = await first.dockstage();
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(`${first.name} dev was taken over from ${second.app}, with its data.`);
    expect(await first.objects()).toEqual(before);
    await first.mustDockstage("--adopt");
    await first.expectFilled();
    expect(changed(await first.mustUp())).toEqual({});
    expect(changed(await first.refresh())).toEqual({});
  });
});
