import type { Command, Limits } from "../config/settings";
import type { Run } from "../plan/records";

/** A command as the engine takes it: a string goes through the shell, a list is executed as it is. */
export const argumentsOf = (command: Command): readonly string[] => (typeof command === "string" ? ["/bin/sh", "-c", command] : command);

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
