import { createDecipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { valueAt } from "../config/check";
import { dataFolderOf } from "../config/data-folder";
import { EXAMPLE, EXAMPLE_FILE, isExampleFile, ownFolder, passphraseOf, privateFileOf, refusedPassphrase } from "../config/passphrase";

/** A passphrase that a stack must not be locked with. */
export class PassphraseRefused extends Error {
  override readonly name = "PassphraseRefused";
}

/**
 * Makes the person's private passphrase where there is none yet; only they can read it.
 *
 * @returns whether it was made now
 */
export function makePrivate(env: NodeJS.ProcessEnv): boolean {
  const file = privateFileOf(env);
  if (existsSync(file)) return false;
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
    return true;
  } catch (error) {
    // Another run was faster.
    if (existsSync(file)) return false;
    throw error;
  }
}

/**
 * The variables with the passphrase that fits a project's folder: what the person has set, else the example's for dockstage's own
 * folder, else the private one, which is made at the first use.
 *
 * @throws PassphraseRefused where the person has set the public example passphrase for an app of their own
 */
export function locked(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE: given, PULUMI_CONFIG_PASSPHRASE_FILE: file } = env;
  // Those that scripts/env sets: which one depends on the folder where it was sourced. The last is of release 0.1.0.
  const ours = [undefined, "", privateFileOf(env), join(dataFolderOf(env), "passphrase")].includes(file) || isExampleFile(file);
  if (given === undefined && ours) {
    if (ownFolder(folder)) return { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: EXAMPLE_FILE };
    makePrivate(env);
    return { ...env, PULUMI_CONFIG_PASSPHRASE_FILE: privateFileOf(env) };
  }
  const refused = refusedPassphrase(folder, env);
  if (refused) throw new PassphraseRefused(refused);
  return env;
}

/** Whether a passphrase opens a salt of a stack file: `v1:<salt>:v1:<nonce>:<sealed>`, as Pulumi writes it. */
export function opens(encryptionSalt: string, passphrase: string): boolean {
  const [, salt = "", , nonce = "", sealed = ""] = encryptionSalt.split(":").map((part) => Buffer.from(part, "base64"));
  try {
    const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
    const bytes = Buffer.from(sealed);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString() === "pulumi";
  } catch {
    return false;
  }
}

/**
 * What to do where a stack is locked with another passphrase than the one that is set: said after Pulumi failed, as a try takes 0.3 s.
 *
 * @returns undefined where the passphrase fits, or nothing is locked
 */
export function lockedOtherwise(folder: string, stack: string, env: NodeJS.ProcessEnv): string | undefined {
  const file = `Pulumi.${stack}.yaml`;
  const passphrase = passphraseOf(env);
  if (passphrase === undefined || !existsSync(join(folder, file))) return undefined;
  const salt = valueAt(parse(readFileSync(join(folder, file), "utf8")), ["encryptionsalt"]);
  if (typeof salt !== "string" || opens(salt, passphrase)) return undefined;
  const own = env["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (!opens(salt, EXAMPLE))
    return (
      `${file} is locked with another passphrase than yours, perhaps that of a colleague. Set PULUMI_CONFIG_PASSPHRASE_FILE to a file with that one. ` +
      `If the stack is to be your own and ${file} holds no "secure:", remove the line encryptionsalt from it`
    );
  return (
    `${file} is locked with dockstage's public example passphrase. Lock it with yours, once, in ${folder} after sourcing scripts/env:\n\n` +
    `  cat ${own ?? "FILE"} ${own ?? "FILE"} | PULUMI_CONFIG_PASSPHRASE=${EXAMPLE} pulumi stack change-secrets-provider passphrase -s ${stack}\n\n` +
    `${own ? "" : "FILE holds the new passphrase in one line. "}Its secrets were readable for everybody until now: change those that matter`
  );
}
