import { parseArgs } from "node:util";
import { up } from "./up";

const HELP = `dockstage: the stages of a dockerised web application from one description

  dockstage up [stack]   bring an environment up (default: dev), the host program first
  dockstage up host      bring up what the engine shares among all environments

  --folder DIR   the app's folder, with its Pulumi.yaml (default: the current one)
  --help         this text

Example:  dockstage up dev
`;

/** Exit codes: 0, 1 (failed), 2 (wrong use). */
async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" }, folder: { type: "string", default: "." } },
  });
  const [verb, stack = "dev", ...more] = positionals;
  if (values.help || verb === undefined || verb === "help") {
    process.stdout.write(HELP);
    return verb === undefined && !values.help ? 2 : 0;
  }
  if (verb !== "up" || more.length > 0) {
    process.stderr.write(`dockstage: "${[verb, stack, ...more].join(" ")}" is no command. Try: dockstage --help\n`);
    return 2;
  }
  return up({ stack, folder: values.folder, env: process.env });
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS") ? 2 : 1;
  },
);
