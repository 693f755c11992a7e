import { createHash } from "node:crypto";
import { accessSync, constants, existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { listContext, type Folder } from "../provider/context";

/**
 * What an `up` depends on, as short values that are the same as long as the inputs are. Loads nothing but Node's own modules and the
 * rules of .dockerignore: an `up` that changes nothing is answered from here, without Pulumi (cli/unchanged.ts).
 */
export type Probe =
  /** The content of a file, or that there is none. */
  | { readonly kind: "file"; readonly path: string }
  /** The resources in a stack's state file. Not the rest of it: a run that changes nothing writes its time there. */
  | { readonly kind: "state"; readonly path: string }
  /** Which file a path leads to, by size, time and inode: programs, whose content is large. */
  | { readonly kind: "program"; readonly path: string }
  /** The same for a command of the PATH. */
  | { readonly kind: "command"; readonly name: string }
  /** A build context, exactly as the builder sees it: names, types, modes and contents of what .dockerignore leaves. */
  | { readonly kind: "context"; readonly folders: readonly Folder[]; readonly dockerfile: string }
  /** All files below these parts of a folder. */
  | { readonly kind: "tree"; readonly folder: string; readonly without: readonly string[] }
  /** Names and contents of the files that the patterns match. */
  | { readonly kind: "glob"; readonly folder: string; readonly patterns: readonly string[] }
  /** To whom a folder belongs. */
  | { readonly kind: "owner"; readonly path: string }
  /** What the ledger of leases gives to holders that begin so. */
  | { readonly kind: "ledger"; readonly path: string; readonly holder: string };

/** Content hash of a file by what the file system says of it, as git's index has it: an unchanged file is not read again. */
export type Known = Readonly<Record<string, readonly [stat: string, hash: string]>>;

/** A file that changed so shortly before it was read may change again without another time, in milliseconds. */
const RACY = 2000;

const sha = (value: string | Buffer): string => createHash("sha256").update(value).digest("hex");

/** Hashes files, with what is known of them already. */
export class Files {
  /** What can be known of them from now on. */
  readonly seen: Record<string, readonly [stat: string, hash: string]> = {};
  /** Size, time and inode of each file: a file that was changed and changed back has another time. */
  readonly stamps: Record<string, string> = {};
  /** Whether a file had to be read. */
  read = false;

  constructor(private readonly known: Known = {}) {}

  /**
   * SHA-256 of the content, hex; "" where there is no such file. Follows symlinks.
   *
   * @param part what of the content counts; always the same for one path. @default all
   */
  hash(path: string, part: (content: Buffer) => string | Buffer = (content) => content): string {
    const before = this.stat(path);
    if (before === undefined) return "";
    this.stamps[path] = before.stamp;
    const known = Object.hasOwn(this.known, path) ? this.known[path] : undefined;
    if (known?.[0] === before.text) {
      this.seen[path] = known;
      return known[1];
    }
    this.read = true;
    const now = Date.now();
    const hash = sha(part(readFileSync(path)));
    // One that changes while it is read, or changed just now, is read the next time, too.
    if (before.changed < now - RACY && this.stat(path)?.text === before.text) this.seen[path] = [before.text, hash];
    return hash;
  }

  private stat(path: string): { readonly text: string; readonly stamp: string; readonly changed: number } | undefined {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (!found?.isFile()) return undefined;
    const { size, mtimeNs, ctimeNs, ino } = found;
    const stamp = `${size} ${mtimeNs} ${ino}`;
    // The time of the last change of anything: nobody can set that one back.
    return { text: `${stamp} ${ctimeNs}`, stamp, changed: Number((mtimeNs > ctimeNs ? mtimeNs : ctimeNs) / 1_000_000n) };
  }
}

/** Every file below a folder, by path from there; folders named in `without` are left out at the top, node_modules everywhere. */
function* below(folder: string, without: readonly string[], at = ""): Generator<readonly [name: string, what: string]> {
  for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
    const name = at === "" ? entry.name : `${at}/${entry.name}`;
    if (without.includes(name) || entry.name === "node_modules") continue;
    if (entry.isDirectory()) yield* below(folder, without, name);
    else if (entry.isSymbolicLink()) yield [name, `to ${readlinkSync(join(folder, name))}`];
    else if (entry.isFile()) yield [name, ""];
  }
}

