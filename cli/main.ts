import { parseArgs } from "node:util";
import { ready, setUp } from "./machine";
import { notBuilt } from "../stages/matrix";

const HELP = `dockstage: the stages of a dockerised web application from one description

  dockstage up [stack]        bring an environment up (default: dev), the host program first
  dockstage up host           bring up what the engine shares among all environments
  dockstage setup [--check]   set up what is missing on this machine; --check only reports

  --folder DIR   the app's folder, with its Pulumi.yaml (default: the current one)
  --help         this text

A machine that is not set up is set up by \`up\`. Exit codes: 0, 1 (failed), 2 (wrong use).

Example:  dockstage up dev
`;

const wrongUse = (message: string): number => {
  process.stderr.write(`dockstage: ${message}. Try: dockstage --help\n`);
  return 2;
};

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      check: { type: "boolean", default: false },
      folder: { type: "string", default: "." },
    },
  });
  const [verb, ...rest] = positionals;
  if (values.help || verb === "help") {
    process.stdout.write(HELP);
    return 0;
  }
  if (verb === undefined) {
    process.stderr.write(HELP);
    return 2;
  }
  if (verb === "setup" && rest.length === 0) return setUp(process.env, values.check ? ["--check"] : []);
  if (verb !== "up" || values.check || rest.length > 1)
    return wrongUse(`"${[...positionals, ...(values.check ? ["--check"] : [])].join(" ")}" is no command`);
  const [stack = "dev"] = rest;
  // Before anything is set up for it.
  const refused = notBuilt(stack);
  if (refused) {
    process.stderr.write(`dockstage: ${refused}\n`);
    return 2;
  }
  const env = ready(process.env);
  if (!env) return 1;
  // Loaded only now: a refusal or a help text needs none of it.
  const { up } = require("./up") as typeof import("./up");
  return up({ stack, folder: values.folder, env });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    const wrong = error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    // Node's own sentence about an option goes on with advice that does not fit.
    process.exitCode = wrong ? wrongUse((message.split(". ")[0] ?? message).replace(/\.$/, "")) : 1;
    if (!wrong) process.stderr.write(`dockstage: ${message}\n`);
  },
);
