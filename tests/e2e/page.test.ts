import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { dataFolderOf, hostPortOf } from "../../config/machine";
import { connect } from "../../provider/docker";
import { entryOf } from "../../provider/announcement";
import type { Engine } from "../../provider/engine";
import { ask, type Answer } from "../support/http-client";
import { imageOf } from "../support/image-bench";
import { changed, ensureHost, Sandbox } from "../support/sandbox";

/** The host demux's page of all environments: the program that makes it, and that environments enter themselves. */

jest.setTimeout(600_000);

const rowsOf = (body: string): readonly string[] => body.match(/<tr>\n[^]*?<\/tr>/g) ?? [];

describe("the page", () => {
  const NAME = "ds-page-test";
  const FOLDER = `/home/a "b" & 'c'/<script>alert(1)</script><!--none--><!--#echo var="host" -->`;
  const SINCE = "2026-01-31T12:34:56.789Z";
  let engine: Engine;
  let image: Awaited<ReturnType<typeof imageOf>>;
  let id = "";
  let port = 0;

  const environments = (...words: string[]) => engine.exec(id, ["environments", ...words]);
  const put = (project: string, entry: string) => environments("put", project, "dev", Buffer.from(entry).toString("base64"));
  const get = (path = "/", host = "localhost", method = "GET"): Promise<Answer> => ask({ port, host, path, method });
  const entry = (folder: string, ...urls: string[]): string => entryOf({ project: "", stack: "", stage: "dev", urls }, folder, SINCE);

  async function started(): Promise<void> {
    const { NetworkSettings } = await engine.docker.getContainer(id).inspect();
    port = Number(NetworkSettings.Ports["8080/tcp"]?.[0]?.HostPort);
    const up = ["curl", "-fsS", "--retry", "40", "--retry-delay", "0", "--retry-max-time", "20", "--retry-all-errors", "127.0.0.1:8081"];
    const { code, output } = await engine.exec(id, up);
    if (code !== 0) throw new Error(output);
  }

  beforeAll(async () => {
    engine = await connect();
    await engine.removeContainer(NAME).catch(() => undefined); // what an interrupted run left
    image = await imageOf(engine, "images/demux");
    id = await engine.createContainer({
      name: NAME,
      Image: image.id,
      Cmd: ["host"],
      ExposedPorts: { "8080/tcp": {} },
      HostConfig: {
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges"],
        PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "0" }] },
        Mounts: ["/tmp", "/etc/nginx/routes", "/var/lib/dockstage/environments"].map((Target) => ({ Type: "volume", Source: "", Target })),
      },
    });
    await engine.startContainer(id);
    await started();
  });
  afterAll(async () => {
    await engine.removeContainer(id);
    await image.remove();
  });

  test("says what to do where there is no environment", async () => {
    const { status, body } = await get();
    expect(status).toBe(200);
    expect(body).toContain("There is no environment on this engine");
    expect(body).toContain("npx dockstage up dev");
    expect(body).not.toContain("<table>");
  });

  test("has a row for each, in which a folder's name is text whatever it says", async () => {
    expect(await put("shop", entry(FOLDER, "http://php7.4.shop.dev.localhost:8080", "http://php8.2.shop.dev.localhost:8080"))).toEqual({
      code: 0,
      output: "",
    });
    const mailbox = "http://mail.blog.dev.localhost:8080";
    await put("blog", entryOf({ project: "", stack: "", stage: "test", urls: ["http://blog.dev.localhost:8080/"], mailbox }, "/b", SINCE));
    const { body } = await get();
    const [blog = "", shop = "", ...others] = rowsOf(body);
    expect(others).toEqual([]);
    expect(shop).toContain(
      `<code>/home/a &quot;b&quot; &amp; 'c'/&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--none--&gt;&lt;!--#echo var=&quot;host&quot; --&gt;</code>`,
    );
    expect(shop.match(/<a href="[^"]*">[^<]*<\/a>/g)).toEqual([
      '<a href="http://php7.4.shop.dev.localhost:8080">php7.4.shop.dev.localhost:8080</a>',
      '<a href="http://php8.2.shop.dev.localhost:8080">php8.2.shop.dev.localhost:8080</a>',
    ]);
    expect(blog).toContain("dev <small>(test)</small>");
    expect(blog).toContain(`<a href="${mailbox}">mailbox</a>`);
    expect(blog).toContain(`<time datetime="${SINCE}">2026-01-31 12:34 UTC</time>`);
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(body).not.toContain("There is no environment");
  });

  test("is shown under this machine's own names only, whatever the path, and runs no script but its own", async () => {
    for (const host of ["localhost:8099", "127.0.0.1", "[::1]:8080"]) expect(rowsOf((await get("/", host)).body)).toHaveLength(2);
    const { status, body, headers } = await get("/index.php");
    expect({ status, rows: rowsOf(body).length }).toEqual({ status: 404, rows: 2 });
    expect(headers["content-security-policy"]).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'self'");
    expect(headers["cache-control"]).toBe("no-store");
    expect((await get("/environments.js")).headers["content-type"]).toContain("javascript");
    expect(await get("/", "rebound.example")).toMatchObject({ status: 404, body: expect.not.stringContaining("shop") });
  });

  test("asks for an environment's status, and never shows its content under its own name", async () => {
    const at = "/answers/shop.dev.localhost";
    expect([502, 504]).toContain((await get(at, "localhost", "HEAD")).status); // there is no door of that name
    expect((await get(at)).status).toBe(403);
    expect((await get("/answers/evil.example", "localhost", "HEAD")).status).toBe(404);
  });

  test("refuses what is no entry, and keeps the old one", async () => {
    for (const wrong of ["stage dev\nurl javascript:alert(1)\n", "stage dev\n<b>\n", "folder /x\n", ""]) {
      const { code, output } = await environments("put", "shop", "dev", Buffer.from(wrong || "\n").toString("base64"));
      expect({ wrong, code, output }).toEqual({ wrong, code: 2, output: expect.stringContaining("nothing was changed") });
    }
    expect((await environments("put", "../x", "dev", "")).code).toBe(2);
    expect(rowsOf((await get()).body)).toHaveLength(2);
  });

  test("is there again after a restart, and loses what is dropped", async () => {
    const before = (await get()).body;
    await engine.docker.getContainer(id).restart({ t: 5 });
    await started();
    expect((await get()).body).toBe(before);
    expect((await environments("drop", "shop", "dev")).code).toBe(0);
    expect((await environments("show", "shop", "dev")).code).toBe(3);
    expect(rowsOf((await get()).body)).toEqual([expect.stringContaining("blog.dev")]);
    expect((await environments("drop", "shop", "dev")).code).toBe(0);
  });
});

