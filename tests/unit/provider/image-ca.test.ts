import { afterAll, describe, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import tls from "node:tls";
import { hashContext, listContext } from "../../../provider/context";
import { copyContext } from "../../../provider/context-copy";
import { caBundle, MOUNT, trusting, wholeStore } from "../../../provider/image-ca";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "dockstage-ca-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
const write = (name: string, content: string): string => {
  fs.writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
};

describe("a Dockerfile behind a proxy that inspects TLS", () => {
  /** As it is sent, its ARG line and its mounts made short. */
  const sent = (text: string, args: Record<string, string> = {}): string | undefined =>
    trusting(text, args)
      ?.replaceAll(MOUNT, "+")
      .replace(/ARG SSL_CERT_FILE=\/run\/secrets\/ca .*/g, "ARG *");

  test.each<[string, string, string | undefined]>([
    ["a RUN", "FROM a\nRUN npm ci\n", "FROM a\nARG *\nRUN + npm ci\n"],
    ["nothing to run", "FROM a\nCOPY . .\n", undefined],
    ["a last line without an end", "FROM a\nRUN x", "FROM a\nARG *\nRUN + x"],
    [
      "each stage that runs something",
      "FROM a AS b\nRUN x\nFROM c\nCOPY a a\nFROM b\nrun y",
      "FROM a AS b\nARG *\nRUN + x\nFROM c\nCOPY a a\nFROM b\nARG *\nrun + y",
    ],
    ["ARG before FROM", "ARG V=1\nFROM a:$V\nRUN x", "ARG V=1\nFROM a:$V\nARG *\nRUN + x"],
    ["the exec form", 'FROM a\nRUN ["npm", "ci"]', 'FROM a\nARG *\nRUN + ["npm", "ci"]'],
    ["a shell of its own", 'FROM a\nSHELL ["/bin/bash", "-c"]\nRUN x', 'FROM a\nARG *\nSHELL ["/bin/bash", "-c"]\nRUN + x'],
    [
      "continued lines and comments",
      "FROM \\\n a \\\n# no\n AS b\nRUN a \\\n# RUN no\n && b\n# RUN c",
      "FROM \\\n a \\\n# no\n AS b\nARG *\nRUN + a \\\n# RUN no\n && b\n# RUN c",
    ],
    ["a word that is continued at once", "FROM a\nRUN\\\n x", "FROM a\nARG *\nRUN + \\\n x"],
    [
      "directives stay first",
      "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\n y",
      "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nARG *\nRUN + x `\n y",
    ],
    ["lines of Windows", "FROM a\r\nRUN x\r\n", "FROM a\r\nARG *\nRUN + x\r\n"],
    [
      "here-documents",
      "FROM a\nRUN <<EOF\nRUN x\nFROM y\nEOF\nRUN <<-'E' cat\n\tRUN z\n\tE\nRUN y",
      "FROM a\nARG *\nRUN + <<EOF\nRUN x\nFROM y\nEOF\nRUN + <<-'E' cat\n\tRUN z\n\tE\nRUN + y",
    ],
    ["a here-document that is copied", "FROM a\nCOPY <<EOF /x\nRUN x\nEOF\nRUN y", "FROM a\nARG *\nCOPY <<EOF /x\nRUN x\nEOF\nRUN + y"],
    ["triggers for other images", "FROM a\nONBUILD RUN x\nRUN y", "FROM a\nARG *\nONBUILD RUN x\nRUN + y"],
    [
      "other mounts",
      "FROM a\nRUN --mount=type=cache,target=/root/.npm --network=host x",
      "FROM a\nARG *\nRUN + --mount=type=cache,target=/root/.npm --network=host x",
    ],
    ["the secret, mounted already", "FROM a\nRUN --mount=type=secret,id=ca,mode=0444 x\nRUN y", "FROM a\nARG *\nRUN + x\nRUN + y"],
    [
      "in a continued line",
      "FROM a\nRUN --mount=type=cache,target=/c \\\n  --mount=id=ca,type=secret x",
      "FROM a\nARG *\nRUN --mount=type=cache,target=/c \\\n  --mount=id=ca,type=secret x",
    ],
    [
      "the secret at another place",
      "FROM a\nRUN --mount=type=secret,id=ca,target=/c x",
      "FROM a\nARG *\nRUN + --mount=type=secret,id=ca,target=/c x",
    ],
    [
      "words of a command that look like a mount",
      "FROM a\nRUN x --mount=type=secret,id=ca",
      "FROM a\nARG *\nRUN + x --mount=type=secret,id=ca",
    ],
    ["a frontend of old that has no such mounts", "# syntax=docker/dockerfile:1.0\nFROM a\nRUN x", undefined],
    [
      "a frontend of old that tried them",
      "# syntax=docker/dockerfile:1.0-experimental\nFROM a\nRUN x",
      "# syntax=docker/dockerfile:1.0-experimental\nFROM a\nARG *\nRUN + x",
    ],
    ["another language", "# syntax=example/bakery\nFROM a\nRUN x", undefined],
  ])("%s", (_, text, expected) => {
    expect(sent(text)).toBe(expected);
  });

  test("names what the tools read", () => {
    expect(trusting("FROM a\nRUN x", {})).toBe(
      `FROM a\nARG ${"SSL_CERT_FILE NODE_EXTRA_CA_CERTS CURL_CA_BUNDLE GIT_SSL_CAINFO PIP_CERT REQUESTS_CA_BUNDLE COMPOSER_CAFILE CARGO_HTTP_CAINFO BUNDLE_SSL_CA_CERT DENO_CERT HEX_CACERTS_PATH PERL_LWP_SSL_CA_FILE AWS_CA_BUNDLE"
        .split(" ")
        .map((name) => `${name}=/run/secrets/ca`)
        .join(" ")}\nRUN --mount=type=secret,id=ca,mode=0444 x`,
    );
  });

  test.each([
    ["ENV", "FROM a\nENV PIP_CERT=/mine X=1\nRUN x", {}],
    ["ARG", "FROM a\nARG PIP_CERT\nRUN x", {}],
    ["ARG before FROM, and a value that is copied", "ARG P\nFROM a\nENV X=$PIP_CERT\nRUN x", {}],
    ["a build argument", "FROM a\nRUN x", { PIP_CERT: "/mine" }],
  ])("what the Dockerfile says itself stays: %s", (_, text, args) => {
    const [arg] = /^ARG SSL.*$/m.exec(trusting(text, args) ?? "") ?? [];
    expect(arg).toContain("CURL_CA_BUNDLE=");
    expect(arg).not.toContain("PIP_CERT");
  });

  test("what a command names is no reason", () => {
    expect(trusting("FROM a\nRUN PIP_CERT=/x pip\n", {})).toContain(" PIP_CERT=/run/secrets/ca");
  });
});

describe("the certificates", () => {
  const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----`;
  const own = write("own.pem", `# the company's\n${pem("own")}\n${pem("both")}`);

  test.each<[string, Record<string, string>, string | undefined]>([
    ["none", {}, undefined],
    ["named", { DOCKSTAGE_CA_BUNDLE: own, SSL_CERT_FILE: "/nothing" }, own],
    ["turned off", { DOCKSTAGE_CA_BUNDLE: "", SSL_CERT_FILE: own }, undefined],
    ["OpenSSL's", { SSL_CERT_FILE: own, NODE_EXTRA_CA_CERTS: "/x" }, own],
    ["Node's, where OpenSSL's are not there", { SSL_CERT_FILE: "/nothing", NODE_EXTRA_CA_CERTS: own }, own],
  ])("%s", (_, env, expected) => {
    expect(caBundle(env)).toBe(expected);
  });

  test("that are not there", () => {
    expect(() => caBundle({ DOCKSTAGE_CA_BUNDLE: "/nothing" })).toThrow(
      "DOCKSTAGE_CA_BUNDLE names /nothing, which is not there: give the path of a PEM file",
    );
  });

  test("of a company alone come with those that the machine trusts", () => {
    const store = write("store.pem", `${pem("both")}\n${pem("root")}\n`);
    expect(wholeStore(own, ["/nothing", store])).toBe(`# the company's\n${pem("own")}\n${pem("both")}\n${pem("root")}\n`);
    expect(wholeStore(store, [store])).toBe(`${pem("both")}\n${pem("root")}\n`);
    expect(wholeStore(own, []).match(/BEGIN/g)).toHaveLength(tls.rootCertificates.length + 2);
  });
});

test("a context that is laid out is the context, whatever the umask and the times", async () => {
  const root = path.join(folder, "context");
  fs.mkdirSync(path.join(root, "bin/empty"), { recursive: true });
  fs.writeFileSync(path.join(root, "Dockerfile"), "FROM a");
  fs.writeFileSync(path.join(root, "bin/run"), "x", { mode: 0o755 });
  fs.symlinkSync("run", path.join(root, "bin/link"));
  const copy = fs.mkdtempSync(path.join(folder, "copy-"));
  const entries = listContext([{ path: root, to: "app" }], "app/Dockerfile");
  const umask = process.umask(0o077);
  try {
    expect(await copyContext(entries, copy, new AbortController().signal)).toBe(await hashContext(entries));
  } finally {
    process.umask(umask);
  }
  expect(
    execFileSync("find", [".", "-mindepth", "1", "-printf", "%P %M %T@ %l\n"], { cwd: copy, encoding: "utf8" }).split("\n").sort(),
  ).toEqual([
    "",
    "app drwxr-xr-x 0.0000000000 ",
    "app/Dockerfile -rw-r--r-- 0.0000000000 ",
    "app/bin drwxr-xr-x 0.0000000000 ",
    "app/bin/empty drwxr-xr-x 0.0000000000 ",
    "app/bin/link lrwxrwxrwx 0.0000000000 run",
    "app/bin/run -rwxr-xr-x 0.0000000000 ",
  ]);
  await expect(copyContext(entries, copy, AbortSignal.abort(new Error("cancelled")))).rejects.toThrow("cancelled");
});
