import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { caught, mailboxOf, recipients } from "../support/mailbox";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";
import { pngOf } from "../support/png";
import { Visitor } from "../support/wordpress";

jest.setTimeout(300_000);

describe("WordPress, an app that knows nothing of dockstage", () => {
  const sandbox = new Sandbox("wp");
  const dockstage = async (...args: string[]): Promise<string> => {
    const { code, output } = await sandbox.run("node", ["node_modules/dockstage/cli/dockstage", ...args]);
    if (code !== 0) throw new Error(output);
    return output;
  };
  const url = async (): Promise<string> => {
    const { variants } = (await sandbox.outputs()) as { variants: Record<string, { url: string }> };
    return variants["mariadb10.11"]?.url ?? "";
  };
  let editor: Visitor;
  let picture = "";

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/wordpress");
    const file = join(sandbox.app, "dockstage.yaml");
    sandbox.write("dockstage.yaml", readFileSync(file, "utf8").replace("name: wordpress", `name: ${sandbox.project}`));
    sandbox.write(".dockerignore", "node_modules\n");
    await dockstage("up", "dev");
    editor = new Visitor(await url());
  });
  afterAll(() => sandbox.clean());

  test("its installer runs at its URL, and the editor can log in", async () => {
    expect(await editor.install("Shop", "editor@real.example")).toContain("<h1>Success!</h1>");
    expect(await editor.logIn()).toBe(`${editor.url}/wp-admin/`);
  });

  test("it takes an upload and makes the smaller pictures", async () => {
    const file = join(sandbox.folder, "picture.png");
    pngOf(file, 640, 480);
    picture = await editor.upload(file, "picture.png");
    expect(picture).toMatch(/\/wp-content\/uploads\/\d{4}\/\d\d\/picture\.png$/);
    expect((await request(picture)).status).toBe(200);
    expect(await editor.rest("/wp/v2/media")).toMatchObject([
      { media_details: { sizes: { medium: { width: 300 }, thumbnail: { width: 150 } } } },
    ]);
  });

  test("its mail about a new password is in the mailbox", async () => {
    expect(await editor.askForNewPassword()).toContain("checkemail=confirm");
    const [mail] = await caught(await mailboxOf(sandbox), "[Shop] Password Reset", (mails) => mails.length > 0);
    expect(mail && recipients(mail)).toEqual(["editor@real.example"]);
    expect(mail?.text).toContain(`${editor.url}/wp-login.php?action=rp&key=`);
  });

  test("it reaches itself: the loopback check of Site Health is good", async () => {
    expect(await editor.rest("/wp-site-health/v1/tests/loopback-requests")).toMatchObject({
      status: "good",
      label: "Your site can perform loopback requests",
    });
  });

  test("a second up changes nothing", async () => {
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });

  test("over down and up it keeps its pictures, posts and users", async () => {
    await editor.rest("/wp/v2/posts", new URLSearchParams({ title: "Kept over a night", status: "publish" }));
    await dockstage("down", "dev", "--yes");
    expect(await sandbox.containers("web")).toEqual([]);
    await dockstage("up", "dev");
    const later = new Visitor(await url());
    expect(await later.logIn()).toBe(`${later.url}/wp-admin/`);
    expect((await request(picture)).status).toBe(200);
    expect((await later.get("/")).body).toContain("Kept over a night");
    expect(await caught(await mailboxOf(sandbox), "[Shop]", (mails) => mails.length > 0)).toHaveLength(1);
  });

  test("down with its data leaves nothing", async () => {
    await dockstage("down", "dev", "--data", "--yes");
    expect(await sandbox.objects()).toEqual([]);
    rmSync(join(sandbox.folder, "picture.png"));
  });
});
