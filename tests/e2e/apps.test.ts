import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

jest.setTimeout(300_000);

/** Apps that nobody here prepared: Dockerfiles and images as teams have them. */

const IGNORED = "node_modules\nPulumi*\ndockstage.yaml\nignored.txt\n";
const exec = async (sandbox: Sandbox, component: string, ...command: string[]): Promise<string> => {
  const [id = ""] = await sandbox.containers(component);
  return (await sandbox.run("docker", ["exec", id, ...command])).output;
};
const urlOf = async (sandbox: Sandbox): Promise<string> => {
  const { variants } = await sandbox.outputs();
  return Object.values(variants as Record<string, { url: string }>)[0]?.url ?? "";
};
const start = async (sandbox: Sandbox): Promise<void> => {
  ensureHost();
  sandbox.copy("tests/support/apps/hello");
  sandbox.write(".dockerignore", IGNORED);
  await sandbox.init();
};

describe("a Dockerfile with a WORKDIR, a user by name, folders made by root, ENTRYPOINT, target, arguments and a build secret", () => {
  const sandbox = new Sandbox("team");
  const canary = "canary-6d0a41c9be";
  const dockerfile = `FROM debian:bookworm-slim AS base
RUN useradd --uid 4242 hello
FROM base AS prod
ARG VERSION=none
COPY server.pl entry.sh /srv/
WORKDIR /srv/site
COPY . .
RUN --mount=type=secret,id=TOKEN test -s /run/secrets/TOKEN && echo "$VERSION" > /srv/version && mkdir data
USER hello
ENTRYPOINT ["/bin/sh", "/srv/entry.sh", "--mode"]
CMD ["serve", "two words"]
FROM base AS broken
RUN echo about to fail && false
`;
  const yaml = (target = "prod"): void =>
    sandbox.write(
      "dockstage.yaml",
      `name: ${sandbox.project}
build: { context: ., target: ${target}, args: { VERSION: "of the team" }, secrets: [TOKEN] }
web: { port: 3000, health: /, stopGrace: 2s }
secrets: { TOKEN: required }
processes: { worker: { run: [perl, -e, 'open F, ">>data/written"; print F "x"; close F; open F, ">>first/written" or die; sleep'], stopGrace: 1s } }
writable: { data: data, first: data }
`,
    );

  beforeAll(async () => {
    await start(sandbox);
    sandbox.write("Dockerfile", dockerfile);
    sandbox.write("entry.sh", 'echo "entered with $*"\nshift\n[ "$1" = serve ] || exec "$@"\nexec perl /srv/server.pl\n');
    sandbox.write("ignored.txt", "1");
    mkdirSync(join(sandbox.app, "first"));
    sandbox.write("first/picture", "from the image");
    yaml();
    await sandbox.run("pulumi", ["config", "set", "--secret", "TOKEN", canary, "-s", "dev"]);
    await sandbox.mustUp();
  });
  afterAll(() => sandbox.clean());

  test("serves, and may write where the description says, in its WORKDIR, beside the image's own first files", async () => {
    expect((await request(await urlOf(sandbox))).body).toBe("hello of the team\n");
    const logs = await sandbox.run("docker", ["logs", ...(await sandbox.containers("web"))]);
    expect(logs.output).toContain("entered with --mode serve two words");
    expect(await exec(sandbox, "worker", "cat", "/srv/site/data/written")).toContain("x");
    expect(await exec(sandbox, "web", "cat", "/srv/site/data/written", "/srv/site/first/picture")).toMatch(/^x+from the image$/);
    expect(await exec(sandbox, "web", "stat", "-c", "%U", "/srv/site/data", "/srv/site/first", "/srv/site/first/picture")).toBe(
      "hello\nhello\nhello\n",
    );
  });

  test("an ignored file changes nothing, and the build secret is in no layer, history, log or state", async () => {
    sandbox.write("ignored.txt", "2");
    const again = await sandbox.mustUp();
    expect(changed(again)).toEqual({});
    const [image = ""] = (await sandbox.objects())
      .filter((object) => object.includes("/app:"))
      .map((object) => object.slice("image ".length));
    const layers = await sandbox.run("/bin/sh", ["-c", `docker save ${image} | grep -c ${canary}`]);
    expect(layers.output.trim()).toBe("0");
    for (const place of [
      ["docker", "history", "--no-trunc", image],
      ["pulumi", "stack", "export", "-s", "dev"],
    ]) {
      const { code, output } = await sandbox.run(place[0] ?? "", place.slice(1));
      expect(code).toBe(0);
      expect(output).not.toContain(canary);
    }
  });

  test("a step that fails is shown, and the old container serves on", async () => {
    yaml("broken");
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    expect(failed.output).toContain("RUN echo about to fail && false");
    expect((await request(await urlOf(sandbox))).body).toBe("hello of the team\n");
    yaml();
    await sandbox.mustUp();
  });
});

