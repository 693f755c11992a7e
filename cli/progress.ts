/**
 * What an `up` shows where no person watches Pulumi's own tree: a line for each resource that is finished, with the time since the start
 * and the part of the environment that it belongs to; every five seconds one of what is waited for; errors last.
 */

/** ` +  dockstage:index:Image app creating (1s) building app: step 2/3`, and with `**` around a failure. */
const LINE =
  /^ *(?:[+~=<>-]{1,3} +)?(\S+:\S+:\S+) (\S+) (\**)(\w+)(?: (?:replacement|original))?( failed)?(?: \((\d+(?:\.\d+)?m?s|\d+m\d+s)\))?\**(?: (.*))?$/;
/** What a resource that does not change says comes once more among the diagnostics. */
const NOISE =
  /^@ (updating|refreshing|destroying|previewing)|^(Updating|Refreshing|Destroying) \(|^ +\S+:\S+:\S+ \S+ *(?: (?:warning|error): .*)?$|^ +pulumi:pulumi:Stack \S+ +(running|\*\*failed)/;
/** How Pulumi's summary begins: what it says, the last line says shorter. */
const SUMMARY = /^(Resources:|Duration: )/;
const FINISHED = new Set(["created", "updated", "deleted", "read", "imported"]);

/** Milliseconds between two lines of what is not finished yet. */
const PAUSE = 5_000;
/** Milliseconds after which something is waited for. */
const LONG = 2_000;

/** Which part of an environment a resource belongs to. */
function phaseOf(type: string, name: string): string {
  const kind = type.split(":").at(-1) ?? "";
  if (kind === "Image" || kind === "RemoteImage") return "images";
  if (kind === "Lease" || kind === "Network" || kind === "External") return "network";
  if (kind === "Ready") return "ready";
  if (kind === "Password" || kind === "KeyPair" || kind === "Files") return "secrets";
  if (kind === "Volume" || kind === "Stamp" || kind === "Job" || /(^|-)(data|mariadb|postgresql)(-|$)/.test(name)) return "data";
  return "app";
}

/** `Ready mariadb-10.11-ready` for a person. */
const waitedFor = (type: string, name: string): string =>
  type.endsWith(":Ready") ? `${name.replace(/-ready$/, "")} to be healthy` : `${type.split(":").at(-1)} ${name}`;

interface Active {
  readonly words: string;
  readonly phase: string;
  readonly since: number;
  text: string;
}

/** Shows how far an `up` is; one for a whole command. */
export class Progress {
  private readonly started: number;
  private last: number;
  private readonly active = new Map<string, Active>();
  /** What this run of Pulumi has finished. What a provider said last may come after that: Pulumi then writes the line once more. */
  private readonly finished = new Set<string>();
  private readonly diagnostics: string[] = [];
  private inDiagnostics = false;
  private inSummary = false;

  constructor(
    private readonly write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
    private readonly now: () => number = Date.now,
  ) {
    this.started = this.last = now();
  }

  /** Seconds since the start, `3.2`. */
  elapsed(): string {
    return ((this.now() - this.started) / 1000).toFixed(1);
  }

  /** One line: `   3.2 s  network   created   Network edge (2s)`. */
  say(phase: string, text: string): void {
    this.last = this.now();
    this.write(`${this.elapsed().padStart(6)} s  ${phase.padEnd(8)}  ${text}`);
  }

  /** Takes a line of Pulumi's standard output. */
  line(line: string): void {
    if (line === "Diagnostics:") this.inDiagnostics = true;
    else if (SUMMARY.test(line)) {
      this.inDiagnostics = false;
      this.inSummary = true;
    } else if (this.inDiagnostics) this.diagnostics.push(line);
    else if (!this.inSummary) this.resource(line);
  }

  /** A run of Pulumi has ended. Where all went well, its warnings are said; errors wait for `trouble`. */
  ended(good: boolean): void {
    this.active.clear();
    this.finished.clear();
    this.inDiagnostics = this.inSummary = false;
    if (!good) return;
    for (const block of this.blocks()) if (block.includes("warning:")) this.write(block);
    this.diagnostics.length = 0;
  }

  /** What Pulumi said of errors and warnings, without its own words about the run as a whole. */
  trouble(): string {
    return this.blocks().join("\n\n");
  }

  private blocks(): readonly string[] {
    const blocks: string[][] = [];
    for (const line of this.diagnostics) {
      if (/^ {2}\S+ \(.*\):$/.test(line)) blocks.push([line]);
      else blocks.at(-1)?.push(line);
    }
    return blocks
      .filter(([head = "", ...rest]) => !(head.startsWith("  pulumi:pulumi:Stack") && rest.join("").trim() === "error: update failed"))
      .map((block) =>
        block
          .filter((line, at) => line !== block[at - 1])
          .join("\n")
          .trimEnd(),
      );
  }

  private resource(line: string): void {
    const match = LINE.exec(line);
    if (!match) {
      if (!NOISE.test(line) && line.trim() !== "") this.write(line);
      return;
    }
    const [, type = "", name = "", , doing = "", failed, seconds, text = ""] = match;
    // Components and the stack do nothing by themselves.
    if (/^(dockstage:components|pulumi:pulumi):/.test(type)) return;
    const phase = phaseOf(type, name);
    const key = `${type} ${name}`;
    const what = `${type.split(":").at(-1) ?? type} ${name}${seconds === undefined ? "" : ` (${seconds})`}`;
    if (failed) {
      this.active.delete(key);
      this.say(phase, `FAILED    ${what}`);
    } else if (FINISHED.has(doing)) {
      this.active.delete(key);
      if (this.finished.has(`${doing} ${key}`)) return;
      this.finished.add(`${doing} ${key}`);
      this.say(phase, `${doing.padEnd(9)} ${what}`);
    } else if (/ing$/.test(doing)) {
      const active = this.active.get(key) ?? { words: waitedFor(type, name), phase, since: this.now(), text: "" };
      // The properties that differ are part of a preview.
      active.text = text.replace(/^\[diff: [^\]]*\](; )?/, "").replace(/^waiting for [^:]*: /, "");
      this.active.set(key, active);
    } else this.active.delete(key);
  }

  /** Says what has been under way for longest, where nothing was said for a while. For a clock to call. */
  waiting(): void {
    if (this.now() - this.last < PAUSE) return;
    const [longest] = [...this.active.values()].sort((a, b) => a.since - b.since);
    if (!longest || this.now() - longest.since < LONG) return;
    const { words, phase, since, text } = longest;
    this.say(phase, `waiting for ${words}, ${Math.round((this.now() - since) / 1000)} s${text === "" ? "" : `: ${text}`}`);
  }
}
