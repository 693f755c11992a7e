import { chownSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

// The images are built where they are not there yet.
jest.setTimeout(900_000);

const chownAll = (path: string, uid: number): void => {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), uid, uid);
  }
};

/** A sandbox with the guestbook under another name, its folder owned by `uid`. */
function guestbook(prefix: string, uid: number): Sandbox {
  const sandbox = new Sandbox(prefix);
  sandbox.copy("examples/guestbook");
  const file = join(sandbox.app, "dockstage.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^name: .*$/m, `name: ${sandbox.project}`));
  chownAll(sandbox.app, uid);
  return sandbox;
}

const urlOf = async (sandbox: Sandbox): Promise<string> => {
  const { variants } = await sandbox.outputs();
  const [variant] = Object.values(variants as Record<string, { url: string }>);
  if (!variant) throw new Error("no variant in the outputs");
  return variant.url;
};

describe("the guestbook's DEV, through its whole life", () => {
  const sandbox = guestbook("gb", 1000);
  let url = "";

  beforeAll(async () => {
    ensureHost();
    await sandbox.init();
    await sandbox.mustUp();
    url = await urlOf(sandbox);
  });
  afterAll(() => sandbox.clean());

  test("the URL answers, with the generated entries", async () => {
    const { status, body } = await request(url);
    expect(status).toBe(200);
    expect(body).toContain("<html");
    expect((await request(`${url}/healthz`)).status).toBe(200);
  });

  test("the outputs have the contract's keys", async () => {
    const outputs = await sandbox.outputs();
    expect(Object.keys(outputs).sort()).toEqual(["data", "mail", "portal", "release", "schema", "ssh", "variants"]);
    expect(outputs).toMatchObject({
      schema: 1,
      portal: null,
      mail: { mode: "catch", inbox: url.replace("://", "://mail."), redirectTo: null },
      ssh: null,
      release: null,
      data: { source: "generated", lastSync: null, lastBackup: null },
    });
    expect(outputs["variants"]).toMatchObject({
      "php7.4-nginx-mariadb10.11": { url, database: { engine: "mariadb", version: "10.11", schema: sandbox.project.replaceAll("-", "_") } },
    });
  });

  test("a second up changes nothing, and neither does a refresh", async () => {
    const again = await sandbox.mustUp();
    expect(changed(again)).toEqual({});
    expect(again.changes["same"]).toBeGreaterThan(20);
    const refreshed = await sandbox.refresh();
    expect(refreshed.code).toBe(0);
    expect(changed(refreshed)).toEqual({});
  });

  test("the app reaches itself under its own public URL from inside its container", async () => {
    const [web] = await sandbox.containers("web");
    const done = await sandbox.run("docker", ["exec", web ?? "", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", `${url}/healthz`]);
    expect(done.output).toBe("200");
    const php = await sandbox.run("docker", [
      "exec",
      web ?? "",
      "php",
      "-r",
      `echo strlen(file_get_contents('${url}/healthz')) > 0 ? 'reached' : 'not reached';`,
    ]);
    expect(php.output).toBe("reached");
  });

  test("an edited file shows at the next request", async () => {
    writeFileSync(join(sandbox.app, "public", "edited.php"), "<?php echo 'first';");
    expect((await request(`${url}/edited.php`)).body).toBe("first");
    writeFileSync(join(sandbox.app, "public", "edited.php"), "<?php echo 'second';");
    expect((await request(`${url}/edited.php`)).body).toBe("second");
  });

  test("a fatal error shows in the page, and is no success", async () => {
    writeFileSync(join(sandbox.app, "public", "broken.php"), "<?php $a = 1 $b = 2;");
    const broken = await request(`${url}/broken.php`);
    expect({ status: broken.status, body: broken.body }).toEqual({ status: 500, body: expect.stringContaining("syntax error") });
    writeFileSync(join(sandbox.app, "public", "broken.php"), "<?php echo 'so far'; no_such_function();");
    expect(await request(`${url}/broken.php`)).toMatchObject({ status: 500, body: expect.stringContaining("no_such_function") });
  });

  test("the app is in a closed box: it reaches nothing outside", async () => {
    const [web] = await sandbox.containers("web");
    // An address that no network has (RFC 5737): without a route the engine's kernel says so at once.
    const done = await sandbox.run("docker", ["exec", web ?? "", "curl", "-sS", "-m", "3", "http://192.0.2.1/"]);
    expect(done.code).not.toBe(0);
    expect(done.output).toMatch(/Network is unreachable|Couldn't connect|Failed to connect|timed out/);
  });

  test("a changed variable replaces the web container and nothing that holds data", async () => {
    const file = join(sandbox.app, "dockstage.yaml");
    const before = { web: await sandbox.containers("web"), database: await sandbox.containers("mariadb-10.11") };
    writeFileSync(file, readFileSync(file, "utf8").replace(/^env:\n/m, "env:\n  EXTRA: something\n"));
    const done = await sandbox.mustUp();
    expect(changed(done)).toMatchObject({ replace: expect.any(Number) });
    const after = { web: await sandbox.containers("web"), database: await sandbox.containers("mariadb-10.11") };
    expect(after.web).toHaveLength(1);
    expect(after.web).not.toEqual(before.web);
    expect(after.database).toEqual(before.database);
    expect((await request(url)).status).toBe(200);
  });

  test("out-of-band docker rm -f is repaired by dockstage up, and by a plain up without a refresh", async () => {
    const [web] = await sandbox.containers("web");
    await sandbox.engine.getContainer(web ?? "").remove({ force: true, v: true });
    const done = await sandbox.run("node", ["node_modules/dockstage/cli/dockstage", "up", "dev"]);
    expect(done.output).toContain("does not run");
    expect(done.code).toBe(0);
    expect((await request(url)).status).toBe(200);
    const [next] = await sandbox.containers("web");
    await sandbox.engine.getContainer(next ?? "").remove({ force: true, v: true });
    await sandbox.mustUp();
    expect((await request(url)).status).toBe(200);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("destroy leaves nothing", async () => {
    expect((await sandbox.objects()).length).toBeGreaterThan(8);
    const done = await sandbox.destroy();
    expect({ code: done.code, left: await sandbox.objects() }).toEqual({ code: 0, left: [] });
  });
});

describe.each([0, 1234])("a source folder of uid %i", (uid) => {
  const sandbox = guestbook(`uid${uid}`, uid);

  beforeAll(async () => {
    ensureHost();
    await sandbox.init();
    await sandbox.mustUp();
  });
  afterAll(() => sandbox.clean());

  test("is written by the app and by the person, and the app never runs as root", async () => {
    const [web] = await sandbox.containers("web");
    const inside = (command: string): ReturnType<Sandbox["run"]> => sandbox.run("docker", ["exec", web ?? "", "sh", "-c", command]);
    const user = await inside("id -u");
    expect(user.output.trim()).toBe(uid === 0 ? "1000" : String(uid));
    expect(await inside("echo app > /app/by-the-app && mkdir -p /app/new && echo app > /app/new/file")).toMatchObject({ code: 0 });
    // The person's shell: the folder's owner.
    const own = { uid, gid: uid };
    writeFileSync(join(sandbox.app, "by-the-person"), "person");
    chownSync(join(sandbox.app, "by-the-person"), own.uid, own.gid);
    expect(await inside("echo again >> /app/by-the-person")).toMatchObject({ code: 0 });
    const person = await sandbox.run("setpriv", [
      `--reuid=${uid}`,
      `--regid=${uid}`,
      "--clear-groups",
      "sh",
      "-c",
      "echo more >> by-the-app && echo more >> new/file && rm new/file",
    ]);
    expect(person).toMatchObject({ code: 0 });
  });
});
