import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { connect } from "../../provider/docker";
import type { Engine } from "../../provider/engine";
import { resource as image } from "../../provider/image";
import { UNKNOWN } from "../../provider/resource";
import { bench, otherRun, PREFIX } from "../support/image-bench";

/** Image on a real engine, through BuildKit and through the classic builder. */

const BASE = "debian:bookworm-slim";
const CANARY = "canary-5e1f0c7d";
const top = fs.mkdtempSync(path.join(os.tmpdir(), `${PREFIX}-`));
let engine: Engine;

/** Inputs of a build from a folder of its own with these files. */
function build(name: string, files: Record<string, string>, more: object = {}) {
  const root = path.join(top, name);
  for (const [file, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), content);
  }
  return { repository: `${PREFIX}/${name}`, context: [{ path: root, to: "" }], dockerfile: "Dockerfile", ...more };
}
const tags = async (name: string): Promise<string[]> =>
  (await engine.docker.listImages({ filters: { reference: [`${PREFIX}/${name}`] } })).flatMap(({ RepoTags }) => RepoTags ?? []);
const leftovers = (): string[] =>
  ["/dev/shm", os.tmpdir()].flatMap((folder) => fs.readdirSync(folder)).filter((name) => name.startsWith("dockstage-build-"));

beforeAll(async () => {
  engine = await connect();
});
afterAll(async () => {
  fs.rmSync(top, { recursive: true, force: true });
  for (const { RepoTags } of await engine.docker.listImages({
    filters: { reference: [`${PREFIX}/life*`, `${PREFIX}/base*`, `${PREFIX}/bad*`, `${PREFIX}/secret*`] },
  })) {
    for (const tag of RepoTags ?? []) await engine.docker.getImage(tag).remove({ force: true });
  }
  expect(await engine.containers(["dockstage.helper=image"])).toEqual([]);
});

