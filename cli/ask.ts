import { createInterface } from "node:readline/promises";
import { WrongUse } from "./verb";

/**
 * Whether a change is wanted: `--yes` says so, else the person at the terminal is asked, with no as the default.
 *
 * @throws WrongUse where there is neither
 */
export async function agreed(question: string, yes: boolean): Promise<boolean> {
  if (yes) return true;
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new WrongUse("nobody can be asked here: add --yes, or --dry-run to only look");
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}
