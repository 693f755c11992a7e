/**
 * What is shown of pulumi's output where no person watches a terminal: a line for each resource that is finished, now and then one of
 * what takes long, and whatever is not progress (diagnostics, the summary) as it is.
 */

/** ` +  dockstage:index:Image app creating (1s) building app: step 2/3`, and with `**` around a failure. */
const LINE =
  /^ *(?:[+~=<>-]{1,3} +)?(\S+:\S+:\S+) (\S+) (\**)(\w+)(?: (?:replacement|original))?( failed)?(?: \((\d+(?:\.\d+)?m?s|\d+m\d+s)\))?\**(?: (.*))?$/;
const NOISE =
  /^@ (updating|refreshing|destroying|previewing)|^(Updating|Refreshing|Destroying) \(|^ +\S+:\S+:\S+ \S+ *$|^ +pulumi:pulumi:Stack \S+ +(running|\*\*failed)/;
const FINISHED = new Set(["created", "updated", "deleted", "read", "imported"]);

/** Milliseconds between two lines of what is not finished yet. */
const PAUSE = 5_000;

/** Makes a function that takes each line of pulumi's output and gives the line to print, or nothing. */
export function condenser(now: () => number = Date.now): (line: string) => string | undefined {
  let last = now();
  let blank = true;
  let diagnostics = false;
  return (line) => {
    diagnostics ||= line === "Diagnostics:";
    if (diagnostics) return line;
    if (NOISE.test(line)) return undefined;
    const match = LINE.exec(line);
    if (!match) {
      // The gaps around what was left out would add up.
      const skip = blank && line.trim() === "";
      blank = line.trim() === "";
      return skip ? undefined : line;
    }
    const [, type = "", name = "", , doing = "", failed, seconds, text = ""] = match;
    const show = (words: string): string => {
      blank = false;
      last = now();
      return `  ${words}`;
    };
    const time = seconds === undefined ? "" : ` (${seconds})`;
    const what = `${type.split(":").at(-1) ?? type} ${name}`;
    if (failed) return show(`FAILED    ${what}${time}`);
    // Components and the stack do nothing by themselves.
    if (/^(dockstage:components|pulumi:pulumi):/.test(type)) return undefined;
    if (FINISHED.has(doing)) return show(`${doing.padEnd(9)} ${what}${time}`);
    // "replaced" says nothing beyond "created" and "deleted"; the properties that differ are part of a preview.
    const words = text.replace(/^\[diff: [^\]]*\](; )?/, "");
    return words !== "" && now() - last >= PAUSE ? show(`...       ${words}`) : undefined;
  };
}
