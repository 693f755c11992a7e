import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import ignore from "@balena/dockerignore";
import { Problem } from "./resource";

/**
 * Build contexts: folders, each filtered by its own .dockerignore, put together to one tree. The hash and the tar archive are
 * made from the same list, so that an image is built again exactly when its files changed. Times, owners and write permissions
 * of the files play no part: they differ from clone to clone.
 */

export interface Folder {
  /** Absolute. */
  readonly path: string;
  /** Where its files go in the context; "" is the root. A later folder's file hides an earlier one of the same name. */
  readonly to: string;
}

export interface Entry {
  /** In the context, with slashes. */
  readonly name: string;
  readonly type: "file" | "directory" | "symlink";
  readonly mode: number;
  /** Where it lies, absolute. */
  readonly source: string;
  /** Of a symlink: what it says. */
  readonly target: string;
}

export interface Archive {
  readonly stream: Readable;
  /** Hash over what was sent; resolves when the stream has ended. A file that changes meanwhile is hashed as it was sent. */
  readonly sent: Promise<string>;
}

/** Files above this size are read in pieces, in bytes. */
const PIECE = 1024 * 1024;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const errnoOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** The context's entries, sorted by name. `dockerfile` is in it even if a .dockerignore names it: the builder needs it. */
export function listContext(folders: readonly Folder[], dockerfile: string): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const folder of folders) {
    const inside = path.posix.relative(folder.to, dockerfile);
    const own = inside.startsWith("..") ? undefined : inside;
    for (const entry of walk(folder, own)) {
      const there = entries.get(entry.name);
      if (there && there.type !== entry.type && (there.type === "directory" || entry.type === "directory")) {
        throw new Problem(
          `context: ${entry.name} is a ${there.type} in one folder of the build context (${there.source}) and a ${entry.type} in another (${entry.source}): rename one, or name it in that folder's .dockerignore`,
        );
      }
      entries.set(entry.name, entry);
    }
  }
  return [...entries.values()].sort((a, b) => compare(a.name, b.name));
}

/**
 * What describes the environment is no part of the app: a worker more in dockstage.yaml must not build a new image. First in the rules,
 * so that a .dockerignore can bring them back with "!".
 */
const OURS = ["dockstage.yaml", "Pulumi.yaml", "Pulumi.*.yaml"];

/** The rules of `<dockerfile>.dockerignore`, else of `.dockerignore`, as BuildKit chooses them. */
function rulesOf(
  root: string,
  dockerfile: string | undefined,
): { readonly ignores: (name: string) => boolean; readonly mayHoldKept: (folder: string) => boolean } {
  const candidates = [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), ".dockerignore"];
  const file = candidates.map((name) => path.join(root, name)).find((name) => fs.existsSync(name));
  const written =
    file === undefined
      ? []
      : readText(file)
          .replace(/^\uFEFF/, "")
          .split(/\r?\n/)
          .map((line) => line.trim())
          .filter((line) => line !== "" && !line.startsWith("#"));
  const lines = [...OURS, ...written];
  const rules = ignore().add(lines);
  // A folder that is left out must still be entered where an exception (`!folder/keep`) may lie in it.
  const exceptions = lines
    .filter((line) => line.startsWith("!"))
    .map((line) => path.posix.normalize(line.slice(1).trim()).replace(/^\//, ""));
  const mayHoldKept = (folder: string): boolean =>
    exceptions.some((exception) => {
      const fixed = exception.split(/[*?[\\]/, 1)[0] ?? "";
      return fixed !== exception ? fixed.startsWith(`${folder}/`) || `${folder}/`.startsWith(fixed) : exception.startsWith(`${folder}/`);
    });
  return { ignores: (name) => rules.ignores(name), mayHoldKept };
}

function* walk(folder: Folder, dockerfile: string | undefined): Generator<Entry> {
  const { ignores, mayHoldKept } = rulesOf(folder.path, dockerfile);
  const inContext = (name: string): string => (folder.to === "" ? name : path.posix.join(folder.to, name));
  if (folder.to !== "") yield { name: inContext("").replace(/\/$/, ""), type: "directory", mode: 0o755, source: folder.path, target: "" };
  const pending = [""];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const found of readFolder(path.join(folder.path, at))) {
      const name = at === "" ? found.name : `${at}/${found.name}`;
      const left = ignores(name);
      if (found.isDirectory() && (!left || mayHoldKept(name))) pending.push(name);
      const wanted = !left || name === dockerfile || (found.isDirectory() && dockerfile?.startsWith(`${name}/`) === true);
      if (found.isDirectory() && left && wanted && !mayHoldKept(name)) pending.push(name);
      if (!wanted) continue;
      const source = path.join(folder.path, name);
      if (found.isDirectory()) yield { name: inContext(name), type: "directory", mode: 0o755, source, target: "" };
      else if (found.isSymbolicLink())
        yield { name: inContext(name), type: "symlink", mode: 0o777, source, target: fs.readlinkSync(source) };
      // Sockets, pipes and devices have no place in an image.
      else if (found.isFile())
        yield { name: inContext(name), type: "file", mode: fs.statSync(source).mode & 0o111 ? 0o755 : 0o644, source, target: "" };
    }
  }
}

