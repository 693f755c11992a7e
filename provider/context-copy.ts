import fs from "node:fs";
import path from "node:path";
import { hashContext, unreadable } from "./context";
import type { Entry } from "./context";

/**
 * Lays a build context out in an empty folder, as packContext would send it: no time, no owner. For a build whose Dockerfile is not the
 * context's: in a tar archive the Dockerfile is one of the files that `COPY . .` takes along.
 *
 * @returns hash over what was copied: a file may have changed since it was listed
 */
export async function copyContext(entries: readonly Entry[], folder: string, signal: AbortSignal): Promise<string> {
  const copies: Entry[] = [];
  for (const entry of entries) {
    signal.throwIfAborted();
    const source = path.join(folder, entry.name);
    fs.mkdirSync(path.dirname(source), { recursive: true });
    if (entry.type === "directory") fs.mkdirSync(source, { recursive: true });
    else if (entry.type === "symlink") fs.symlinkSync(entry.target, source);
    else {
      try {
        await fs.promises.copyFile(entry.source, source, fs.constants.COPYFILE_FICLONE);
      } catch (error) {
        throw unreadable(entry.source, error);
      }
    }
    copies.push({ ...entry, source });
  }
  // Folders last and from the inside out: what is put into one changes its time. The umask plays no part.
  for (const { source, type, mode } of copies.toReversed()) {
    if (type !== "symlink") fs.chmodSync(source, mode);
    fs.lutimesSync(source, 0, 0);
  }
  return hashContext(copies);
}
