/** BuildKit's plain progress, made short for a terminal and kept for an error. Pure. */

/** Lines of the failed step that an error shows. */
const KEPT = 30;
/** Characters of an instruction that are shown. */
const LONGEST = 100;

interface Step {
  readonly title: string;
  readonly lines: string[];
}

export class BuildOutput {
  private readonly steps = new Map<string, Step>();
  private readonly loose: string[] = [];
  private failed: { readonly step: string; readonly reason: string } | undefined;

  /** @param redact takes secrets out of a text */
  constructor(private readonly redact: (text: string) => string) {}

  /** One line of output; a progress line for the terminal (`step 4/9 RUN ...`) where a step begins. */
  take(raw: string): string | undefined {
    const line = this.redact(raw.trimEnd());
    const [, id, text = ""] = /^#(\d+) (.*)$/.exec(line) ?? [];
    if (id === undefined) {
      // The classic builder, or what the client says itself.
      if (line !== "") keep(this.loose, line);
      const [, at, of, instruction] = /^Step (\d+)\/(\d+) : (.*)$/.exec(line) ?? [];
      return at === undefined ? undefined : `step ${at}/${of ?? ""} ${instruction ?? ""}`;
    }
    const step = this.steps.get(id);
    if (!step) {
      this.steps.set(id, { title: text, lines: [] });
      return shownTitle(text);
    }
    const [, reason] = /^ERROR:? ?(.*)$/.exec(text) ?? [];
    // A step that another one's failure cut short is not the one to show.
    if (reason !== undefined && !/context canceled|CANCELED/i.test(reason)) this.failed ??= { step: id, reason };
    // After the failure its last lines come once more.
    else if (/^\d+\.\d+ /.test(text) && this.failed?.step !== id) keep(step.lines, text.replace(/^\d+\.\d+ /, ""));
    // The same step again after another one's output: only its number and title.
    return undefined;
  }

  /** Why the build failed: the step, its last lines, and the reason. */
  failure(): string {
    const step = this.failed && this.steps.get(this.failed.step);
    if (!step) return this.loose.slice(-KEPT).join("\n");
    const said = step.lines.slice(-KEPT);
    return [`at ${shownTitle(step.title) ?? step.title}`, ...said.map((line) => `  ${line}`), this.failed?.reason ?? ""]
      .join("\n")
      .trimEnd();
  }
}

/** `[build 4/9] RUN x` as `step 4/9 of build: RUN x`; internal steps (reading the context) are not shown. */
function shownTitle(title: string): string | undefined {
  const [, stage, step, text] = /^\[(?:(\S+) +)?(\d+\/\d+)\] (.*)$/.exec(title) ?? [];
  if (step === undefined) return undefined;
  const named = stage === undefined || /^stage-\d+$/.test(stage) ? "" : ` of ${stage}:`;
  const shown = text ?? "";
  return `step ${step}${named} ${shown.length > LONGEST ? `${shown.slice(0, LONGEST)}...` : shown}`;
}

function keep(lines: string[], line: string): void {
  lines.push(line);
  if (lines.length > 4 * KEPT) lines.splice(0, lines.length - KEPT);
}

/** A function that takes these values out of texts: whole, and line by line, because output comes in lines. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const parts = new Set(
    secrets.flatMap((secret) => [
      secret,
      ...secret
        .split(/\r?\n/)
        .map((line) => line.trim())
        .filter((line) => line.length >= 6),
    ]),
  );
  // One character torn out of every word would hide nothing and make the message useless.
  const hidden = [...parts].filter((part) => part.trim().length >= 3).sort((a, b) => b.length - a.length);
  return (text) => hidden.reduce((clean, part) => clean.replaceAll(part, "[secret]"), text);
}
