import { globSync } from "tinyglobby";

/** The files below a folder that a pattern of the description matches, by path from there. */
export const filesMatching = (folder: string, pattern: string): readonly string[] =>
  globSync([pattern], { cwd: folder, dot: true, onlyFiles: true, followSymbolicLinks: false, expandDirectories: false });
