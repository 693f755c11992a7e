import { jest } from "@jest/globals";
import path from "node:path";
import type { Engine } from "../../provider/engine";
import { resource as image } from "../../provider/image";
import type { Context } from "../../provider/resource";

/** What the tests of Image, Route and the demux have in common. All their objects' names begin with this. */
export const PREFIX = "ds-img-test";

export interface Bench extends Context {
  readonly lines: string[];
}

/** The resource in a process of its own, as it were: a process keeps the tags that it has made. */
export function otherRun(): typeof image {
  let loaded: typeof image | undefined;
  jest.isolateModules(() => {
    loaded = (require("../../provider/image") as typeof import("../../provider/image")).resource;
  });
  if (!loaded) throw new Error("the module was not loaded");
  return loaded;
}

/** A resource's surroundings on an engine; what it says is kept. */
export function bench(engine: Engine, name: string, signal = new AbortController().signal): Bench {
  const lines: string[] = [];
  return {
    urn: `urn:pulumi:test::${PREFIX}::dockstage:index:X::${name}`,
    name,
    preview: false,
    signal,
    engine: () => Promise.resolve(engine),
    log: (message) => void lines.push(message),
    lines,
  };
}

/** Builds an image of a folder of this repository through the Image resource; its ID, and how to take the tag away. */
export async function imageOf(engine: Engine, folder: string): Promise<{ readonly id: string; remove(): Promise<void> }> {
  const news = {
    repository: `${PREFIX}/${path.basename(folder)}`,
    context: [{ path: path.join(__dirname, "../..", folder), to: "" }],
    dockerfile: "Dockerfile",
  };
  const ctx = bench(engine, path.basename(folder));
  const { id, computed } = await image.create(news, ctx);
  return { id: computed.imageId, remove: () => otherRun().delete(id, { ...news, ...computed }, ctx) };
}
