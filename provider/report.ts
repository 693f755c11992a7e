import type { ContainerState } from "./engine";

/** How a container's end and its log are told to a person. */

/** Longest log line that is shown, in characters. */
const LONGEST = 300;

/** `exit code 3`, or what killed it. */
export function endOf({ exitCode, oomKilled }: Pick<ContainerState, "exitCode" | "oomKilled">, memory?: string): string {
  if (oomKilled) return `it was killed because it used more memory than its limit${memory === undefined ? "" : ` of ${memory}`}`;
  return exitCode > 128 && exitCode < 160 ? `exit code ${exitCode} (signal ${exitCode - 128})` : `exit code ${exitCode}`;
}

/** `running`, `exited with exit code 1`, ... */
export const stateOf = (state: ContainerState): string =>
  state.status === "exited" || state.status === "dead"
    ? `ended: ${endOf(state)}`
    : state.restarts > 0
      ? `${state.status}, restarted ${state.restarts} times`
      : state.status;

/** A log under its heading, indented, without control characters that would move the terminal's cursor. */
export function indentedLog(heading: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [`  ${heading}: none`];
  const clean = (line: string): string => line.replaceAll("\t", "  ").replace(/\p{Cc}\[[0-9;?]*[A-Za-z]|\p{Cc}/gu, "");
  return [`  ${heading}:`, ...lines.map((line) => `    ${clean(line).slice(0, LONGEST)}`)];
}
