import { afterAll, beforeEach, describe, expect, test } from "@jest/globals";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { extract } from "tar-stream";
import { hashContext, listContext, packContext } from "../../../provider/context";
import type { Folder } from "../../../provider/context";

const top = fs.mkdtempSync(path.join(os.tmpdir(), "dockstage-context-"));
let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(top, "case-"));
});
afterAll(() => fs.rmSync(top, { recursive: true }));

const write = (files: Record<string, string>, at = root): void => {
  for (const [name, content] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(at, name)), { recursive: true });
    fs.writeFileSync(path.join(at, name), content);
  }
};
const names = (folders: readonly Folder[] = [{ path: root, to: "" }], dockerfile = "Dockerfile"): string[] =>
  listContext(folders, dockerfile).map(({ name }) => name);
const hash = (dockerfile = "Dockerfile"): Promise<string> => hashContext(listContext([{ path: root, to: "" }], dockerfile));
const SMALL = { Dockerfile: "FROM scratch\n", "a/one": "1", "a/b/two": "2", "z.log": "noise" };

describe("what is in a context", () => {
  test("every file and folder, sorted", () => {
    write(SMALL);
    expect(names()).toEqual(["Dockerfile", "a", "a/b", "a/b/two", "a/one", "z.log"]);
  });

  test.each([
    ["a folder", "a\n", ["Dockerfile", "z.log"]],
    ["a folder with an end", "a/\n", ["Dockerfile", "z.log"]],
    ["a pattern, a comment and an empty line", "# noise\n\n*.log\r\n", ["Dockerfile", "a", "a/b", "a/b/two", "a/one"]],
    ["any depth", "**/two\n", ["Dockerfile", "a", "a/b", "a/one", "z.log"]],
    ["all but one", "*\n!a/b/two\n", ["Dockerfile", "a/b/two"]],
    ["all but what a pattern keeps", "*\n!**/two\n", ["Dockerfile", "a/b/two"]],
    ["the Dockerfile, which the builder needs all the same", "Dockerfile\na\n", ["Dockerfile", "z.log"]],
  ])(".dockerignore names %s", (_, rules, left) => {
    write({ ...SMALL, ".dockerignore": `${rules}.dockerignore\n` });
    expect(names()).toEqual(left);
  });

  test("what describes the environment is left out, unless it is asked for", () => {
    write({ ...SMALL, "dockstage.yaml": "", "Pulumi.yaml": "", "Pulumi.dev.yaml": "", "a/dockstage.yaml": "" });
    expect(names()).toEqual(["Dockerfile", "a", "a/b", "a/b/two", "a/dockstage.yaml", "a/one", "z.log"]);
    write({ ".dockerignore": "!dockstage.yaml\n" });
    expect(names()).toContain("dockstage.yaml");
  });

  test("Dockerfile.dockerignore comes before .dockerignore", () => {
    write({
      Dockerfile: "",
      "docker/web.Dockerfile": "",
      "docker/web.Dockerfile.dockerignore": "a\n*ignore\n**/*ignore\n",
      ".dockerignore": "b\n",
      "a/x": "",
      "b/x": "",
    });
    expect(names(undefined, "docker/web.Dockerfile")).toEqual(["Dockerfile", "b", "b/x", "docker", "docker/web.Dockerfile"]);
    expect(names()).not.toContain("b");
  });

  test("a Dockerfile in a folder that is left out", () => {
    write({ "docker/Dockerfile": "", "docker/other": "", "docker/deep/x": "", ".dockerignore": "docker\n.dockerignore\n", app: "" });
    expect(names(undefined, "docker/Dockerfile")).toEqual(["app", "docker", "docker/Dockerfile"]);
  });

  test("two folders, each with its own rules; the later one's file is taken", async () => {
    write({
      "app/index.php": "app",
      "app/x.log": "",
      "app/.dockerignore": "*.log\n.dockerignore",
      "recipe/Dockerfile": "",
      "recipe/x.log": "kept",
      "recipe/src/index.php": "recipe",
    });
    const folders = [
      { path: path.join(root, "app"), to: "src" },
      { path: path.join(root, "recipe"), to: "" },
    ];
    expect(names(folders)).toEqual(["Dockerfile", "src", "src/index.php", "x.log"]);
    const entries = listContext(folders, "Dockerfile");
    expect(entries.find(({ name }) => name === "src/index.php")?.source).toBe(path.join(root, "recipe/src/index.php"));
    expect(entries.filter(({ type }) => type === "directory").map(({ name }) => name)).toEqual(["src"]);
  });

  test("a file where another folder has a folder is refused", () => {
    write({ "app/src": "", "recipe/src/x": "" });
    expect(() =>
      names([
        { path: path.join(root, "app"), to: "" },
        { path: path.join(root, "recipe"), to: "" },
      ]),
    ).toThrow(/context: src is a file in one folder .* and a directory in another .*: rename one/);
  });
});

