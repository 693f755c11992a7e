import { notBuilt } from "../../stages/matrix";
import { ready } from "../machine";
import type { Call } from "../verb";

/** `dockstage up [stack]`: cli/up.ts, once the machine is set up. */
export async function run({ arguments: [stack = "dev"], folder, env, flag }: Call): Promise<number> {
  // Before anything is set up for it.
  const refused = notBuilt(stack);
  if (refused) {
    process.stderr.write(`dockstage: ${refused}\n`);
    return 2;
  }
  const variables = ready(env);
  if (!variables) return 1;
  const { up } = require("../up") as typeof import("../up");
  const options = { stack, folder, env: variables, given: env, force: flag("force"), adopt: flag("adopt") };
  return up(options);
}