describe("ready images", () => {
  const sandbox = new Sandbox("ready");
  const tags = ["app", "noshell", "mariadb", "cache"].map((name) => `${sandbox.project}-given-${name}:1`);
  const [app = "", noShell = "", mariadb = "", cache = ""] = tags;
  const build = async (tag: string, text: string): Promise<void> => {
    sandbox.write("Dockerfile", text);
    const done = await sandbox.run("docker", ["build", "-q", "-t", tag, "."], {
      DOCKER_BUILDKIT: "1",
      PATH: `/usr/bin:${process.env["PATH"] ?? ""}`,
    });
    if (done.code !== 0) throw new Error(done.output);
  };
  const yaml = (image: string, more: string): void =>
    sandbox.write("dockstage.yaml", `name: ${sandbox.project}\nimage: "${image}"\nweb: { port: 3000, health: /, stopGrace: 2s }\n${more}`);

  beforeAll(async () => {
    await start(sandbox);
    await build(app, 'FROM debian:bookworm-slim\nRUN echo ready > /srv/version\nCOPY server.pl /srv/\nCMD ["perl", "/srv/server.pl"]\n');
    await build(noShell, `FROM ${app}\nRUN rm -f /usr/bin/sh\nUSER 3456\nVOLUME /srv/kept /srv/lost\n`);
    await build(
      cache,
      `FROM ${app}\nRUN mkdir /data && chown 3333 /data && echo cache > /srv/version\nVOLUME /data\nUSER 3333\nCMD ["/bin/sh", "-c", "date +%s%N >> /data/starts; exec perl /srv/server.pl"]\n`,
    );
    yaml(app, "database: { engines: [mariadb] }\n");
    await sandbox.mustUp();
    const [own = ""] = (await sandbox.objects()).filter((object) => /^image .*\/mariadb-10.11:/.test(object));
    await sandbox.run("docker", ["tag", own.slice("image ".length), mariadb]);
  });
  afterAll(async () => {
    await sandbox.clean();
    for (const tag of tags)
      await sandbox.engine
        .getImage(tag)
        .remove({ force: true })
        .catch(() => undefined);
  });

  test("a database image with the official contract, a companion with data, and secret variables", async () => {
    yaml(
      app,
      `database: { engines: [{ engine: mariadb, series: "10.11", image: "${mariadb}" }], migrate: 'test "$DATABASE_URL" && echo migrated' }
env: { DATABASE_URL: "\${database.url}" }
secrets: { APP: generate }
services: { cache: { image: "${cache}", data: /data, env: { PLAIN: "1", HIDDEN: "\${secrets.APP}" } } }
`,
    );
    // Its VOLUME is where the data volume is.
    expect((await sandbox.mustUp()).output).not.toContain("VOLUME");
    expect((await request(`${await urlOf(sandbox)}/env`)).body).toMatch(/APP\n(.*\n)*DATABASE_URL\n/);
    expect(
      await exec(
        sandbox,
        "web",
        "perl",
        "-MIO::Socket::INET",
        "-e",
        'my $s=IO::Socket::INET->new("cache:3000") or die; print $s "GET /env HTTP/1.0\\r\\n\\r\\n"; print <$s>',
      ),
    ).toMatch(/HIDDEN\n(.*\n)*PLAIN\n/);
    const starts = async (): Promise<number> => (await exec(sandbox, "cache", "cat", "/data/starts")).trim().split("\n").length;
    expect(await starts()).toBe(1);
    const [id = ""] = await sandbox.containers("cache");
    await sandbox.engine.getContainer(id).remove({ force: true, v: true });
    await sandbox.mustUp("dev", "--refresh");
    expect(await starts()).toBe(2);
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });

  test("an image without a shell gets its secrets as files, one with a VOLUME that nothing keeps loses it, and that is said", async () => {
    yaml(noShell, "secrets: { APP: generate }\nwritable: { /srv/kept/here: data }\n");
    const done = await sandbox.mustUp();
    expect(done.output).toContain(
      "there is no /bin/sh in this image, which handing secrets over as variables takes: its programs find APP only as files in /run/dockstage/env",
    );
    expect(done.output).toContain("the image of web declares /srv/lost as VOLUME, and nothing keeps it");
    expect(await exec(sandbox, "web", "perl", "-e", 'open F, "/run/dockstage/env/APP" or die; print <F>')).toMatch(/^[A-Za-z0-9]{40}$/);
    expect((await request(`${await urlOf(sandbox)}/env`)).body).not.toContain("APP");
    expect(changed(await sandbox.mustUp())).toEqual({});
  });

  test("a wrong port is named with what answered there", async () => {
    yaml(noShell, "");
    sandbox.write(
      "dockstage.yaml",
      `name: ${sandbox.project}\nimage: "${noShell}"\nweb: { port: 3001, health: /, healthTimeout: 3s, stopGrace: 2s }\n`,
    );
    const failed = await sandbox.up();
    expect(failed.code).not.toBe(0);
    for (const text of ["web did not become healthy within 3 s", ":3001/", "Couldn't connect to server", "listens on 3000"])
      expect(failed.output).toContain(text);
    expect((await request(await urlOf(sandbox))).status).toBe(200);
  });
});
