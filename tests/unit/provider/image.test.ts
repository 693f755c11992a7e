import { afterAll, describe, expect, test } from "@jest/globals";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Engine } from "../../../provider/engine";
import { resource } from "../../../provider/image";
import { readDockerfile } from "../../../provider/image-dockerfile";
import { userIn } from "../../../provider/image-inspect";
import { contentHash, tagFor } from "../../../provider/image-source";
import { BuildOutput, redactor } from "../../../provider/image-progress";
import { UNKNOWN } from "../../../provider/resource";
import type { Context } from "../../../provider/resource";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dockstage-image-"));
fs.writeFileSync(path.join(folder, "Dockerfile"), "ARG SUITE=bookworm\nFROM debian:${SUITE}-slim\n");
afterAll(() => fs.rmSync(folder, { recursive: true }));

describe("the bases of a Dockerfile", () => {
  test.each<[string, string, Record<string, string>, string | undefined, string[]]>([
    ["one", "FROM debian:bookworm-slim", {}, undefined, ["debian:bookworm-slim"]],
    ["none", "FROM scratch\nCOPY a /", {}, undefined, []],
    ["an argument's default", "ARG SUITE=bookworm\nFROM debian:${SUITE}-slim", {}, undefined, ["debian:bookworm-slim"]],
    ["an argument that is given", "ARG SUITE=bookworm\nFROM debian:$SUITE", { SUITE: "trixie" }, undefined, ["debian:trixie"]],
    ["an argument of an argument, quoted", 'ARG V="12"\nARG BASE=debian:${V}\nFROM ${BASE}', {}, undefined, ["debian:12"]],
    ["a default in place", "ARG X\nFROM ${X:-debian}${Y:+no}", {}, undefined, ["debian"]],
    ["an argument of a stage is no argument of FROM", "FROM a\nARG B=1\nFROM b$B", {}, undefined, ["b"]],
    ["stages by name, whatever the case", "FROM a AS Build\nFROM b\nCOPY --from=build /x /x", {}, undefined, ["a", "b"]],
    ["stages by number", "FROM a\nFROM b\nCOPY --chown=1 --from=0 /x /x", {}, undefined, ["a", "b"]],
    ["a stage on a stage", "FROM a AS one\nFROM one\nRUN x", {}, undefined, ["a"]],
    ["only what the target needs", "FROM a AS one\nFROM b AS two\nFROM one AS three", {}, "three", ["a"]],
    ["another target", "FROM a AS one\nFROM b AS two\nFROM one AS three", {}, "two", ["b"]],
    [
      "images that files are copied from",
      "FROM a\nCOPY --from=php:8.2 /x /x\nRUN --mount=type=bind,from=tools:1,target=/t x",
      {},
      undefined,
      ["a", "php:8.2", "tools:1"],
    ],
    ["a platform", "FROM --platform=$BUILDPLATFORM a AS x\nFROM x", {}, undefined, ["a"]],
    ["continued lines and comments", "# FROM no\nFROM \\\n# between\n  a \\\n  AS x\n", {}, undefined, ["a"]],
    ["another escape character", "# escape=`\nFROM `\n a\nRUN dir C:\\\nFROM b", {}, undefined, ["b"]],
    ["a here-document is no instruction", "FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY <<-'END' /x\n\tFROM c\n\tEND\n", {}, undefined, ["a"]],
    ["a shift is no here-document", "FROM a\nRUN echo $((1<<n))\nFROM b", {}, undefined, ["b"]],
    ["a digest", "from a@sha256:00", {}, undefined, ["a@sha256:00"]],
  ])("%s", (_, text, args, target, bases) => {
    expect(readDockerfile(text, args, target).bases).toEqual(bases);
  });

  test.each([
    ["FROM a\nRUN x --mount=1", undefined],
    ["FROM a\n\nRUN --mount=type=secret,id=x y", "RUN --mount (line 3)"],
    ["FROM a\nCOPY --chmod=755 a b", "COPY --chmod (line 2)"],
    ["FROM a\nCOPY --chown=1:1 a b", undefined],
    ["FROM a\nRUN <<EOF\nx\nEOF", "a here-document (line 2)"],
    ["FROM a\nRUN cat <<EOF\nx\nEOF", "a here-document (line 2)"],
  ])("what needs BuildKit: %j", (text, needs) => {
    expect(readDockerfile(text, {}).needsBuildKit).toBe(needs);
  });
});

describe("identity", () => {
  const source = { dockerfile: "Dockerfile", args: { A: "1", B: "2" }, target: "prod", platform: "linux/amd64" };
  test("covers all that decides the image, and no order", () => {
    const hash = contentHash("c", source);
    expect(contentHash("c", { ...source, args: { B: "2", A: "1" } })).toBe(hash);
    const others = [
      contentHash("d", source),
      contentHash("c", { ...source, dockerfile: "x" }),
      contentHash("c", { ...source, args: { A: "1" } }),
      contentHash("c", { ...source, target: undefined }),
      contentHash("c", { ...source, platform: undefined }),
    ];
    expect(new Set([hash, ...others]).size).toBe(6);
  });

  test("a tag also covers the bases", () => {
    const tag = tagFor("shop-dev/web", "h", { a: "1", b: "2" });
    expect(tag).toMatch(/^shop-dev\/web:[0-9a-f]{16}$/);
    expect(tagFor("shop-dev/web", "h", { b: "2", a: "1" })).toBe(tag);
    expect(tagFor("shop-dev/web", "h", { a: "1", b: "3" })).not.toBe(tag);
  });
});

