import { readFileSync } from "node:fs";
import * as yaml from "yaml";
import { keyOf, type Path, type Problem } from "./problems";

/** A YAML file that remembers where each key stands. */
export interface YamlFile {
  /** Name for messages. */
  readonly file: string;
  /** What it holds as plain data; undefined where it could not be parsed or is empty. */
  readonly data: unknown;
  /** Line of a key, of a list's entry, or of the nearest one around it. */
  line(path: Path): number;
  /** A number or truth value as it is spelt in the file: `8.10`, where the data says 8.1. */
  literal(path: Path): string | undefined;
}

/** yaml's own messages quote the source, which may hold a secret: these do not. */
const SYNTAX: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  TAB_AS_INDENT: ["a tab is used for indentation", "use spaces"],
  BAD_INDENT: ["the indentation does not fit the lines around it", "indent the entries of one map or list alike, with spaces"],
  MULTIPLE_DOCS: ["the file holds more than one document", "remove the line --- and what follows it"],
  MISSING_CHAR: ["a closing quote, bracket or colon is missing", "close what was opened at or before this line"],
  BAD_DQ_ESCAPE: ["a backslash in double quotes starts no escape that YAML knows", "use single quotes"],
  MULTILINE_IMPLICIT_KEY: ["a key goes over more than one line", "add the colon after the key, and close quotes and brackets"],
  BLOCK_AS_IMPLICIT_KEY: ["a second `key: value` stands in the value of the first", "put it in a line of its own, or quote the value"],
  BAD_SCALAR_START: ["a plain text may not start with this character", "put the text in quotes"],
};

const UNKNOWN_ALIAS = { message: "an alias (*name) stands for nothing", fix: "define it before with &name, or quote the text" };

/** Parses one file. Problems of syntax are added to `problems`; a missing file is one where `absent` says how to mend it. */
export function readYaml(
  path: string,
  file: string,
  problems: Problem[],
  absent?: { readonly fix: string; readonly empty: string },
): YamlFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    const there = code !== "ENOENT" && code !== "ENOTDIR";
    if (there)
      problems.push({
        file,
        line: 1,
        key: "",
        message: `the file cannot be read (${String(code)})`,
        fix: "make it a file that you may read",
      });
    else if (absent) problems.push({ file, line: 1, key: "", message: "the file does not exist", fix: absent.fix });
    return { file, data: undefined, line: () => 1, literal: () => undefined };
  }
  const parsed = parseYaml(text, file, problems);
  if (parsed.data === undefined && absent && !problems.some((problem) => problem.file === file))
    problems.push({ file, line: 1, key: "", message: "the file is empty", fix: absent.empty });
  return parsed;
}

/** As readYaml, of a text. */
export function parseYaml(text: string, file: string, problems: Problem[]): YamlFile {
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, logLevel: "error" });
  const line = (path: Path): number => Math.max(1, lines.linePos(offsetOf(document, path)).line);
  const literal = (path: Path): string | undefined => {
    const node: unknown = document.getIn(path, true);
    return yaml.isScalar(node) && typeof node.value !== "string" && typeof node.source === "string" && /^[\w.+-]{1,60}$/.test(node.source)
      ? node.source
      : undefined;
  };
  const before = problems.length;
  for (const error of document.errors) {
    const position = lines.linePos(error.pos[0]);
    const at = { file, line: position.line, key: "" };
    if (error.code === "DUPLICATE_KEY") {
      const path = pathAt(document, error.pos[0]);
      problems.push({
        ...at,
        key: keyOf(path),
        message: `is written twice (the first is in line ${line(path)})`,
        fix: "remove one of the two",
      });
    } else {
      const [message, fix] = SYNTAX[error.code] ?? [
        "this is not valid YAML",
        "look for a missing quote, colon or space in this line and the one before",
      ];
      problems.push({ ...at, message: `${message} (column ${position.col})`, fix });
    }
  }
  for (const path of unsafeKeys(document.contents, document, []))
    problems.push({ file, line: line(path), key: keyOf(path), message: "this name may not be a key", fix: "remove it" });
  yaml.visit(document, {
    Alias: (_, alias) => {
      const position = lines.linePos(alias.range?.[0] ?? 0);
      if (alias.resolve(document) === undefined) problems.push({ file, line: position.line, key: "", ...UNKNOWN_ALIAS });
    },
  });
  if (problems.length > before) return { file, data: undefined, line, literal };
  try {
    const data: unknown = document.toJS({ maxAliasCount: 100 });
    return { file, data: data ?? undefined, line, literal };
  } catch {
    problems.push({ file, line: 1, key: "", message: "an alias (*name) stands for itself or for too much", fix: "write the value out" });
    return { file, data: undefined, line, literal };
  }
}

const nameOf = (key: unknown): string => {
  const name: unknown = yaml.isScalar(key) ? key.value : key;
  // The key of a merge is a symbol, so that it differs from a quoted "<<".
  return typeof name === "symbol" ? (name.description ?? "") : String(name);
};

/** Where a path's key starts; a path into an alias or a merge leads to where the text is. */
function offsetOf(document: yaml.Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = document.contents?.range[0] ?? 0;
  for (const step of path) {
    if (yaml.isAlias(node)) node = node.resolve(document);
    const found = yaml.isMap(node) ? pairOf(node, String(step), document) : undefined;
    const next: unknown = found ? found.value : yaml.isSeq(node) ? node.items[Number(step)] : undefined;
    if (next === undefined && !found) return offset;
    const marker: unknown = found ? found.key : next;
    if (yaml.isNode(marker) && marker.range) offset = marker.range[0];
    node = next;
  }
  return offset;
}

function pairOf(map: yaml.YAMLMap, key: string, document: yaml.Document.Parsed): yaml.Pair | undefined {
  const own = map.items.find((pair) => nameOf(pair.key) === key);
  if (own) return own;
  for (const pair of map.items.filter((item) => nameOf(item.key) === "<<")) {
    const merged = yaml.isSeq(pair.value) ? pair.value.items : [pair.value];
    for (const source of merged) {
      const target: unknown = yaml.isAlias(source) ? source.resolve(document) : source;
      const found = yaml.isMap(target) ? pairOf(target, key, document) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}

/** The path of the key that starts at an offset. */
function pathAt(document: yaml.Document.Parsed, offset: number): Path {
  let found: Path = [];
  walk(document.contents, [], (key, path) => {
    if (yaml.isNode(key) && key.range && key.range[0] === offset) found = path;
  });
  return found;
}

/** `__proto__` is never a name of anything, and zod would drop it without a word. */
function unsafeKeys(root: unknown, document: yaml.Document.Parsed, path: Path): Path[] {
  const found: Path[] = [];
  walk(root, path, (key, at) => {
    const real: unknown = yaml.isAlias(key) ? key.resolve(document) : key;
    if (nameOf(real) === "__proto__") found.push(at);
  });
  return found;
}

function walk(node: unknown, path: Path, visit: (key: unknown, path: Path) => void): void {
  if (yaml.isSeq(node)) node.items.forEach((item, index) => walk(item, [...path, index], visit));
  if (!yaml.isMap(node)) return;
  for (const pair of node.items) {
    const at = [...path, nameOf(pair.key)];
    visit(pair.key, at);
    walk(pair.value, at, visit);
  }
}