function programAt(path: string): string {
  try {
    const real = realpathSync(path);
    const { size, mtimeNs, ino, mode } = statSync(real, { bigint: true });
    return `${real} ${size} ${mtimeNs} ${ino} ${mode}`;
  } catch {
    return "";
  }
}

function commandOf(name: string, env: NodeJS.ProcessEnv): string {
  for (const folder of (env["PATH"] ?? "").split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return programAt(join(folder, name));
    } catch {
      continue;
    }
  }
  return "";
}

/** By its entries only: every environment of the person's writes there. */
function held(path: string, holder: string): string {
  if (!existsSync(path)) return "";
  const ledger: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (typeof ledger !== "object" || ledger === null) return "";
  return JSON.stringify(Object.entries(ledger).filter(([name]) => name.startsWith(holder)));
}

/** The JSON of the resources and of what is pending. */
function resourcesIn(content: Buffer): string {
  const state = JSON.parse(content.toString()) as { readonly checkpoint?: { readonly latest?: Readonly<Record<string, unknown>> } };
  const { resources, pending_operations } = state.checkpoint?.latest ?? {};
  return JSON.stringify([resources, pending_operations]);
}

const executable = (path: string): boolean => ((statSync(path, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;

/** The value of one probe now: another one when the input is another. An input that cannot be read throws. */
export function valueOf(probe: Probe, files: Files, env: NodeJS.ProcessEnv): string {
  switch (probe.kind) {
    case "file":
      return files.hash(probe.path);
    case "state":
      return files.hash(probe.path, resourcesIn);
    case "program":
      return programAt(probe.path);
    case "command":
      return commandOf(probe.name, env);
    case "context": {
      const lines = listContext(probe.folders, probe.dockerfile).map(({ name, type, mode, source, target }) =>
        JSON.stringify([name, type, mode, type === "file" ? files.hash(source) : target]),
      );
      return sha(lines.join("\n"));
    }
    case "tree": {
      const lines = [...below(probe.folder, probe.without)].map(([name, what]) => {
        const path = join(probe.folder, name);
        return JSON.stringify([name, what || [executable(path), files.hash(path)]]);
      });
      return sha(lines.sort().join("\n"));
    }
    case "glob": {
      const { filesMatching } = require("../config/globs") as typeof import("../config/globs");
      const names = probe.patterns.flatMap((pattern) => filesMatching(probe.folder, pattern));
      return sha(JSON.stringify([...new Set(names)].sort().map((name) => [name, files.hash(join(probe.folder, name))])));
    }
    case "owner": {
      const found = statSync(probe.path, { throwIfNoEntry: false });
      return found ? `${found.uid}:${found.gid}` : "";
    }
    case "ledger":
      return held(probe.path, probe.holder);
    default:
      return probe satisfies never;
  }
}

/** Variables that decide what an `up` does, and those that say where programs and folders are. */
const DECIDES = /^(DOCKSTAGE|PULUMI|DOCKER|NODE|XDG|BUILDKIT|BUILDX)_|^(HOME|TS_NODE_.*|SSL_CERT_FILE)$/;
const SECRET = /PASSPHRASE$|TOKEN|PASSWORD|SECRET|^PULUMI_CONFIG$/;
/** What differs from one call to the next and decides nothing. */
const IDLE = /^(DOCKSTAGE_DEBUG|NODE_COMPILE_CACHE|NODE_CHANNEL_.*|PULUMI_DEBUG_COMMANDS)$/;

/**
 * SHA-256 over the variables, hex. A secret counts by 16 bits only: enough to notice another one, too few for somebody who reads the
 * value to try guesses against.
 */
export function environmentOf(env: NodeJS.ProcessEnv): string {
  const lines = Object.entries(env).flatMap(([name, value = ""]) =>
    !DECIDES.test(name) || IDLE.test(name) ? [] : [`${name}=${SECRET.test(name) ? sha(`${name}\0${value}`).slice(0, 4) : value}`],
  );
  return sha(JSON.stringify(lines.sort()));
}