describe("life", () => {
  const FILES = {
    Dockerfile: `FROM ${BASE}\nRUN groupadd -g 4321 staffs && useradd -u 1234 -g 4321 app\nVOLUME /two /one\nCOPY . /srv\nWORKDIR /srv\nUSER app\nENTRYPOINT ["/bin/echo"]\nCMD ["hello"]\n`,
    "src/a": "1",
  };

  test("preview, create, the same again, an edit, and a return to what was", async () => {
    const ctx = bench(engine, "life");
    const first = build("life", FILES);
    expect(await image.preview?.(first, undefined, ctx)).toMatchObject({
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      tag: expect.stringContaining(`${PREFIX}/life:`),
      imageId: UNKNOWN,
      uid: UNKNOWN,
    });
    expect(await tags("life")).toEqual([]);
    const { id, computed } = await image.create(first, ctx);
    expect(computed).toMatchObject({
      entrypoint: ["/bin/echo"],
      command: ["hello"],
      workdir: "/srv",
      uid: 1234,
      gid: 4321,
      shell: true,
      volumes: ["/one", "/two"],
      tag: id,
    });
    expect(computed.bases).toEqual({ [BASE]: (await engine.docker.getImage(BASE).inspect()).Id });
    expect(ctx.lines).toContainEqual(expect.stringMatching(/^building life: step 2\/4 RUN groupadd/));
    const state = { ...first, ...computed };

    // Nothing: the same again, from another clone, with secrets that are not known.
    expect(await image.diff(id, first, state, first, ctx)).toEqual({});
    const clone = path.join(top, "clone");
    fs.cpSync(path.join(top, "life"), clone, { recursive: true });
    expect(await image.diff(id, first, state, { ...first, context: [{ path: clone, to: "" }], secrets: UNKNOWN }, ctx)).toEqual({});
    expect(await image.read?.(id, state, ctx)).toEqual(computed);
    expect(await image.preview?.(first, state, ctx)).toEqual(computed);

    // Used without a build where it is there.
    const again = bench(engine, "life");
    expect((await image.create(first, again)).computed).toEqual(computed);
    expect(again.lines).toEqual([]);

    // What this run has made stays, even where an older resource of the same content is deleted.
    await image.delete(id, state, ctx);
    expect(await tags("life")).toEqual([id]);

    // An edit makes another image; the old one's deletion takes only its own tag.
    fs.writeFileSync(path.join(top, "life/src/a"), "2");
    expect(await image.diff(id, first, state, first, ctx)).toEqual({ replaces: ["contentHash"] });
    const second = await image.create(first, ctx);
    expect(second.id).not.toBe(id);
    await otherRun().delete(id, state, ctx);
    await otherRun().delete(id, state, ctx);
    expect(await tags("life")).toEqual([second.id]);
    expect(await image.read?.(id, { ...state, imageId: computed.imageId }, ctx)).toBeUndefined();
    expect(await image.diff(id, first, { ...first, ...second.computed }, { ...first, repository: `${PREFIX}/life2` }, ctx)).toEqual({
      replaces: ["repository"],
    });
    await otherRun().delete(second.id, { ...first, ...second.computed }, ctx);
    expect(await tags("life")).toEqual([]);
  }, 120_000);

  test("a tag that somebody removed comes back, and a container in use keeps its image", async () => {
    const ctx = bench(engine, "life");
    const news = build("life-used", { Dockerfile: `FROM ${BASE}\nCOPY a /a\nCMD ["sleep", "60"]\n`, a: "1" });
    const { id, computed } = await image.create(news, ctx);
    const state = { ...news, ...computed };
    const container = await engine.createContainer({ name: `${PREFIX}-used`, Image: computed.imageId, HostConfig: { Init: true } });
    try {
      await engine.startContainer(container);
      await otherRun().delete(id, state, ctx);
      expect(await tags("life-used")).toEqual([]);
      expect((await engine.container(container))?.status).toBe("running");
      // The image is there still, so that nothing is built.
      expect(await image.diff(id, news, state, news, ctx)).toEqual({ updates: ["imageId"] });
      expect(await image.preview?.(news, state, ctx)).toEqual(computed);
      expect(await image.update?.(id, state, news, ctx)).toEqual(computed);
      expect(await tags("life-used")).toEqual([id]);
    } finally {
      await engine.removeContainer(container);
      await otherRun().delete(id, state, ctx);
    }
    // Now it is gone altogether.
    expect(await image.preview?.(news, state, ctx)).toMatchObject({ tag: id, imageId: UNKNOWN });
    expect(await image.update?.(id, state, news, ctx)).toMatchObject({ tag: id });
    await otherRun().delete(id, state, ctx);
  }, 60_000);

  test("another base makes another image", async () => {
    const ctx = bench(engine, "base");
    const base = { repo: `${PREFIX}/base`, tag: "1" };
    const from = async (reference: string): Promise<void> => void (await engine.docker.getImage(reference).tag(base));
    await from(BASE);
    const news = build(
      "base-child",
      { Dockerfile: `ARG FROM=nothing\nFROM $FROM\nCOPY a /a\n`, a: "1" },
      { args: { FROM: `${base.repo}:1` } },
    );
    const { id, computed } = await image.create(news, ctx);
    expect(await image.diff(id, news, { ...news, ...computed }, news, ctx)).toEqual({});
    await from("debian:trixie-slim");
    expect(await image.diff(id, news, { ...news, ...computed }, news, ctx)).toEqual({ replaces: ["bases"] });
    const other = await image.create(news, ctx);
    expect(other.id).not.toBe(id);
    expect(other.computed.contentHash).toBe(computed.contentHash);
    await engine.docker.getImage(`${base.repo}:1`).remove();
    expect(await image.diff(other.id, news, { ...news, ...other.computed }, news, ctx)).toEqual({});
  }, 60_000);

  test("two builds of the same at once", async () => {
    const news = build("life-twice", { Dockerfile: `FROM ${BASE}\nRUN echo ${Date.now()} > /x\n` });
    const [one, two] = await Promise.all([image.create(news, bench(engine, "one")), image.create(news, bench(engine, "two"))]);
    expect(one.id).toBe(two.id);
    expect(await tags("life-twice")).toEqual([one.id]);
  }, 60_000);

  test("an image from scratch has root, no shell", async () => {
    const { computed } = await image.create(
      build("life-scratch", { Dockerfile: "FROM scratch\nCOPY a /a\nUSER 65532:65532\n", a: "" }),
      bench(engine, "scratch"),
    );
    expect(computed).toMatchObject({ bases: {}, uid: 65532, gid: 65532, shell: false, entrypoint: [], command: [], workdir: "/" });
  }, 60_000);
});

