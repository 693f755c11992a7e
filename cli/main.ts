import { parse } from "./parse";
import { WrongUse } from "./verb";
import { verbs } from "./verbs";

/** Exit code: 0, 1 (failed) or 2 (wrong use). */
async function main(argv: readonly string[]): Promise<number> {
  // Asked by the script that `completion` prints, at each press of the tab key.
  if (argv[0] === "complete" && argv[1] === "--") {
    const { complete } = require("./verbs/completion") as typeof import("./verbs/completion");
    return complete(argv.slice(2), verbs, process.env);
  }
  const asked = parse(argv, verbs, process.env);
  if ("verb" in asked) return asked.verb.run(asked.call);
  process.stdout.write(asked.stdout);
  process.stderr.write(asked.stderr);
  return asked.code;
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const wrong = error instanceof WrongUse;
    process.exitCode = wrong ? 2 : 1;
    process.stderr.write(`dockstage: ${error instanceof Error ? error.message : String(error)}${wrong ? ". Try: dockstage --help" : ""}\n`);
  },
);
