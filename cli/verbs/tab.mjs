// Completion by @bomb.sh/tab. A program of its own, as that library is an ES module, which code that loader.js keeps compiled cannot
// import in Node 20. Standard input: { "shell": "bash" } for a script, or { "words": [...], "verbs": [...] } for what fits
// (cli/verbs/completion.ts).
import { readFileSync } from "node:fs";
import { RootCommand } from "@bomb.sh/tab";

const { shell, words, verbs } = JSON.parse(readFileSync(0, "utf8"));
const root = new RootCommand();
const handler = (values) => (add) => values.forEach((value) => add(value, ""));
for (const verb of verbs ?? []) {
  const command = root.command(verb.name, verb.summary);
  for (const { name, values, variadic } of verb.arguments) command.argument(name, handler(values), variadic);
  for (const { name, summary, alias, values } of verb.options) {
    if (values) command.option(name, summary, handler(values), alias);
    else command.option(name, summary, alias);
  }
}
if (shell) {
  // The library's constants for bash are read-only: a second `. ~/.bashrc` would complain of each.
  const print = console.log;
  console.log = (text) => print(shell === "bash" ? String(text).replace(/^(\s*)readonly /gm, "$1") : text);
  root.setup("dockstage", "dockstage", shell);
} else root.parse(words);