function readFolder(folder: string): fs.Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw unreadable(folder, error);
  }
}

export function readText(file: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    throw unreadable(file, error);
  }
}

export function unreadable(file: string, error: unknown): unknown {
  const code = errnoOf(error);
  if (code !== "EACCES" && code !== "EPERM") return error;
  return new Problem(
    `context: ${file} may not be read by this user: change its permissions, or name it in .dockerignore if the image does not need it`,
  );
}

const lineOf = (entry: Entry, content: string): string => JSON.stringify([entry.name, entry.type, entry.mode.toString(8), content]);

/** SHA-256 over names, types, modes and contents, hex. */
export async function hashContext(entries: readonly Entry[]): Promise<string> {
  const hash = createHash("sha256");
  for (const entry of entries) hash.update(lineOf(entry, entry.type === "file" ? await hashFile(entry.source) : entry.target));
  return hash.digest("hex");
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    // Small files at once: 5,000 of them take a fraction of the time that as many streams would.
    if (fs.statSync(file).size <= PIECE) hash.update(fs.readFileSync(file));
    else for await (const piece of fs.createReadStream(file, { highWaterMark: PIECE })) hash.update(piece as Buffer);
  } catch (error) {
    throw unreadable(file, error);
  }
  return hash.digest("hex");
}

/** The entries as a tar stream: no time, owner root. Memory stays bounded whatever the size of the files. */
export function packContext(entries: readonly Entry[]): Archive {
  const { pack } = require("tar-stream") as typeof import("tar-stream"); // only a build needs it
  const archive = pack();
  const hash = createHash("sha256");
  const common = { uid: 0, gid: 0, mtime: new Date(0) };
  // A reader that goes away (a cancelled build) must not leave a file open that waits for it for ever.
  const closed = new Promise<never>((_, reject) =>
    archive.once("close", () => reject(new Error("the build context was not read to its end"))),
  );
  closed.catch(() => undefined);
  const send = async (): Promise<string> => {
    for (const entry of entries) {
      const { name, type, mode, target } = entry;
      if (type === "file") {
        hash.update(lineOf(entry, await sendFile(entry)));
        continue;
      }
      await new Promise<void>((resolve, reject) => {
        archive.entry({ ...common, name, type, mode, ...(type === "symlink" && { linkname: target }) }, (error) =>
          error ? reject(error) : resolve(),
        );
      });
      hash.update(lineOf(entry, target));
    }
    archive.finalize();
    return hash.digest("hex");
  };
  const sendFile = async ({ name, mode, source }: Entry): Promise<string> => {
    const content = createHash("sha256");
    const file = await fs.promises.open(source);
    try {
      const { size } = await file.stat();
      const done = new Promise<void>((resolve, reject) => {
        const sink = archive.entry({ ...common, name, type: "file", mode, size }, (error) => (error ? reject(error) : resolve()));
        void (async () => {
          // Exactly as many bytes as the header says, should the file grow or shrink meanwhile.
          const buffer = Buffer.allocUnsafe(Math.min(PIECE, Math.max(size, 1)));
          for (let left = size; left > 0;) {
            const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, left));
            if (bytesRead === 0) throw new Problem(`context: ${source} was shortened while it was read: run it again`);
            left -= bytesRead;
            const piece = Buffer.from(buffer.subarray(0, bytesRead));
            content.update(piece);
            if (!sink.write(piece)) await Promise.race([closed, new Promise<void>((resume) => sink.once("drain", () => resume()))]);
          }
          sink.end(Buffer.alloc(0));
        })().catch(reject);
      });
      await Promise.race([closed, done]);
    } finally {
      await file.close();
    }
    return content.digest("hex");
  };
  const sent = send().catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  });
  sent.catch(() => undefined); // whoever waits for it gets the error; nobody may be waiting
  return { stream: Readable.from(archive), sent };
}
