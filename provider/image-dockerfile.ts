/** What dockstage reads in a Dockerfile: the images that a build starts from, and whether it needs BuildKit. Pure. */

interface Stage {
  readonly names: readonly string[];
  /** As written in FROM, arguments filled in; another stage's name or an image. */
  readonly base: string;
  /** What COPY --from and RUN --mount=from name. */
  readonly from: string[];
}

export interface Dockerfile {
  /** References of the images that the target needs, sorted; `scratch` and other stages are none. */
  readonly bases: readonly string[];
  /** What only BuildKit can do, with its line: `RUN --mount (line 4)`. Undefined: the classic builder will do. */
  readonly needsBuildKit?: string;
}

interface Instruction {
  readonly word: string;
  readonly rest: string;
  readonly line: number;
  readonly heredoc: boolean;
}

/** The instructions, continued lines joined; comments, empty lines and heredoc bodies left out. */
function instructionsOf(text: string): readonly Instruction[] {
  const escape = /^\s*#\s*escape\s*=\s*`\s*$/im.test(text.split(/\r?\n/, 3).join("\n")) ? "`" : "\\";
  const found: Instruction[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const first = at;
    let joined = "";
    for (; at < lines.length; at += 1) {
      const line = lines[at] ?? "";
      if (/^\s*#/.test(line) || (joined !== "" && line.trim() === "")) continue;
      const open = line.trimEnd().endsWith(escape);
      joined += open ? line.trimEnd().slice(0, -1) : line;
      if (!open) break;
    }
    const [, word, rest] = /^\s*([a-z]+)\s+([\s\S]*)$/i.exec(joined) ?? [];
    if (word === undefined || rest === undefined) continue;
    const upper = word.toUpperCase();
    const heredocs = ["RUN", "COPY", "ADD"].includes(upper)
      ? [...rest.matchAll(/<<-?\s*(["']?)([a-zA-Z_]\w*)\1/g)].map(([, , end]) => end)
      : [];
    for (const end of heredocs) {
      const closing = lines.findIndex((line, index) => index > at && line.replace(/^\t+/, "") === end);
      // `<<` of the shell (`$((1 << N))`) has no closing line.
      if (closing > 0) at = closing;
    }
    found.push({ word: upper, rest: rest.trim(), line: first + 1, heredoc: heredocs.length > 0 });
  }
  return found;
}

/** `$X`, `${X}`, `${X:-default}` and `${X:+other}` by these values. */
function substitute(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::([-+])([^}]*))?\}|(\w+))/g,
    (_, braced: string | undefined, how: string | undefined, word: string | undefined, plain: string | undefined) => {
      const value = values.get(braced ?? plain ?? "") ?? "";
      if (how === "-") return value === "" ? substitute(word ?? "", values) : value;
      if (how === "+") return value === "" ? "" : substitute(word ?? "", values);
      return value;
    },
  );
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, "$2");

/**
 * @param args build arguments; the Dockerfile's own defaults hold for the others
 * @param target the stage to build; the last one where it is undefined
 */
export function readDockerfile(text: string, args: Readonly<Record<string, string>>, target?: string): Dockerfile {
  const globals = new Map<string, string>();
  const stages: Stage[] = [];
  let needsBuildKit: string | undefined;
  for (const { word, rest, line, heredoc } of instructionsOf(text)) {
    const current = stages.at(-1);
    if (word === "ARG" && !current) {
      for (const [, name = "", value] of rest.matchAll(/(\w+)(?:=("[^"]*"|'[^']*'|\S*))?/g)) {
        const given = Object.hasOwn(args, name) ? args[name] : value === undefined ? undefined : substitute(unquoted(value), globals);
        if (given !== undefined) globals.set(name, given);
      }
    } else if (word === "FROM") {
      const [base = "", as, name] = rest.split(/\s+/).filter((part) => !part.startsWith("--"));
      const names = [String(stages.length), ...(as?.toLowerCase() === "as" && name !== undefined ? [name.toLowerCase()] : [])];
      stages.push({ names, base: unquoted(substitute(base, globals)), from: [] });
    } else if (current) {
      const flags = /^(--\S+\s+)*/.exec(rest)?.[0] ?? "";
      if (word === "RUN" && /--(mount|network|security)\b/.test(flags))
        needsBuildKit ??= `RUN ${flags.trim().split("=", 1)[0] ?? ""} (line ${line})`;
      if ((word === "COPY" || word === "ADD") && /--(chmod|link|parents|exclude)\b/.test(flags))
        needsBuildKit ??= `${word} ${flags.trim().split("=", 1)[0] ?? ""} (line ${line})`;
      if (heredoc && /^(?:--\S+\s+)*<<|<<-?["']?[A-Z]+["']?/.test(rest)) needsBuildKit ??= `a here-document (line ${line})`;
      for (const [, from = ""] of flags.matchAll(/(?:--from=|[,=]from=)([^,\s]+)/g)) current.from.push(unquoted(from));
    }
  }
  return { bases: reachable(stages, target), needsBuildKit };
}

/** The images that the target's stage and the stages before it that it uses need. */
function reachable(stages: readonly Stage[], target: string | undefined): readonly string[] {
  const bases = new Set<string>();
  const indexOf = (name: string, before: number): number =>
    stages.slice(0, before).findLastIndex(({ names }) => names.includes(name.toLowerCase()));
  const start = target === undefined ? stages.length - 1 : indexOf(target, stages.length);
  const pending = [start];
  const seen = new Set<number>();
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const stage = stages[at];
    if (!stage || seen.has(at)) continue;
    seen.add(at);
    for (const name of [stage.base, ...stage.from]) {
      const other = indexOf(name, at);
      if (other >= 0) pending.push(other);
      else if (name !== "scratch" && name !== "" && !name.includes("$")) bases.add(name);
    }
  }
  return [...bases].sort();
}
