import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { WrongUse, type Call, type Verb } from "./verb";

const ABOUT = "dockstage: the stages of a dockerised web application from one description";
const FOOTER = `
Verbs that read an environment take dev where no stack is named. What they print is for a person; --json, where a verb has it, is for
machines (docs/cli.md). Exit codes: 0, 1 (failed), 2 (wrong use).

Example:  dockstage up dev
`;

/** What was asked for: a verb with its call, or a text and the exit code. */
export type Asked =
  { readonly verb: Verb; readonly call: Call } | { readonly code: number; readonly stdout: string; readonly stderr: string };

const FOLDER = ["--folder <dir>", "the app's folder, with its Pulumi.yaml (default: the current one)"] as const;

/** The version of this dockstage: `0.1.0`. */
function versionHere(): string {
  const read: unknown = JSON.parse(readFileSync(join(__dirname, "..", "package.json"), "utf8"));
  return typeof read === "object" && read !== null && "version" in read ? String(read.version) : "unknown";
}

/** `--dry-run` is `dryRun` to commander. */
const keyOf = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** Commander's own sentence, as every error of the command line: in one line, with where to look. */
function sentence(text: string): string {
  const [, message = "", similar] = /^error: (.*?)\n?(?:\(Did you mean (.*)\?\))?\n*$/s.exec(text) ?? [undefined, text];
  return `dockstage: ${message.trim().replace(/\.$/, "")}.${similar ? ` Did you mean ${similar}?` : ""} Try: dockstage --help\n`;
}

/**
 * Reads the words of a command line.
 *
 * @param argv without node and the script
 */
export function parse(argv: readonly string[], verbs: readonly Verb[], env: NodeJS.ProcessEnv): Asked {
  const end = argv.indexOf("--");
  const words = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end + 1);
  let [stdout, stderr] = ["", ""];
  let asked: Asked | undefined;
  const program = new Command("dockstage");
  const quiet = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void (stdout += text),
        writeErr: (text) => void (stderr += text),
        outputError: (text, write) => write(sentence(text)),
        getOutHelpWidth: () => 110,
        getErrHelpWidth: () => 110,
      })
      .option(...FOLDER)
      .helpOption("-h, --help", "this text")
      .allowExcessArguments(false);
  quiet(program).description(ABOUT).usage("<verb> [options]").addHelpText("after", FOOTER).helpCommand("help [verb]", "the help of a verb");
  program.version(versionHere(), "--version", "the version of this dockstage");
  program.configureHelp({ subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace(/ ?\[options\]/, "") });
  for (const verb of verbs) {
    const command = quiet(program.command(verb.name))
      .summary(verb.summary)
      .description(`${verb.summary}${verb.more ? `\n\n${verb.more}` : ""}`);
    for (const { usage, summary } of verb.arguments ?? []) command.argument(usage, summary);
    for (const { flags, summary } of verb.options ?? []) command.option(flags, summary);
    if (verb.rest) command.usage(`${(verb.arguments ?? []).map(({ usage }) => `${usage} `).join("")}[options] ${verb.rest}`);
    command.addHelpText(
      "after",
      `\n${verb.examples.length > 1 ? "Examples" : "Example"}:\n${verb.examples.map((line) => `  ${line}\n`).join("")}`,
    );
    command.action(() => {
      if (rest.length > 0 && !verb.rest) throw new WrongUse(`${verb.name} takes nothing behind --, and was given "${rest.join(" ")}"`);
      const options: Readonly<Record<string, unknown>> = command.optsWithGlobals();
      const value = (name: string): string | undefined => {
        const found = options[keyOf(name)];
        return typeof found === "string" ? found : undefined;
      };
      const call = { arguments: command.args, rest, folder: value("folder") ?? ".", env, value };
      asked = { verb, call: { ...call, flag: (name) => options[keyOf(name)] === true } };
    });
  }
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (error instanceof WrongUse) return { code: 2, stdout, stderr: sentence(`error: ${error.message}`) };
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode === 0 ? 0 : 2, stdout, stderr };
  }
  return asked ?? { code: 2, stdout, stderr };
}
