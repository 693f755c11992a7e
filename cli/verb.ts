/** One verb of the command line: what its help says, and the code, which loads when it runs. The table of verbs is cli/verbs.ts. */
export interface Verb {
  readonly name: string;
  /** Half a sentence, in lower case, for the list of verbs. */
  readonly summary: string;
  /** What the help says below the usage, where the summary does not say it all. */
  readonly more?: string;
  /** As they are written in the usage: `[stack]`, `<url>`, `[path...]`. */
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** What may follow behind `--`, for example `-- command...`; where it is not set, nothing may. */
  readonly rest?: string;
  /** Commands as a person types them. */
  readonly examples: readonly [string, ...string[]];
  /** Exit code: 0, 1 (failed) or 2 (wrong use). */
  readonly run: (call: Call) => Promise<number> | number;
}

export interface Argument {
  readonly usage: string;
  readonly summary: string;
  /** What the shell completes here. */
  readonly completes?: Completes;
}

export interface Option {
  /** As commander has them: `--force`, `-f, --follow`, `--since <time>`. */
  readonly flags: string;
  readonly summary: string;
  readonly completes?: Completes;
}

/** What stands in the place of an argument or an option's value. */
export type Completes = "stack" | "component" | readonly string[];

/** A verb as somebody called it. */
export interface Call {
  readonly arguments: readonly string[];
  /** What followed behind `--`. */
  readonly rest: readonly string[];
  /** The app's folder, with its Pulumi.yaml, as it was given. @default "." */
  readonly folder: string;
  /** The variables of the process. Those that pulumi runs with: `ready(call.env)` or `variables(call.env)` of cli/machine.ts. */
  readonly env: NodeJS.ProcessEnv;
  /** Whether an option without a value was given: `flag("dry-run")`. */
  readonly flag: (name: string) => boolean;
  /** The value of an option that takes one: `value("since")`. */
  readonly value: (name: string) => string | undefined;
}

/** A call that no verb can do anything with: exit code 2, with a hint at the help. */
export class WrongUse extends Error {
  override readonly name = "WrongUse";
}
