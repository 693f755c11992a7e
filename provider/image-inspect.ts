import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path, { posix } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Engine } from "./engine";
import { Problem } from "./resource";

/** What containers need to know of an image: it is read from the image itself. */
export interface Facts {
  readonly imageId: string;
  readonly entrypoint: string[];
  readonly command: string[];
  readonly workdir: string;
  readonly uid: number;
  readonly gid: number;
  readonly shell: boolean;
  /** Its VOLUME paths, sorted. */
  readonly volumes: string[];
}

interface Inspected {
  readonly id: string;
  readonly user: string;
  readonly entrypoint: string[];
  readonly command: string[];
  readonly workdir: string;
  readonly volumes: string[];
}

export const statusOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "statusCode" in error ? error.statusCode : undefined;

/** A list of words: the API also gives null for none, and very old images have one string. */
const words = (value: unknown): string[] =>
  Array.isArray(value) ? value.map(String) : typeof value === "string" && value !== "" ? [value] : [];

/** Undefined where the engine has no image of this reference or ID. */
export async function inspectImage(engine: Engine, reference: string): Promise<Inspected | undefined> {
  try {
    const { Id, Config } = await engine.docker.getImage(reference).inspect();
    return {
      id: Id,
      user: Config.User ?? "",
      entrypoint: words(Config.Entrypoint),
      command: words(Config.Cmd),
      workdir: Config.WorkingDir || "/",
      // The API gives null for none.
      volumes: Object.keys(Config.Volumes ?? {}).sort(),
    };
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** What only a look into the image tells. An ID stands for one content for ever: the answers are kept in the user's cache folder. */
const inner = z.object({ uid: z.number(), gid: z.number(), shell: z.boolean() });

const cacheFolder = (): string => path.join(process.env["XDG_CACHE_HOME"] || path.join(os.homedir(), ".cache"), "dockstage", "images");

export async function factsOf(engine: Engine, image: Inspected, folder = cacheFolder()): Promise<Facts> {
  const { id: imageId, entrypoint, command, workdir, volumes } = image;
  const file = path.join(folder, `${imageId.replace(/[^\w-]/g, "-")}.json`);
  const known = inner.safeParse(
    await readFile(file, "utf8")
      .then(JSON.parse)
      .catch(() => undefined),
  );
  const found = known.success ? known.data : await lookInto(engine, image);
  if (!known.success) await keep(file, found);
  return { imageId, entrypoint, command, workdir, volumes, ...found };
}

/** A cache that cannot be written is no reason to stop. */
async function keep(file: string, facts: z.infer<typeof inner>): Promise<void> {
  const part = `${file}.${process.pid}`;
  try {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(part, JSON.stringify(facts));
    await rename(part, file);
  } catch {
    await rm(part, { force: true }).catch(() => undefined);
  }
}

/** Looks into the image through a container of it that is never started. */
async function lookInto(engine: Engine, image: Inspected): Promise<z.infer<typeof inner>> {
  const helper = await engine.createContainer({
    // An entrypoint is needed by the engine where the image has none; it is never started.
    Image: image.id,
    Entrypoint: ["/nothing"],
    NetworkDisabled: true,
    Labels: { "dockstage.helper": "image" },
    HostConfig: { NetworkMode: "none" },
  });
  try {
    const named = image.user !== "" && image.user !== "0" && image.user !== "0:0";
    const [passwd, group] = named ? [await fileIn(engine, helper, "/etc/passwd"), await fileIn(engine, helper, "/etc/group")] : ["", ""];
    const { uid, gid } = userIn(image.user, passwd, group);
    return { uid, gid, shell: await isThere(engine, helper, "/bin/sh") };
  } finally {
    await engine.removeContainer(helper);
  }
}

async function isThere(engine: Engine, container: string, path: string): Promise<boolean> {
  try {
    // The answer has no body, but as long as nobody reads it to its end the connection keeps this process alive for minutes.
    const answer: unknown = await engine.docker.getContainer(container).infoArchive({ path });
    if (answer instanceof Readable) answer.resume();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

/** Numeric owner (`33:33`) of what the image has at an absolute path, or of the nearest folder above it that the image has. */
export async function ownerIn(engine: Engine, image: string, path: string): Promise<string> {
  const helper = await engine.createContainer({
    Image: image,
    Entrypoint: ["/nothing"],
    NetworkDisabled: true,
    Labels: { "dockstage.helper": "image" },
    HostConfig: { NetworkMode: "none" },
  });
  try {
    for (let at = posix.normalize(path); at !== "/"; at = posix.dirname(at)) {
      const owner = await ownerOf(engine, helper, at);
      if (owner !== undefined) return owner;
    }
    return "0:0";
  } finally {
    await engine.removeContainer(helper);
  }
}

/** Undefined where there is nothing at the path. */
async function ownerOf(engine: Engine, container: string, path: string): Promise<string | undefined> {
  const { extract } = require("tar-stream") as typeof import("tar-stream");
  try {
    const archive = await engine.docker.getContainer(container).getArchive({ path });
    const entries = extract();
    // The folder itself comes first; the rest of it, perhaps a whole app, is not waited for.
    archive.on("error", () => undefined);
    archive.pipe(entries);
    for await (const { header } of entries) {
      if (archive instanceof Readable) archive.destroy();
      return `${header.uid ?? 0}:${header.gid ?? 0}`;
    }
    return undefined;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** The text of a file in a container; "" where there is none. */
async function fileIn(engine: Engine, container: string, path: string): Promise<string> {
  const { extract } = require("tar-stream") as typeof import("tar-stream");
  try {
    const archive = await engine.docker.getContainer(container).getArchive({ path });
    const found: string[] = [];
    const entries = extract();
    archive.pipe(entries);
    for await (const entry of entries) found.push(await text(entry));
    return found.join("");
  } catch (error) {
    if (statusOf(error) === 404) return "";
    throw error;
  }
}

/**
 * Numeric ids of a USER (`app`, `app:www`, `1000`, `1000:1000`, "" for root), as the engine would find them: without a group,
 * the user's own, and 0 for an id that /etc/passwd does not know.
 */
export function userIn(user: string, passwd: string, group: string): { readonly uid: number; readonly gid: number } {
  const [name = "", groupName] = user.split(":", 2);
  const rows = (file: string): string[][] =>
    file
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(":"));
  const numeric = /^\d+$/;
  if (name === "" && !groupName) return { uid: 0, gid: 0 };
  const account = rows(passwd).find(([login, , id]) => login === name || (numeric.test(name) && id === name));
  const uid = name === "" ? 0 : numeric.test(name) ? Number(name) : account && Number(account[2]);
  if (uid === undefined)
    throw new Problem(
      `the image's USER is ${user}, but its /etc/passwd has no ${name}: create it in the Dockerfile (useradd), or give USER as a number`,
    );
  if (groupName === undefined || groupName === "") return { uid, gid: account ? Number(account[3]) : 0 };
  if (numeric.test(groupName)) return { uid, gid: Number(groupName) };
  const found = rows(group).find(([title]) => title === groupName);
  if (!found)
    throw new Problem(
      `the image's USER is ${user}, but its /etc/group has no ${groupName}: create it in the Dockerfile (groupadd), or give the group as a number`,
    );
  return { uid, gid: Number(found[2]) };
}