describe("an environment", () => {
  const sandbox = new Sandbox("page");
  let port = 0;
  const page = async (): Promise<string | undefined> => {
    const { body } = await ask({ port, host: "localhost" });
    return rowsOf(body).find((row) => row.includes(sandbox.project));
  };

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    sandbox.write("dockstage.yaml", `name: ${sandbox.project}\nbuild: .\nweb: { port: 3000, health: /healthz, stopGrace: 2s }\n`);
    sandbox.write("Pulumi.dev.yaml", `config:\n  ${sandbox.project}:settings: { stage: dev }\n`);
    await sandbox.init();
    await sandbox.mustUp();
    port = hostPortOf(dataFolderOf(process.env));
  });
  afterAll(() => sandbox.clean());

  test("is on the page of the host demux, and answers", async () => {
    const row = await page();
    expect(row).toContain(`>${sandbox.project}.dev.localhost`);
    expect(row).toContain(`>mailbox</a>`);
    expect(row).toContain(`<code>${sandbox.app}</code>`);
    const path = `/answers/${sandbox.project}.dev.localhost`;
    expect(await ask({ port, host: "localhost", path, method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("enters itself again where the host demux has lost it", async () => {
    const [demux = ""] = (
      await sandbox.engine.listContainers({
        filters: JSON.stringify({ label: ["dockstage.project=dockstage-host", "dockstage.component=demux"] }),
      })
    ).map(({ Id }) => Id);
    await (await connect()).exec(demux, ["environments", "drop", sandbox.project, "dev"]);
    expect(await page()).toBeUndefined();
    expect((await sandbox.refresh()).code).toBe(0);
    expect(changed(await sandbox.mustUp())).toEqual({ update: 1 });
    expect(await page()).toContain(sandbox.project);
    expect(changed(await sandbox.refresh())).toEqual({});
  });

  test("is gone from it after a destroy", async () => {
    expect(await sandbox.destroy()).toMatchObject({ code: 0 });
    expect(await page()).toBeUndefined();
  });
});
