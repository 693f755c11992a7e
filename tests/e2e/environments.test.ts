import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

jest.setTimeout(900_000);

const yaml = (sandbox: Sandbox, more = ""): void =>
  sandbox.write("dockstage.yaml", `name: ${sandbox.project}\nbuild: .\nweb: { port: 3000, health: /healthz, stopGrace: 2s }\n${more}`);

const stacks = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

describe("ten environments at once on one engine", () => {
  const sandbox = new Sandbox("ten");
  const urls = new Map<string, string>();

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    yaml(sandbox);
    for (const stack of stacks) {
      sandbox.write(`Pulumi.${stack}.yaml`, `config:\n  ${sandbox.project}:settings: { stage: dev }\n`);
      await sandbox.init(stack);
    }
    // All at the same time: leases of subnets are taken under a lock.
    const done = await Promise.all(stacks.map((stack) => sandbox.up(stack)));
    for (const { code, output } of done) if (code !== 0) throw new Error(output);
    for (const stack of stacks) {
      const { variants } = await sandbox.outputs(stack);
      urls.set(stack, Object.values(variants as Record<string, { url: string }>)[0]?.url ?? "");
    }
  });
  afterAll(() => sandbox.clean(...stacks));

  test("each answers under its own name, and no two networks overlap", async () => {
    for (const stack of stacks) expect((await request(urls.get(stack) ?? "")).body).toBe("hello 1\n");
    const filters = JSON.stringify({ label: [`dockstage.project=${sandbox.project}`] });
    const subnets = (await sandbox.engine.listNetworks({ filters })).flatMap(({ IPAM }) =>
      (IPAM?.Config ?? []).map(({ Subnet }) => Subnet),
    );
    // edge, data and mail.
    expect(subnets).toHaveLength(30);
    expect(new Set(subnets).size).toBe(30);
  });

  test("destroying five leaves the others untouched", async () => {
    const before = await Promise.all(stacks.slice(5).map((stack) => sandbox.objects(stack)));
    for (const stack of stacks.slice(0, 5)) expect(await sandbox.destroy(stack)).toMatchObject({ code: 0 });
    for (const stack of stacks.slice(0, 5)) expect(await sandbox.objects(stack)).toEqual([]);
    expect(await Promise.all(stacks.slice(5).map((stack) => sandbox.objects(stack)))).toEqual(before);
    for (const stack of stacks.slice(5)) {
      expect((await request(urls.get(stack) ?? "")).status).toBe(200);
      expect(changed(await sandbox.mustUp(stack))).toEqual({});
    }
    const gone = await request(urls.get("one") ?? "");
    expect(gone.status).toBe(503);
    expect(gone.body).toContain(sandbox.project);
  });
});

describe("two apps whose names differ in where the hyphen is", () => {
  const sandbox = new Sandbox("ab");

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
  });
  afterAll(() => sandbox.clean("x-one", "one"));

  test("share neither a door nor a volume", async () => {
    // <project> in the stack x-one, and <project>-x in the stack one.
    yaml(sandbox);
    sandbox.write("Pulumi.x-one.yaml", `config:\n  ${sandbox.project}:settings: { stage: dev }\n`);
    await sandbox.init("x-one");
    await sandbox.mustUp("x-one");
    const other = new Sandbox(sandbox.project);
    expect(other.project.startsWith(`${sandbox.project}-`)).toBe(true);
    const end = other.project.slice(sandbox.project.length + 1);
    other.copy("tests/support/apps/hello");
    yaml(other);
    other.write("Pulumi.one.yaml", `config:\n  ${other.project}:settings: { stage: dev }\n`);
    sandbox.write(`Pulumi.${end}-one.yaml`, `config:\n  ${sandbox.project}:settings: { stage: dev }\n`);
    await other.init("one");
    await sandbox.init(`${end}-one`);
    try {
      await other.mustUp("one");
      await sandbox.mustUp(`${end}-one`);
      const mine = await sandbox.objects(`${end}-one`);
      const theirs = await other.objects("one");
      expect(mine.filter((object) => theirs.includes(object))).toEqual([]);
      expect((await other.destroy("one")).code).toBe(0);
      expect(await sandbox.objects(`${end}-one`)).toEqual(mine);
    } finally {
      await other.clean("one");
      await sandbox.destroy(`${end}-one`);
    }
  });
});

