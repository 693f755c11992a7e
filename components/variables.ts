import { slug } from "../plan/names";
import type { Ref, SecretRecord, SecretUse } from "../plan/records";
import type { Filled } from "../plan/text";

/** A program's variables, apart: plain ones for the container's definition, secret ones for its entrypoint. */
export interface Environment {
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretUse[];
  /** The secrets that are put together from text and other secrets. */
  readonly records: readonly SecretRecord[];
}

/** Sorts variables into plain and secret ones; a text with a secret in it is a secret as a whole. `owner` begins the records' names. */
export function environmentOf(owner: string, variables: Readonly<Record<string, Filled>>): Environment {
  const env: Record<string, string> = {};
  const secrets: SecretUse[] = [];
  const records: SecretRecord[] = [];
  for (const [name, parts] of Object.entries(variables)) {
    const [first] = parts;
    if (parts.every((part) => typeof part === "string")) {
      env[name] = parts.join("");
    } else if (parts.length === 1 && typeof first === "object") {
      secrets.push({ secret: first.secret, as: { env: name } });
    } else {
      const composed: Ref<"secret"> = `secret:${owner}-env-${slug(name)}`;
      records.push({ kind: "secret", name: `${owner}-env-${slug(name)}`, source: { from: "compose", parts } });
      secrets.push({ secret: composed, as: { env: name } });
    }
  }
  return { env, secrets, records };
}
