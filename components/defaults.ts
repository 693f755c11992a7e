import type { Command, Limits } from "../config/settings";
import type { Run } from "../plan/records";

/** What only a shell understands. */
const SHELL = /[|&;<>()$`\\"'*?[\]#~=%{}\n]/;

/**
 * A command as the engine takes it: a list is executed as it is, and so are plain words (`bin/worker --all`). Only what needs a shell
 * gets one: as a container's first process a shell ignores SIGTERM, so that the program behind it is killed and not stopped.
 */
export function argumentsOf(command: Command): readonly string[] {
  if (typeof command !== "string") return command;
  return SHELL.test(command) ? ["/bin/sh", "-c", command] : command.trim().split(/\s+/);
}

/**
 * The capabilities that an image of somebody else's keeps: what a daemon needs that starts as root, makes its folders its own and
 * drops to a user. Our own images keep none.
 */
export const FOREIGN_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"] as const;

/** MiB and cores, where the description says nothing. */
export const limitsOf = (limits: Limits, defaults: Run["limits"]): Run["limits"] => ({
  memory: limits.memory ?? defaults.memory,
  cpus: limits.cpus ?? defaults.cpus,
});
