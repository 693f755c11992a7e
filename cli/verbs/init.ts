import { statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parse } from "yaml";
import { valueAt } from "../../config/check";
import { ownFolder } from "../../config/passphrase";
import { keyOf, sentence } from "../../config/problems";
import { ask, missingText, openQuestions, QUESTIONS } from "../init/ask";
import { leaveOutRefused, problemsOf } from "../init/check";
import { collect, type Given } from "../init/collect";
import { projectFiles, type Change } from "../init/files";
import { textOf, type Findings } from "../init/findings";
import { render, sorted } from "../init/render";
import { PACKAGE } from "../machine";
import { makePrivate } from "../passphrase";
import { WrongUse, type Call } from "../verb";

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const DESCRIPTION = "dockstage.yaml";

/** What the flags say, each checked as an answer would be. */
function givenBy({ value }: Call): Given {
  const given: Record<string, string> = {};
  for (const { flag, wrong } of Object.values(QUESTIONS)) {
    const text = value(flag);
    if (text === undefined) continue;
    const fault = wrong(text);
    if (fault !== undefined) throw new WrongUse(`--${flag} "${text}": ${fault}`);
    given[flag] = text;
  }
  if (given["php"] !== undefined && given["image"] !== undefined) throw new WrongUse("--php and --image exclude each other");
  const service = value("service");
  return { ...given, ...(service !== undefined && { service }) };
}

/** A table: its columns as wide as their longest entry, up to 44. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.min(44, Math.max(...rows.map((row) => row[column]?.length ?? 0))));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd()).join("\n");
}

const short = (value: unknown): string => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= 44 ? text : `${text.slice(0, 41)}...`;
};

function report(found: Findings): void {
  say(`Found\n\n${table(sorted(found.lines).map(({ path, value, from }) => [keyOf(path), short(value), from]))}\n`);
  if (found.leftOut.length > 0)
    say(`Left out\n\n${found.leftOut.map(({ what, because }) => `  ${what}\n      because ${because}`).join("\n")}\n`);
  if (found.hints.length > 0) say(`Note\n\n${found.hints.map((hint) => `  ${hint}`).join("\n")}\n`);
}

/** The description to write, or the exit code where there is none. */
async function describe(call: Call, folder: string): Promise<{ readonly found: Findings; readonly name: string } | number> {
  let given = givenBy(call);
  let found = collect(folder, given);
  const questions = openQuestions(found);
  if (questions.length > 0 && process.stdin.isTTY && process.stdout.isTTY && !call.flag("yes")) {
    given = { ...(await ask(questions, process.stdin, process.stdout)), ...given };
    found = collect(folder, given);
  } else {
    const missing = questions.filter(({ usual }) => usual === undefined);
    if (missing.length > 0) {
      process.stderr.write(`dockstage: ${missingText(missing, !["php", "build", "image"].some((one) => found.has(one)))}`);
      return 2;
    }
  }
  found.add(["web", "health"], "/", "assumed: must answer 2xx or 3xx when the app can serve");
  const name = String(found.value("name"));
  const problems = leaveOutRefused(found, name);
  if (problems.length === 0) return { found, name };
  process.stderr.write(
    `dockstage: what was found makes no valid ${DESCRIPTION}; nothing was written.\n\n${problems.map(sentence).join("\n")}\n`,
  );
  return 1;
}

/** What the person types next. */
function next(folder: string, changes: readonly Change[]): string {
  const secrets: unknown = valueAt(parse(textOf(folder, changes[0]?.file ?? DESCRIPTION) ?? ""), ["secrets"]);
  const unset = Object.entries(secrets ?? {}).flatMap(([name, kind]) => (kind === "required" ? [name] : []));
  const stackFile = textOf(folder, "Pulumi.dev.yaml") ?? "";
  const open = unset.filter((name) => !stackFile.includes(`:${name}:`));
  const here = relative(process.cwd(), folder);
  const installed = statSync(join(folder, "node_modules", "dockstage"), { throwIfNoEntry: false }) !== undefined;
  const steps = [
    ...(here ? [`cd ${here}`] : []),
    ...(installed ? [] : [`npm i --ignore-scripts --save-dev ${relative(folder, PACKAGE) || "."}`]),
    ...(open.length > 0 ? [". node_modules/dockstage/scripts/env", ...(stackFile ? [] : ["pulumi stack init dev"])] : []),
    ...open.map((name) => `pulumi config set --secret ${name} -s dev`),
    "npx dockstage up dev",
  ];
  const blocked = changes.filter((change) => change.blocked);
  const first = blocked.length > 0 ? `First mend ${blocked.map(({ file }) => file).join(", ")}, as said above. Then:` : "Next:";
  return steps.length === 1 && blocked.length === 0 ? `Next:  ${steps[0]}` : `${first}\n\n${steps.map((step) => `  ${step}`).join("\n")}`;
}

/** `dockstage init`: writes the files that make a folder a project. Its arguments and options are declared in cli/verbs.ts. */
export async function run(call: Call): Promise<number> {
  const folder = resolve(call.folder);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new WrongUse(`there is no folder ${call.folder}`);
  if (ownFolder(folder)) throw new WrongUse("this is dockstage's own folder, whose example needs no init; go to the app's folder");
  const dry = call.flag("dry-run");
  // Pulumi.yaml may say that it is elsewhere.
  const pointed: unknown = valueAt(parse(textOf(folder, "Pulumi.yaml") ?? ""), ["dockstage"]);
  const file = typeof pointed === "string" ? pointed : DESCRIPTION;
  const before = textOf(folder, file);
  let description: Change = { file, note: "is there" };
  let name: string;
  let context: string | undefined;
  if (before === undefined) {
    const made = await describe(call, folder);
    if (typeof made === "number") return made;
    report(made.found);
    name = made.name;
    context = made.found.has("build") ? String(made.found.value("build", "context")) : made.found.has("php") ? "." : undefined;
    description = { file, text: render(made.found), note: "new" };
  } else {
    const data: unknown = parse(before);
    name = String(valueAt(data, ["name"]));
    const build = valueAt(data, ["build"]);
    const written = valueAt(build, ["context"]) ?? (build !== undefined && typeof build !== "string" ? "." : build);
    context = typeof written === "string" ? written : valueAt(data, ["php"]) !== undefined ? "." : undefined;
  }
  const changes = [description, ...projectFiles(folder, name, context)];
  const toWrite = changes.filter((change) => change.text !== undefined);
  if (dry) {
    for (const { file, text, note } of changes) say(text === undefined ? `--- ${file} ${note}\n` : `--- ${file} (${note})\n${text}`);
    say("Nothing was written (--dry-run).");
    return 0;
  }
  for (const { file, text = "" } of toWrite) writeFileSync(join(folder, file), text);
  const blocked = changes.some((change) => change.blocked);
  say(
    toWrite.length === 0 && !blocked
      ? "Every file is there already; nothing was changed.\n"
      : `Files\n\n${table(changes.map(({ file, note }) => [file, note]))}\n`,
  );
  if (makePrivate(call.env)) say("A private passphrase for the secrets of your stacks was made (docs: With plain Pulumi).\n");
  const problems = blocked ? [] : problemsOf(folder);
  if (problems.length > 0) {
    process.stderr.write(`dockstage: the files have a problem.\n\n${problems.map(sentence).join("\n")}\n`);
    return 1;
  }
  say(next(folder, changes));
  return blocked ? 1 : 0;
}