describe("a reference", () => {
  test("is looked at, and never removed", async () => {
    const ctx = bench(engine, "reference");
    const { id, computed } = await image.create({ reference: BASE }, ctx);
    expect(computed).toMatchObject({ tag: BASE, contentHash: computed.imageId, uid: 0, gid: 0, shell: true, bases: {} });
    const state = { reference: BASE, ...computed };
    expect(await image.diff(id, { reference: BASE }, state, { reference: BASE }, ctx)).toEqual({});
    // A state of a release that did not look at VOLUME shows no change, at a refresh neither.
    const { volumes, ...older } = computed;
    expect(volumes).toEqual([]);
    const before = { reference: BASE, ...older };
    expect(await image.diff(id, { reference: BASE }, before, { reference: BASE }, ctx)).toEqual({});
    expect(Object.keys((await image.read?.(id, before, ctx)) ?? {}).sort()).toEqual(Object.keys(older).sort());
    expect(await image.diff(id, { reference: BASE }, { ...state, imageId: "sha256:old" }, { reference: BASE }, ctx)).toEqual({
      updates: ["imageId"],
    });
    await otherRun().delete(id, state, ctx);
    expect((await engine.docker.getImage(BASE).inspect()).Id).toBe(computed.imageId);
  });

  test("that is not there says how to get it", async () => {
    await expect(image.create({ reference: `${PREFIX}/nothing:1` }, bench(engine, "x"))).rejects.toThrow(
      `reference: the engine has no image ${PREFIX}/nothing:1: get it with \`docker pull ${PREFIX}/nothing:1\``,
    );
  });
});

describe("failures", () => {
  test("show the step and its last lines, without the secrets", async () => {
    const news = build(
      "bad",
      { Dockerfile: `FROM ${BASE}\nRUN true\nRUN --mount=type=secret,id=TOKEN echo before; cat /run/secrets/TOKEN; exit 3\n` },
      { secrets: { TOKEN: CANARY } },
    );
    const failing = image.create(news, bench(engine, "bad"));
    await expect(failing).rejects.toThrow(
      /^The image bad could not be built at step 3\/3 RUN --mount=type=secret,id=TOKEN echo before.*\n {2}before\n {2}\[secret\]\n.*exit code: 3$/,
    );
    expect(await tags("bad")).toEqual([]);
    expect(leftovers()).toEqual([]);
  }, 60_000);

  test("a base that cannot be had", async () => {
    const news = build("bad-base", { Dockerfile: "FROM localhost:1/nothing:1\n" });
    await expect(image.create(news, bench(engine, "bad"))).rejects.toThrow(
      /^The image bad is built from localhost:1\/nothing:1, which this engine has not and could not get \(.*refused.*\)\. Get it with `docker pull localhost:1\/nothing:1`/,
    );
  }, 60_000);

  test("a USER that the image does not have: nothing is left", async () => {
    const news = build("bad-user", { Dockerfile: `FROM ${BASE}\nUSER nosuch\n` });
    await expect(image.create(news, bench(engine, "bad"))).rejects.toThrow("the image's USER is nosuch, but its /etc/passwd has no nosuch");
    expect(await tags("bad-user")).toEqual([]);
  }, 60_000);

  test("a cancel ends the build and leaves nothing", async () => {
    const cancel = new AbortController();
    const ctx = bench(engine, "bad", cancel.signal);
    const mark = `sleep 98${Date.now() % 1000}`;
    const news = build("bad-slow", { Dockerfile: `FROM ${BASE}\nRUN --mount=type=secret,id=T ${mark}\n` }, { secrets: { T: CANARY } });
    const building = image.create(news, ctx);
    const runs = (): boolean =>
      execFileSync("sh", ["-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' || true"]).includes(`${mark} `) || false;
    const until = async (wanted: boolean): Promise<void> => {
      for (const end = Date.now() + 20_000; runs() !== wanted; await new Promise((resolve) => setTimeout(resolve, 50)))
        if (Date.now() > end) throw new Error(`the build's command ${wanted ? "never ran" : "still runs"}`);
    };
    await until(true);
    cancel.abort(new Error("cancelled by the test"));
    await expect(building).rejects.toThrow("cancelled by the test");
    await until(false);
    expect(leftovers()).toEqual([]);
    expect(await tags("bad-slow")).toEqual([]);
  }, 60_000);
});

