import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { lock } from "proper-lockfile";
import { z } from "zod";
import { Problem } from "./resource";

/** Who holds which subnet or port: one file per user, shared by all environments and by all runs at the same time. */

const entry = z.object({
  value: z.string(),
  kind: z.enum(["port", "subnet"]),
  engine: z.string(),
  at: z.iso.datetime(),
  folder: z.string().optional(),
});
const schema = z.record(z.string(), entry);

export type Entry = z.infer<typeof entry>;
/** By holder; `folder` is where the program ran that took the lease. */
export type Ledger = Record<string, Entry>;

/** The user's data folder for dockstage. */
export const dataFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env["DOCKSTAGE_DATA"] || path.join(env["XDG_DATA_HOME"] || path.join(os.homedir(), ".local", "share"), "dockstage");

// One caller of this process at a time: the file's lock is polled, and twenty pollers would starve each other.
let last: Promise<unknown> = Promise.resolve();

/** Calls `change` with the ledger under its lock, and keeps what it did to it. Waits at most half a minute for the lock. */
export function withLedger<T>(change: (ledger: Ledger) => Promise<T>, folder = dataFolder()): Promise<T> {
  const turn = last.then(() => locked(change, folder));
  last = turn.catch(() => undefined);
  return turn;
}

/** The ledger as it is now: for a look, not for a change. */
export async function readLedger(folder = dataFolder()): Promise<Readonly<Ledger>> {
  const file = path.join(folder, "leases.json");
  return parse(await readFile(file, "utf8").catch(() => "{}"), file);
}

async function locked<T>(change: (ledger: Ledger) => Promise<T>, folder: string): Promise<T> {
  const file = path.join(folder, "leases.json");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let lost: Error | undefined;
  const unlock = await lock(file, {
    realpath: false,
    stale: 10_000,
    retries: { retries: 300, minTimeout: 20, maxTimeout: 100 },
    onCompromised: (error) => {
      lost = error;
    },
  }).catch(() => {
    throw new Problem(
      `Another run has kept ${file} locked for half a minute: try again when it has ended. If none is left, remove ${file}.lock.`,
    );
  });
  try {
    const ledger = parse(await readFile(file, "utf8").catch(() => "{}"), file);
    const before = JSON.stringify(ledger);
    const result = await change(ledger);
    if (lost) throw new Problem(`The lock of ${file} was lost to another run (was the machine asleep?): try again.`);
    if (JSON.stringify(ledger) !== before) {
      await writeFile(`${file}.${process.pid}`, `${JSON.stringify(ledger, null, 2)}\n`, { mode: 0o600 });
      await rename(`${file}.${process.pid}`, file);
    }
    return result;
  } finally {
    await unlock().catch(() => undefined); // a lost lock is not ours to give back
  }
}

function parse(text: string, file: string): Ledger {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    throw new Problem(
      `${file} is not a ledger of leases: move it away, and it is made anew (subnets and ports in use are seen on the engine).`,
    );
  }
}
