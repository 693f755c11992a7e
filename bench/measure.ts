import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";

/** How long a command took and what it used. Linux only: it reads /proc. */
export interface Run {
  /** Wall time in seconds. */
  readonly seconds: number;
  /** CPU time of the command and of all that it started and waited for, in seconds. */
  readonly cpuSeconds: number;
  /** Largest sum of resident memory of the command and all below it, in MiB; undefined where it was not asked for. */
  readonly peakMiB: number | undefined;
}

export interface Command {
  readonly args: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Clock ticks per second of /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;
/** Pause between two looks at the memory, in milliseconds. */
const LOOK = 20;

/** The fields of /proc/PID/stat after the name, which may hold blanks itself. */
const statOf = (pid: number | "self"): readonly string[] =>
  readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");

/** CPU time of this process's ended children and of theirs, in seconds. */
function childrenSeconds(): number {
  const stat = statOf("self");
  return (Number(stat[13]) + Number(stat[14])) / TICKS;
}

/** Resident memory of a process and of all below it, in MiB. */
function memoryOf(root: number): number {
  const processes = new Map<number, { readonly parent: number; readonly mib: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = statOf(Number(name));
      processes.set(Number(name), { parent: Number(stat[1]), mib: (Number(stat[21]) * 4096) / 1024 / 1024 });
    } catch {
      // It ended meanwhile.
    }
  }
  const below = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = processes.get(at)?.parent) if (at === root) return true;
    return false;
  };
  return [...processes].reduce((sum, [pid, { mib }]) => (below(pid) ? sum + mib : sum), 0);
}

/**
 * Runs a command to its end.
 *
 * @param memory look at its memory too, which slows it down
 * @throws Error with its output when it fails
 */
export async function run({ args: [program, ...args], cwd, env }: Command, memory = false): Promise<Run> {
  const [started, before] = [performance.now(), childrenSeconds()];
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const take = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  let peakMiB: number | undefined;
  const looking = memory ? setInterval(() => (peakMiB = Math.max(peakMiB ?? 0, memoryOf(child.pid ?? 0))), LOOK) : undefined;
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  clearInterval(looking);
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`${[program, ...args].join(" ")} ended with ${code}:\n${output}`);
  return { seconds, cpuSeconds: childrenSeconds() - before, peakMiB };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? (sorted[Math.floor(middle)] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** `1.65 s (1.58 to 1.80), 1.9 s of CPU`. */
export function say(runs: readonly Run[]): string {
  const seconds = runs.map((one) => one.seconds);
  const cpu = median(runs.map((one) => one.cpuSeconds)).toFixed(2);
  const peaks = runs.flatMap(({ peakMiB }) => (peakMiB === undefined ? [] : [peakMiB]));
  const memory = peaks.length > 0 ? `, ${Math.max(...peaks).toFixed(0)} MiB at most` : "";
  return `${median(seconds).toFixed(2)} s (${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}, n=${runs.length}), ${cpu} s of CPU${memory}`;
}

/** What a figure must be read with. */
export const machine = (): string =>
  `Node ${process.versions.node}, ${cpus().length} cores (${cpus()[0]?.model ?? "unknown"}), load ${loadavg()
    .map((load) => load.toFixed(1))
    .join(" ")}`;

/** The number after `name` on the command line. */
export function numberOf(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}