describe("without a docker command that can use BuildKit", () => {
  let classic: typeof image;
  beforeAll(() => {
    jest.isolateModules(() => {
      jest.doMock("../../provider/image-client", () => ({
        ...jest.requireActual<object>("../../provider/image-client"),
        clients: () => Promise.resolve([]),
      }));
      classic = (require("../../provider/image") as typeof import("../../provider/image")).resource;
    });
  });

  test("the classic builder builds", async () => {
    const ctx = bench(engine, "classic");
    const { id, computed } = await classic.create(
      build(
        "life-classic",
        { Dockerfile: `ARG SUITE\nFROM debian:$SUITE-slim AS one\nARG WHO\nRUN echo $WHO > /who\nUSER 7:8\nFROM one\nRUN false\n` },
        { target: "one", args: { SUITE: "bookworm", WHO: `me ${Date.now()}` } },
      ),
      ctx,
    );
    expect(computed).toMatchObject({ tag: id, uid: 7, gid: 8, shell: true });
    expect(Object.keys(computed.bases)).toEqual([BASE]);
    expect(ctx.lines).toContain("building classic: step 4/5 RUN echo $WHO > /who");
  }, 60_000);

  test("its failure shows the end of the output, whether a step or the Dockerfile is wrong", async () => {
    await expect(
      classic.create(build("bad-classic", { Dockerfile: `FROM ${BASE}\nRUN echo broken; exit 3\n` }), bench(engine, "bad")),
    ).rejects.toThrow(/^The image bad could not be built \(classic builder\) Step 1\/2[^]*broken[^]*returned a non-zero code: 3$/);
    await expect(classic.create(build("bad-text", { Dockerfile: "FROM scratch\nNONSENSE x\n" }), bench(engine, "bad"))).rejects.toThrow(
      /unknown instruction: NONSENSE/i,
    );
  }, 60_000);

  test.each([
    ["the build secrets TOKEN", { Dockerfile: `FROM ${BASE}\n` }, { secrets: { TOKEN: CANARY } }],
    ["RUN --mount (line 2)", { Dockerfile: `FROM ${BASE}\nRUN --mount=type=cache,target=/c true\n` }, {}],
  ])("%s are refused, with what to install", async (what, files, more) => {
    await expect(classic.create(build("bad-needs", files, more), bench(engine, "web"))).rejects.toThrow(
      `The image web needs BuildKit for ${what}, but no docker command on this machine can use it: install Debian's docker.io (its client 20.10 can) or, for a client from 23 on, the plugin docker-buildx.`,
    );
  });
});

test("build secrets and CA certificates are in the build, and in no layer, history or definition", async () => {
  const bundle = path.join(top, "ca.pem");
  fs.writeFileSync(bundle, `-----BEGIN CERTIFICATE-----\n${CANARY}-ca\n`);
  const before = process.env["DOCKSTAGE_CA_BUNDLE"];
  process.env["DOCKSTAGE_CA_BUNDLE"] = bundle;
  try {
    const news = build(
      "secret",
      {
        Dockerfile: `FROM ${BASE}\nRUN --mount=type=secret,id=TOKEN --mount=type=secret,id=ca grep -q '${CANARY.slice(0, 6)}' /run/secrets/TOKEN && grep -c . /run/secrets/ca > /seen\n`,
      },
      { secrets: { TOKEN: CANARY } },
    );
    const ctx = bench(engine, "secret");
    const { id, computed } = await image.create(news, ctx);
    const found = await engine.docker.getImage(id).inspect();
    const history: unknown = await engine.docker.getImage(id).history();
    expect(JSON.stringify([found, history, ctx.lines, computed])).not.toContain(CANARY);
    const layers = await new Promise<boolean>((resolve, reject) => {
      void engine.docker
        .getImage(id)
        .get()
        .then((stream) => {
          let tail = "";
          let seen = false;
          stream.on("data", (chunk: Buffer) => {
            const text = tail + chunk.toString("latin1");
            seen ||= text.includes(CANARY);
            tail = text.slice(-CANARY.length);
          });
          stream.on("end", () => resolve(seen));
          stream.on("error", reject);
        }, reject);
    });
    expect(layers).toBe(false);
    // Another secret is no reason for another image.
    expect(await image.diff(id, news, { ...news, ...computed }, { ...news, secrets: { TOKEN: "other-value" } }, ctx)).toEqual({});
  } finally {
    if (before === undefined) delete process.env["DOCKSTAGE_CA_BUNDLE"];
    else process.env["DOCKSTAGE_CA_BUNDLE"] = before;
  }
}, 120_000);
