import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

jest.setTimeout(900_000);

const describeApp = (sandbox: Sandbox, version: string, more = ""): void => {
  sandbox.write(
    "dockstage.yaml",
    `name: ${sandbox.project}\nbuild: { context: ., args: { VERSION: "${version}" } }\nweb: { port: 3000, health: /healthz, healthTimeout: 8s, stopGrace: 5s }\n${more}`,
  );
};

describe("an app that never gets healthy", () => {
  const sandbox = new Sandbox("deploy");
  const url = `http://${sandbox.project}.dev.localhost:`;
  let base = "";
  const body = async (): Promise<string> => (await request(base)).body.trim();

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    describeApp(sandbox, "1");
    await sandbox.init();
    await sandbox.mustUp();
    const { variants } = await sandbox.outputs();
    base = Object.values(variants as Record<string, { url: string }>)[0]?.url ?? "";
    expect(base.startsWith(url)).toBe(true);
  });
  afterAll(() => sandbox.clean());

  const broken = async (): Promise<void> => {
    describeApp(sandbox, "broken");
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("did not become healthy within 8 s");
    expect(failed.output).toContain("GET");
    expect(failed.output).toContain("version broken listens on 3000");
    expect(await body()).toBe("hello 1");
    expect(await sandbox.containers("web")).toHaveLength(1);
  };

  test("the old one keeps serving, the new one is gone, the message says why", async () => {
    await broken();
    const all = await sandbox.objects();
    expect(all.filter((object) => /^container .*-web-[^s]/.test(object))).toHaveLength(1);
  });

  test.each([false, true])(
    "the same input again fails again with the cause, and the old one serves (refreshed state: %s)",
    async (refreshed) => {
      if (refreshed) expect((await sandbox.refresh()).code).toBe(0);
      await broken();
    },
  );

  test.each([false, true])("the old input ends green and leaves no orphan (refreshed state: %s)", async (refreshed) => {
    await broken();
    if (refreshed) expect((await sandbox.refresh()).code).toBe(0);
    describeApp(sandbox, "1");
    await sandbox.mustUp();
    expect(await body()).toBe("hello 1");
    expect(await sandbox.containers("web")).toHaveLength(1);
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });

  test.each([false, true])("a fixed input ends green and leaves no orphan (refreshed state: %s)", async (refreshed) => {
    await broken();
    if (refreshed) expect((await sandbox.refresh()).code).toBe(0);
    const fixed = refreshed ? "3" : "2";
    describeApp(sandbox, fixed);
    await sandbox.mustUp();
    expect(await body()).toBe(`hello ${fixed}`);
    expect(await sandbox.containers("web")).toHaveLength(1);
    describeApp(sandbox, "1");
    await sandbox.mustUp();
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("one that crashes at once fails at once, with its last words", async () => {
    describeApp(sandbox, "crash");
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("this version crashes at once");
    expect(await body()).toBe("hello 1");
    describeApp(sandbox, "1");
    await sandbox.mustUp();
  });

  test("ten replacements under 200 requests a second, two of them broken: none fails", async () => {
    // The images first, so that the load meets replacements only.
    for (let version = 10; version < 20; version++) {
      await sandbox.run("docker", ["build", "-q", "--build-arg", `VERSION=${version}`, "."], {
        DOCKER_BUILDKIT: "1",
        PATH: `/usr/bin:${process.env["PATH"] ?? ""}`,
      });
    }
    const failures: string[] = [];
    let sent = 0;
    const pending: Promise<void>[] = [];
    const load = setInterval(() => {
      for (let i = 0; i < 4; i++) {
        sent++;
        pending.push(
          request(base, { timeoutMs: 5000 }).then(
            ({ status }) => void (status >= 200 && status < 400 ? undefined : failures.push(`status ${status}`)),
            (error: unknown) => void failures.push(String(error)),
          ),
        );
      }
    }, 20);
    try {
      for (let version = 10; version < 20; version++) {
        if (version === 13 || version === 17) {
          describeApp(sandbox, "broken");
          expect((await sandbox.up()).code).not.toBe(0);
        }
        describeApp(sandbox, String(version));
        await sandbox.mustUp();
      }
    } finally {
      clearInterval(load);
    }
    await Promise.all(pending);
    expect(sent).toBeGreaterThan(1000);
    expect({ failures: failures.slice(0, 5), count: failures.length }).toEqual({ failures: [], count: 0 });
    expect(await body()).toBe("hello 19");
  });

  test("a process that ends again and again fails the update with its last words", async () => {
    describeApp(sandbox, "19", 'processes: { worker: { run: "echo no queue to work on >&2; exit 1" } }\n');
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("no queue to work on");
    expect(await sandbox.containers("worker")).toEqual([]);
    describeApp(sandbox, "19", 'processes: { worker: { run: "sleep 3600", stopGrace: 1s } }\n');
    await sandbox.mustUp();
    expect(await sandbox.containers("worker")).toHaveLength(1);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("destroy leaves nothing", async () => {
    expect((await sandbox.destroy()).code).toBe(0);
    expect(await sandbox.objects()).toEqual([]);
  });
});