describe("an image's USER", () => {
  const passwd = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\napp:x:1234:4321::/:/bin/sh\n";
  const group = "root:x:0:\nwww-data:x:33:\nstaff:x:50:app\n";
  test.each<[string, number, number]>([
    ["", 0, 0],
    ["0", 0, 0],
    ["app", 1234, 4321],
    ["app:staff", 1234, 50],
    ["1234", 1234, 4321],
    ["1234:7", 1234, 7],
    ["999", 999, 0],
    ["www-data:50", 33, 50],
    ["999:staff", 999, 50],
  ])("%j is %d:%d", (user, uid, gid) => {
    expect(userIn(user, passwd, group)).toEqual({ uid, gid });
  });

  test("that the image does not know", () => {
    expect(() => userIn("nobody", passwd, group)).toThrow(
      "the image's USER is nobody, but its /etc/passwd has no nobody: create it in the Dockerfile (useradd), or give USER as a number",
    );
    expect(() => userIn("app:x", passwd, group)).toThrow("its /etc/group has no x");
  });
});

describe("the output of a build", () => {
  const output = (text: string, secrets: string[] = []): { shown: string[]; failure: string } => {
    const build = new BuildOutput(redactor(secrets));
    const shown = text
      .split("\n")
      .map((line) => build.take(line))
      .filter((line) => line !== undefined);
    return { shown, failure: build.failure() };
  };

  test("of BuildKit: steps as progress, the failed one as the reason", () => {
    const { shown, failure } = output(
      `#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#5 [build 1/2] FROM docker.io/library/debian
#5 CACHED
#6 [stage-1 2/9] RUN sleep 9
#7 [build 2/2] RUN make tok-123456
#7 0.123 compiling with tok-123456
#6 0.2 quiet
#7 0.456 broken
#7 ERROR: executor failed running [/bin/sh -c make]: exit code: 2
#6 CANCELED
------
 > [build 2/2] RUN make:
------`,
      ["tok-123456"],
    );
    expect(shown).toEqual([
      "step 1/2 of build: FROM docker.io/library/debian",
      "step 2/9 RUN sleep 9",
      "step 2/2 of build: RUN make [secret]",
    ]);
    expect(failure).toBe(
      "at step 2/2 of build: RUN make [secret]\n  compiling with [secret]\n  broken\nexecutor failed running [/bin/sh -c make]: exit code: 2",
    );
  });

  test("keeps the last 30 lines of the failed step", () => {
    const lines = Array.from({ length: 500 }, (_, at) => `#2 ${at}.5 line ${at}`);
    const { failure } = output(["#2 [1/1] RUN x", ...lines, "#2 ERROR: exit code: 1"].join("\n"));
    expect(failure.split("\n")).toHaveLength(32);
    expect(failure).toContain("  line 499\n");
    expect(failure).not.toContain("line 469\n");
  });

  test("of the classic builder, and of a client that fails by itself", () => {
    const { shown, failure } = output(
      "Step 1/2 : FROM a\n ---> 123\nStep 2/2 : RUN false\nThe command '/bin/sh -c false' returned a non-zero code: 1",
    );
    expect(shown).toEqual(["step 1/2 FROM a", "step 2/2 RUN false"]);
    expect(failure).toMatch(/returned a non-zero code: 1$/);
    expect(output("error during connect").failure).toBe("error during connect");
  });

  test("secrets of several lines, and ones that are part of another", () => {
    const redact = redactor(["-----BEGIN-----\nabcdefgh\n-----END-----", "abcd", "x", ""]);
    expect(redact("key abcdefgh abcd x")).toBe("key [secret] [secret] x");
  });
});

describe("check", () => {
  const ctx: Context = {
    urn: "",
    name: "web",
    preview: true,
    signal: new AbortController().signal,
    engine: () => Promise.reject<Engine>(new Error("no engine needed")),
    log: () => undefined,
  };
  const good = { repository: "shop-dev/web", context: [{ path: folder, to: "" }], dockerfile: "Dockerfile" };
  test.each<[string, object, unknown]>([
    ["a build", good, []],
    ["a reference", { reference: "debian:12" }, []],
    ["a folder that is not known yet", { ...good, context: UNKNOWN }, []],
    ["neither", {}, [{ property: "repository" }, { property: "context" }, { property: "dockerfile" }]],
    ["both", { ...good, reference: "debian:12" }, [{ property: "repository" }, { property: "context" }, { property: "dockerfile" }]],
    [
      "no folder",
      { ...good, context: [{ path: `${folder}/no`, to: "" }] },
      [{ property: "context[0].path", reason: `${folder}/no is not a folder on this machine: correct the path, or create it` }],
    ],
    [
      "no Dockerfile",
      { ...good, dockerfile: "no" },
      [{ property: "dockerfile", reason: expect.stringContaining("there is no no in the build context") }],
    ],
    ["a Dockerfile beside the folder's place", { ...good, context: [{ path: folder, to: "sub" }] }, [{ property: "dockerfile" }]],
    ["a Dockerfile in the folder's place", { ...good, context: [{ path: folder, to: "sub" }], dockerfile: "sub/Dockerfile" }, []],
  ])("%s", async (_, news, failures) => {
    expect(await resource.check?.(news, undefined, ctx)).toMatchObject(failures as object);
    expect(await resource.check?.(news, undefined, ctx)).toHaveLength((failures as unknown[]).length);
  });

  test.each([
    ["Shop/Web", "repository"],
    ["shop:1", "repository"],
  ])("%s is no repository", (repository, property) => {
    expect(resource.inputs.safeParse({ ...good, repository }).error?.issues[0]?.path).toEqual([property]);
  });
});