describe("the hash", () => {
  test("is the same for another place, other times and other write permissions", async () => {
    write(SMALL);
    const before = await hash();
    fs.utimesSync(path.join(root, "a/one"), 1, 1);
    fs.chmodSync(path.join(root, "a/one"), 0o600);
    fs.chmodSync(path.join(root, "a"), 0o700);
    expect(await hash()).toBe(before);
    const moved = path.join(top, "moved");
    fs.cpSync(root, moved, { recursive: true });
    expect(await hashContext(listContext([{ path: moved, to: "" }], "Dockerfile"))).toBe(before);
  });

  test.each<[string, () => void]>([
    ["content", () => write({ "a/one": "other" })],
    ["an execute bit", () => fs.chmodSync(path.join(root, "a/one"), 0o755)],
    ["a name", () => fs.renameSync(path.join(root, "a/one"), path.join(root, "a/two"))],
    ["an empty folder", () => fs.mkdirSync(path.join(root, "empty"))],
    [
      "a link instead of its content",
      () => {
        fs.rmSync(path.join(root, "a/one"));
        fs.symlinkSync("b/two", path.join(root, "a/one"));
      },
    ],
  ])("changes with %s", async (_, change) => {
    write(SMALL);
    const before = await hash();
    change();
    expect(await hash()).not.toBe(before);
  });

  test("changes with where a link points, not with what lies there", async () => {
    write({ ...SMALL, "../outside": "x" });
    fs.symlinkSync("../outside", path.join(root, "link"));
    const before = await hash();
    write({ "../outside": "y" });
    expect(await hash()).toBe(before);
    fs.rmSync(path.join(root, "link"));
    fs.symlinkSync("./a", path.join(root, "link"));
    expect(await hash()).not.toBe(before);
  });

  test("does not see what is left out", async () => {
    write({ ...SMALL, ".dockerignore": "*.log" });
    const before = await hash();
    write({ "z.log": "other", "new.log": "" });
    expect(await hash()).toBe(before);
  });
});

describe("the archive", () => {
  async function unpacked(): Promise<{ sent: string; entries: unknown[]; bytes: number }> {
    const { stream, sent } = packContext(listContext([{ path: root, to: "" }], "Dockerfile"));
    const entries: unknown[] = [];
    const reader = extract();
    stream.pipe(reader);
    let bytes = 0;
    for await (const entry of reader) {
      let content = "";
      for await (const chunk of entry) {
        bytes += (chunk as Buffer).length;
        if (bytes < 1000) content += String(chunk);
      }
      const { name, type, mode, uid, gid, mtime, linkname } = entry.header;
      entries.push([name, type, mode?.toString(8), uid, gid, mtime?.getTime(), linkname ?? content]);
    }
    return { sent: await sent, entries, bytes };
  }

  test("has no time and no owner, and hashes to the same", async () => {
    write(SMALL);
    fs.chmodSync(path.join(root, "a/one"), 0o700);
    fs.symlinkSync("a/one", path.join(root, "link"));
    const { sent, entries } = await unpacked();
    expect(entries).toEqual([
      ["Dockerfile", "file", "644", 0, 0, 0, "FROM scratch\n"],
      ["a", "directory", "755", 0, 0, 0, ""],
      ["a/b", "directory", "755", 0, 0, 0, ""],
      ["a/b/two", "file", "644", 0, 0, 0, "2"],
      ["a/one", "file", "755", 0, 0, 0, "1"],
      ["link", "symlink", "777", 0, 0, 0, "a/one"],
      ["z.log", "file", "644", 0, 0, 0, "noise"],
    ]);
    expect(sent).toBe(await hash());
  });

  test("of a big file is read in pieces and hashes to the same", async () => {
    write({ Dockerfile: "" });
    fs.truncateSync((fs.writeFileSync(path.join(root, "big"), ""), path.join(root, "big")), 5 * 1024 * 1024 + 1);
    const { sent, bytes } = await unpacked();
    expect(bytes).toBe(5 * 1024 * 1024 + 1);
    expect(sent).toBe(await hash());
  });

  test("nobody waits for ever when its reader goes away", async () => {
    write({ Dockerfile: "", big: "x".repeat(8 * 1024 * 1024) });
    const { stream, sent } = packContext(listContext([{ path: root, to: "" }], "Dockerfile"));
    stream.once("data", () => stream.destroy());
    await expect(sent).rejects.toThrow("was not read to its end");
  });
});
