import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { caught, exec, mailboxOf, recipients } from "../support/mailbox";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

jest.setTimeout(600_000);

describe("a team's own image with mail: sendmail, and another catcher", () => {
  const sandbox = new Sandbox("send");
  const catcher = `${sandbox.project}-given-catcher:1`;
  const dockerfile = (more = ""): void =>
    sandbox.write(
      "Dockerfile",
      `FROM debian:bookworm-slim
RUN useradd --uid 4242 hello && mkdir /srv/site && echo of the team > /srv/version
COPY server.pl /srv/
${more}WORKDIR /srv/site
USER hello
ENTRYPOINT ["/bin/sh", "-c", "exec \\"$@\\"", "entry"]
CMD ["perl", "/srv/server.pl"]
`,
    );

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("tests/support/apps/hello");
    sandbox.write(".dockerignore", "node_modules\nPulumi*\ndockstage.yaml\n");
    dockerfile();
    sandbox.write(
      "dockstage.yaml",
      `name: ${sandbox.project}
build: { context: . }
mail: sendmail
web: { port: 3000, health: /, stopGrace: 2s }
env: { SMTP_PORT: "2500" }
`,
    );
    await sandbox.init();
    await sandbox.mustUp();
  });
  afterAll(async () => {
    await sandbox.clean();
    await sandbox.engine
      .getImage(catcher)
      .remove({ force: true })
      .catch(() => undefined);
  });

  test("the layer has sendmail and leaves the image's user, programs and folder as they are", async () => {
    const tags = (await sandbox.objects()).filter((object) => /^image .*\/app(-base)?:/.test(object));
    const configs = await Promise.all(tags.map((tag) => sandbox.engine.getImage(tag.slice("image ".length)).inspect()));
    const said = configs.map(({ Config: { Entrypoint, Cmd, WorkingDir } }) => ({ Entrypoint, Cmd, WorkingDir }));
    expect(said).toHaveLength(2);
    expect(said[0]).toEqual(said[1]);
    expect((await exec(sandbox, "web", "id", "-u")).output).toBe("4242\n");
    expect((await exec(sandbox, "web", "printenv", "SMTP_HOST", "SMTP_PORT")).output).toBe("mail\n2500\n");
    const mail = "To: ada@real.example\\nBcc: hidden@real.example\\nSubject: from the layer\\n\\ntext\\n";
    expect(await exec(sandbox, "web", "sh", "-c", `printf '${mail}' | sendmail -t -fbounce@shop.example`)).toEqual(
      expect.objectContaining({ code: 0, output: "" }),
    );
    const [found] = await caught(await mailboxOf(sandbox), "from the layer", ({ length }) => length > 0);
    expect(found && [found.envelope.from.address, recipients(found), found.headers["bcc"]]).toEqual([
      "bounce@shop.example",
      expect.arrayContaining(["ada@real.example", "hidden@real.example"]),
      undefined,
    ]);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("another catcher, with other ports, gets the mail", async () => {
    const [own = ""] = (await sandbox.objects()).filter((object) => /^image .*\/catcher:/.test(object));
    const id = (await sandbox.containers("catcher"))[0] ?? "";
    // A stand-in for somebody else's image.
    const made = await sandbox.engine.createContainer({
      Image: own.slice("image ".length),
      User: "0",
      Cmd: ["sed", "-i", "s/= 1025/= 2525/; s/= 1080/= 8025/", "catcher.js"],
    });
    await made.start();
    await made.wait();
    await made.commit({ repo: catcher.split(":")[0], tag: "1", Cmd: ["node", "catcher.js"], User: "65534:65534" });
    await made.remove();
    for (const [key, value] of [
      ["image", catcher],
      ["smtpPort", "2525"],
      ["webPort", "8025"],
    ] as const)
      await sandbox.run("pulumi", ["config", "set", "--path", `settings.mail.catcher.${key}`, value, "-s", "dev"]);
    await sandbox.mustUp();
    expect((await sandbox.containers("catcher"))[0]).not.toBe(id);
    await exec(sandbox, "web", "sh", "-c", "printf 'Subject: elsewhere\\n\\n' | sendmail ada@real.example");
    expect(await caught(await mailboxOf(sandbox), "elsewhere", ({ length }) => length > 0)).toHaveLength(1);
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("an image without a package manager is refused with what to do, and the old one serves on", async () => {
    dockerfile("RUN rm -f /usr/bin/apt-get\n");
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain(
      "mail: sendmail: this image has neither apt-get nor apk: put a sendmail into it yourself, or let the app send by SMTP to SMTP_HOST, port SMTP_PORT",
    );
    const { variants } = await sandbox.outputs();
    const [{ url } = { url: "" }] = Object.values(variants as Record<string, { url: string }>);
    expect((await request(url)).body).toBe("hello of the team\n");
  });
});
