import { randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import path from "node:path";
import { pack } from "tar-stream";
import { z } from "zod";
import { changed } from "./resource";
import type { Resource } from "./resource";

/** Where the volume is mounted in the helper container. */
const MOUNT = "/dockstage-files";
/** How long containers that still use the volume may take to go, in seconds. */
const WAIT = 30;

const inputs = z.object({
  prefix: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, "must be a volume's name: letters, digits, _ . -"),
  files: z.record(
    z.string().regex(/^(?!\/)(?!(.*\/)?\.\.?(\/|$)).+[^/]$|^[^/.]$/, "must be a relative path without . and .."),
    z.object({ content: z.string(), mode: z.string().regex(/^0?[0-7]{3}$/, "must be octal, for example 0400") }),
  ),
  uid: z.number().int().min(0),
  gid: z.number().int().min(0),
  image: z.string().min(1),
  labels: z.record(z.string(), z.string()),
});
const computed = z.object({ volume: z.string() });
type Inputs = z.infer<typeof inputs>;

/** The tar archive of the files, with their folders, owner and modes; the same input gives the same bytes. */
export async function archiveOf({ files: given, uid, gid }: Pick<Inputs, "files" | "uid" | "gid">): Promise<Buffer> {
  const files = Object.fromEntries(Object.entries(given).map(([name, file]) => [path.posix.normalize(name), file]));
  const archive = pack();
  const folders = new Set<string>();
  for (const name of Object.keys(files)) for (let at = path.posix.dirname(name); at !== "."; at = path.posix.dirname(at)) folders.add(at);
  const common = { uid, gid, mtime: new Date(0) };
  archive.entry({ ...common, name: ".", type: "directory", mode: 0o755 });
  for (const name of [...folders].sort()) archive.entry({ ...common, name, type: "directory", mode: 0o755 });
  for (const [name, { content, mode }] of Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))) {
    archive.entry({ ...common, name, mode: parseInt(mode, 8) }, content);
  }
  archive.finalize();
  return buffer(archive);
}

export const resource: Resource<Inputs, z.infer<typeof computed>> = {
  inputs,
  computed,
  outputs: ["volume"],

  // Labels and the image that the files went through say nothing of what is in the volume.
  diff: (_id, oldInputs, _state, news) => Promise.resolve({ replaces: changed(oldInputs, news, ["prefix", "files", "uid", "gid"]) }),

  async create(news, ctx) {
    const engine = await ctx.engine();
    const volume = `${news.prefix}-${randomBytes(4).toString("hex")}`;
    const archive = await archiveOf(news);
    let helper: string | undefined;
    try {
      await engine.createVolume(volume, { ...news.labels, "dockstage.helper": "files" });
      ctx.signal.throwIfAborted();
      helper = await engine.createContainer({
        // An entrypoint is needed by the engine where the image has none; it is never started.
        Image: news.image,
        Entrypoint: ["/nothing"],
        NetworkDisabled: true,
        Labels: { ...news.labels, "dockstage.helper": "files" },
        HostConfig: {
          NetworkMode: "none",
          Mounts: [
            {
              Type: "volume",
              Source: volume,
              Target: MOUNT,
              ReadOnly: false,
              VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "", Options: {} } },
            },
          ],
        },
      });
      await engine.putArchive(helper, MOUNT, archive);
      await engine.removeContainer(helper);
      helper = undefined;
      ctx.signal.throwIfAborted();
    } catch (error) {
      if (helper !== undefined) await engine.removeContainer(helper);
      await engine.removeVolume(volume, WAIT);
      throw error;
    }
    return { id: volume, computed: { volume } };
  },

  async read(id, state, ctx) {
    return (await (await ctx.engine()).volumeExists(id)) ? { volume: state.volume } : undefined;
  },

  async delete(id, _state, ctx) {
    await (await ctx.engine()).removeVolume(id, WAIT);
  },
};
