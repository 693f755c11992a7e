import { createRequire } from "node:module";
import * as path from "node:path";
import type { RunRequest } from "@pulumi/pulumi/proto/language_pb";

/** What the official host does with a RunRequest, as pure functions (pulumi v3, sdk/nodejs/cmd/pulumi-language-nodejs/main.go). */

/**
 * Splits `nodeargs` as a POSIX shell would: blanks separate, quotes and backslashes protect, `#` starts a comment.
 * @throws Error when a quote is not closed
 */
export function splitArguments(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: "'" | '"' | undefined;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote) {
      if (char === quote) quote = undefined;
      else if (char === "\\" && quote === '"' && /["\\$`]/.test(text.charAt(i + 1))) word += text.charAt(++i);
      else word += char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "\\" && i + 1 < text.length) word = (word ?? "") + text.charAt(++i);
    else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) {
      while (i + 1 < text.length && text.charAt(i + 1) !== "\n") i++;
    } else word = (word ?? "") + char;
  }
  if (quote) throw new Error(`runtime.options.nodeargs in Pulumi.yaml has an open ${quote}: ${text}`);
  if (word !== undefined) words.push(word);
  return words;
}

export interface NodeOptions {
  readonly typescript: boolean;
  readonly tsconfig?: string;
  readonly nodeargs: readonly string[];
}

/** `runtime.options` of Pulumi.yaml; options of other verbs (`packagemanager`) are none of ours. @throws Error on a wrong type */
export function nodeOptions(options: Readonly<Record<string, unknown>>): NodeOptions {
  const { typescript = true, tsconfig, nodeargs = "" } = options;
  if (typeof typescript !== "boolean")
    throw new Error(`runtime.options.typescript in Pulumi.yaml must be true or false, found ${JSON.stringify(typescript)}`);
  if (tsconfig !== undefined && typeof tsconfig !== "string")
    throw new Error(`runtime.options.tsconfig in Pulumi.yaml must be a path, found ${JSON.stringify(tsconfig)}`);
  if (typeof nodeargs !== "string")
    throw new Error(`runtime.options.nodeargs in Pulumi.yaml must be one string, found ${JSON.stringify(nodeargs)}`);
  return { typescript, tsconfig, nodeargs: splitArguments(nodeargs) };
}

/** Older SDKs know config keys as `<namespace>:config:<name>` only; newer ones read both. @throws Error on a key without a colon */
export function configForProgram(config: readonly (readonly [string, string])[]): string {
  return JSON.stringify(
    Object.fromEntries(
      config.map(([key, value]) => {
        const match = /^([^:]+):(?:config:)?([^:]+)$/.exec(key);
        if (!match) throw new Error(`config key ${key} is not of the form <namespace>:<name>`);
        return [`${match[1]}:config:${match[2]}`, value];
      }),
    ),
  );
}

/** Where the SDK's entry point is, as seen from the program's own folder. @throws Error that says how to get it */
export function runModule(programDirectory: string): string {
  try {
    return createRequire(path.join(programDirectory, "package.json")).resolve("@pulumi/pulumi/cmd/run");
  } catch {
    throw new Error(`the Pulumi SDK is not installed for the program in ${programDirectory}: run "npm install" there`);
  }
}

/** The arguments of `node` behind nodeargs: the SDK's entry point, its flags, the program, the program's own arguments. */
export function programArguments(request: RunRequest, engine: string): string[] {
  const info = request.getInfo();
  if (!info) throw new Error("the engine sent no program info: this CLI is older than 3.100");
  const directory = info.getProgramDirectory();
  const flags: [string, string][] = [
    ["monitor", request.getMonitorAddress()],
    ["engine", engine],
    ["organization", request.getOrganization()],
    ["project", request.getProject()],
    ["root-directory", info.getRootDirectory()],
    ["stack", request.getStack()],
    ["pwd", directory],
  ];
  return [
    runModule(directory),
    ...flags.flatMap(([name, value]) => (value ? [`--${name}`, value] : [])),
    ...(request.getDryrun() ? ["--dry-run"] : []),
    "--parallel",
    String(request.getParallel()),
    info.getEntryPoint(),
    ...request.getArgsList(),
  ];
}