describe("an app with a Dockerfile, a port, a health path and a database", () => {
  const sandbox = new Sandbox("own");
  const canary = "canary-8c1f2b7d4e";

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    yaml(
      sandbox,
      `database: { engines: [mariadb], migrate: "test -n \\"$DATABASE_URL\\" && echo migrated" }
secrets: { TOKEN: required, MADE: generate }
env: { DATABASE_URL: "\${database.url}", BOTH: "x-\${secrets.TOKEN}-y", PLAIN: "\${url}" }
`,
    );
    await sandbox.init();
    const set = await sandbox.run("pulumi", ["config", "set", "--secret", "TOKEN", canary, "-s", "dev"]);
    if (set.code !== 0) throw new Error(set.output);
    const done = await sandbox.mustUp();
    expect(done.output).not.toContain(canary);
  });
  afterAll(() => sandbox.clean());

  test("gets its variables, secret ones too, and nothing secret stands anywhere", async () => {
    const { variants } = await sandbox.outputs();
    const [variant] = Object.values(variants as Record<string, { url: string }>);
    const names = (await request(`${variant?.url ?? ""}/env`)).body.split("\n");
    for (const name of ["DATABASE_URL", "TOKEN", "MADE", "BOTH", "PLAIN"]) expect(names).toContain(name);
    const [web = ""] = await sandbox.containers("web");
    const read = await sandbox.run("docker", ["exec", web, "cat", "/run/dockstage/env/TOKEN"]);
    expect(read.output).toBe(canary);
    const made = (await sandbox.run("docker", ["exec", web, "cat", "/run/dockstage/env/MADE"])).output;
    expect(made).toMatch(/^[A-Za-z0-9]{40}$/);

    const ids = (
      await sandbox.engine.listContainers({ all: true, filters: JSON.stringify({ label: [`dockstage.project=${sandbox.project}`] }) })
    ).map(({ Id }) => Id);
    const images = (await sandbox.objects()).filter((object) => object.startsWith("image ")).map((object) => object.slice(6));
    const places = [
      await sandbox.run("docker", ["inspect", ...ids]),
      ...(await Promise.all(ids.map((id) => sandbox.run("docker", ["logs", id])))),
      ...(await Promise.all(images.map((image) => sandbox.run("docker", ["history", "--no-trunc", image])))),
      await sandbox.preview("dev", "--diff"),
      await sandbox.run("pulumi", ["stack", "export", "-s", "dev"]),
      await sandbox.run("pulumi", ["stack", "output", "--json", "-s", "dev"]),
    ];
    for (const { code, output } of places) {
      expect(code).toBe(0);
      expect(output).not.toContain(canary);
      expect(output).not.toContain(made);
    }
  });

  test("a migration that fails, fails the up with its log, and the next good one goes on", async () => {
    const [before] = await sandbox.containers("web");
    yaml(sandbox, `database: { engines: [mariadb], migrate: "echo table entries is locked >&2; exit 3" }\nsecrets: { TOKEN: required }\n`);
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("table entries is locked");
    expect(failed.output).toMatch(/exit(ed with)? code 3/);
    expect(await sandbox.containers("web")).toEqual([before]);
    yaml(sandbox, `database: { engines: [mariadb], migrate: "echo fine" }\nsecrets: { TOKEN: required }\n`);
    await sandbox.mustUp();
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });

  test("bad config comes out at once, and nothing is made or changed", async () => {
    const before = await sandbox.objects();
    sandbox.write(
      "dockstage.yaml",
      `name: ${sandbox.project}\nphp: { versions: ["7.4", "5.6"], servres: [nginx] }\nweb: { memory: lots }\n`,
    );
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    for (const text of [
      "dockstage.yaml:2",
      "servres",
      "servers",
      "5.6",
      'use one of "7.4", "8.2", "8.4"',
      "web.memory",
      "lots",
      "4 problems",
    ])
      expect(failed.output).toContain(text);
    expect(failed.output).not.toMatch(/at .*\.ts:\d+|ConfigError/);
    expect(await sandbox.objects()).toEqual(before);
  });
});
