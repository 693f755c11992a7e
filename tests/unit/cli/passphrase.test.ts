import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { locked, lockedOtherwise, opens } from "../../../cli/passphrase";
import { PACKAGE } from "../../../cli/machine";
import { EXAMPLE_FILE, ownFolder, refusedPassphrase } from "../../../config/passphrase";

let folder = "";
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "dockstage-passphrase-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const env = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({ DOCKSTAGE_DATA: join(folder, "data"), ...more });
const own = (): string => join(folder, "data", "private-passphrase");

describe("the passphrase that pulumi runs with", () => {
  test("is the example's in dockstage's own folder, and private for an app: made once, for its owner's eyes", () => {
    expect(locked(PACKAGE, env()).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(EXAMPLE_FILE);
    expect(locked(join(PACKAGE, "host"), env({ PULUMI_CONFIG_PASSPHRASE_FILE: own() })).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(EXAMPLE_FILE);
    expect(locked(folder, env()).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(own());
    const made = readFileSync(own(), "utf8");
    expect(made).toMatch(/^[0-9a-f]{48}\n$/);
    expect([own(), join(folder, "data")].map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(["600", "700"]);
    for (const before of [EXAMPLE_FILE, own(), join(folder, "data", "passphrase")])
      expect(locked(folder, env({ PULUMI_CONFIG_PASSPHRASE_FILE: before })).PULUMI_CONFIG_PASSPHRASE_FILE).toBe(own());
    expect(readFileSync(own(), "utf8")).toBe(made);
  });

  test("stays what the person has set, the empty one too", () => {
    for (const set of [{ PULUMI_CONFIG_PASSPHRASE: "" }, { PULUMI_CONFIG_PASSPHRASE_FILE: file("theirs", "team\n") }])
      expect(locked(folder, env(set))).toEqual(env(set));
  });

  test("may not be the example's for an app, whichever way it was set", () => {
    const says = (variable: string): string =>
      `${variable} holds dockstage's public example passphrase, with which everybody could read the secrets of ${folder}. ` +
      `Fix: unset ${variable}, and source scripts/env in that folder, which takes your private one (${own()}); or set one of your own`;
    const direct = env({ PULUMI_CONFIG_PASSPHRASE: "dockstage-example" });
    const copied = env({ PULUMI_CONFIG_PASSPHRASE_FILE: file("copy", "dockstage-example\n") });
    expect(() => locked(folder, direct)).toThrow(says("PULUMI_CONFIG_PASSPHRASE"));
    expect(() => locked(folder, copied)).toThrow(says("PULUMI_CONFIG_PASSPHRASE_FILE"));
    expect(refusedPassphrase(folder, env({ PULUMI_CONFIG_PASSPHRASE_FILE: EXAMPLE_FILE }))).toBe(says("PULUMI_CONFIG_PASSPHRASE_FILE"));
    expect(locked(PACKAGE, direct)).toBe(direct);
  });

  test("an app in the package's node_modules is none of its own folders", () => {
    expect([".", "host", "examples/guestbook", "node_modules/app", "..", "../other"].map((path) => ownFolder(join(PACKAGE, path)))).toEqual(
      [true, true, true, false, false, false],
    );
  });
});

describe("a stack file that is locked with another passphrase", () => {
  const example = readFileSync(join(PACKAGE, "Pulumi.dev.yaml"), "utf8");
  // Made by Pulumi 3.245.0 with the passphrase "newpass".
  const salt = "v1:gp5BlaLBp04=:v1:hE9y+hfDiSYtf6Ey:rRM6ryqn+NbotSH74PKZpl1Xf7e7fA==";

  test("a salt opens with its passphrase only", () => {
    expect([opens(salt, "newpass"), opens(salt, "newpas"), opens("v1:nonsense", "newpass")]).toEqual([true, false, false]);
  });

  test("with the example's: how to go on, with the file that is used", () => {
    file("Pulumi.dev.yaml", example);
    const mine = file("mine", "newpass\n");
    expect(lockedOtherwise(folder, "dev", { PULUMI_CONFIG_PASSPHRASE_FILE: mine })).toBe(
      `Pulumi.dev.yaml is locked with dockstage's public example passphrase. Lock it with yours, once, in ${folder} after sourcing scripts/env:\n\n` +
        `  cat ${mine} ${mine} | PULUMI_CONFIG_PASSPHRASE=dockstage-example pulumi stack change-secrets-provider passphrase -s dev\n\n` +
        `Its secrets were readable for everybody until now: change those that matter`,
    );
  });

  test("with a colleague's; nothing where it fits or nothing is locked", () => {
    file("Pulumi.dev.yaml", `encryptionsalt: ${salt}\n`);
    expect(lockedOtherwise(folder, "dev", { PULUMI_CONFIG_PASSPHRASE: "other" })).toMatch(
      /^Pulumi\.dev\.yaml is locked with another passphrase than yours, perhaps that of a colleague\./,
    );
    expect(lockedOtherwise(folder, "dev", { PULUMI_CONFIG_PASSPHRASE: "newpass" })).toBeUndefined();
    file("Pulumi.test.yaml", "config: {}\n");
    expect(lockedOtherwise(folder, "test", { PULUMI_CONFIG_PASSPHRASE: "newpass" })).toBeUndefined();
  });
});
