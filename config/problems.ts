/** Problems of the configuration: collected from all files, thrown once, each with what a person needs to mend it. */

export interface Problem {
  /** Relative to the project's folder, with `/`. */
  readonly file: string;
  /** From 1. Of a missing key: the line of the map that it is missing from. */
  readonly line: number;
  /** `php.versions[1]`; "" is the whole file. */
  readonly key: string;
  /** The value found, shortened; never a secret. Left out where there is none. */
  readonly found?: string;
  /** What is wrong, as the end of a sentence that starts with key and value. */
  readonly message: string;
  /** What to write or type instead. */
  readonly fix: string;
}

export type Path = readonly (string | number)[];

/** `["php", "versions", 1]` to `php.versions[1]`; keys that are not plain words are quoted. */
export function keyOf(path: Path): string {
  return path.reduce<string>((key, step) => {
    if (typeof step === "number") return `${key}[${step}]`;
    const word = /^[\w/:-]+(\.[\w/:-]+)*$/.test(step) && !/^\d/.test(step) ? step : JSON.stringify(shorten(step));
    return key === "" ? word : `${key}.${word}`;
  }, "");
}

const SECRET_NAME = /pass|pwd|sec.?r|secert|token|key|auth|cred|dsn|salt|private/i;

/** Stands for a value that may be a secret. */
export const HIDDEN = "(hidden)";

/**
 * A value as a message may show it: one line of at most 60 characters, of maps the keys only. A value under a name that sounds
 * like a secret's is hidden, and so is a password in a URL: people do write secrets in the wrong place.
 */
export function shown(value: unknown, path: Path = []): string {
  if (path.some((step) => typeof step === "string" && SECRET_NAME.test(step)) && !isPlainWord(value)) return HIDDEN;
  if (value === null || value === undefined) return "(empty)";
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `a list of ${value.length}`;
  if (typeof value === "object") return Object.keys(value).length === 0 ? "{}" : shorten(`{ ${Object.keys(value).join(", ")} }`);
  if (typeof value === "string") return shorten(JSON.stringify(value.replace(/:\/\/[^/@\s]*@/g, "://***@")));
  return typeof value === "number" || typeof value === "boolean" ? String(value) : typeof value;
}

/** What nobody keeps secret: nothing, true or false. */
const isPlainWord = (value: unknown): boolean => value === null || value === undefined || typeof value === "boolean";

function shorten(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 40)}...${text.slice(-15)}`;
}

/** Thrown once with every problem of all files. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
    const count = sorted.length === 1 ? "1 problem" : `${sorted.length} problems`;
    super([`${count} in the configuration; nothing was changed.`, ...sorted.map(sentence)].join("\n\n"));
    this.problems = sorted;
  }
}

/** `dockstage.yaml:3: php.versions[1] is "8.3": the PHP recipe has no such version.` and the fix in a second line. */
export function sentence(problem: Problem): string {
  const what = [problem.key, problem.found === undefined ? "" : `is ${problem.found}`].filter((part) => part !== "").join(" ");
  const where = `${problem.file}:${problem.line}: `;
  return `${where}${what === "" ? "" : `${what}: `}${problem.message}.\n    Fix: ${problem.fix}`;
}
