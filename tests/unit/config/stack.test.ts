import { describe, expect, test } from "@jest/globals";
import { problemsOf, read } from "./folder";

const SECRETS = {
  "dockstage.yaml": "name: portal\nimage: portal:1\nweb: { port: 80 }\nsecrets: { STRIPE_KEY: required, APP_SECRET: generate }\n",
};
const KEY = "  portal:STRIPE_KEY: { secure: v1:x }\n";
const of = (stackFile: string, stack = "dev"): readonly string[] => problemsOf({ ...SECRETS, [`Pulumi.${stack}.yaml`]: stackFile }, stack);
const problem = (what: string, fix: string, line = 3): string => `Pulumi.dev.yaml:${line}: ${what}.\n    Fix: ${fix}`;

describe("secrets", () => {
  const set = "pulumi config set --secret STRIPE_KEY -s dev";
  const missing = problem("portal:STRIPE_KEY: the secret has no value for this stack", set, 1);
  test("a required one without a value", () => {
    expect(problemsOf(SECRETS)).toEqual([missing]);
    expect(of("encryptionsalt: v1:x\n")).toEqual([missing]);
  });

  test.each([
    "portal:STRIPE_KEY: canary",
    "portal:STRIPE_KEY: { value: canary }",
    "portal:STRIPE_KEY: { secure: canary, other: canary }",
    "STRIPE_KEY: canary",
    "portal:config:STRIPE_KEY: canary",
  ])("in plain text: %s", (line) => {
    const key = line.slice(0, line.indexOf(": "));
    expect(of(`config:\n  ${line}\n`)).toEqual([
      problem(
        `${key}: the secret stands here in plain text`,
        `${set}, and take a new one: whoever could read this file knows the old one`,
        2,
      ),
    ]);
  });

  test("one that dockstage makes", () => {
    expect(of(`config:\n${KEY}  portal:APP_SECRET: { secure: v1:x }\n`)).toEqual([
      problem(
        "portal:APP_SECRET: dockstage makes this secret itself",
        "pulumi config rm APP_SECRET -s dev, or declare it as required in the description",
      ),
    ]);
  });

  test("an unknown key is refused without its value", () => {
    expect(of(`config:\n${KEY}  portal:STRIPE_KEYS: canary\n  portal:setings: {}\n  portal:zebra: canary\n`)).toEqual([
      problem("portal:STRIPE_KEYS: there is no such setting, and no secret of this name is declared", 'did you mean "STRIPE_KEY"?'),
      problem("portal:setings: there is no such setting, and no secret of this name is declared", 'did you mean "settings"?', 4),
      problem(
        "portal:zebra: there is no such setting, and no secret of this name is declared",
        "the keys here are settings, STRIPE_KEY",
        5,
      ),
    ]);
  });

  test("other namespaces and Pulumi's own keys are left alone", () => {
    expect(of(`encryptionsalt: v1:x\nconfig:\n${KEY}  docker:host: x\n  aws:settings: 3\n`)).toEqual([]);
  });
});

describe("settings", () => {
  test.each([
    ["{ stage: prod }", '.stage is "prod": there is no such stage', "use dev, test, staging or live"],
    ["{ wbe: {} }", ".wbe is {}: there is no such key", 'did you mean "web"?'],
    ["{ web: { replicas: 2 } }", ".web.replicas is 2: there is no such key", "the keys here are memory, cpus"],
    [
      "{ web: { memory: 1TiB } }",
      '.web.memory is "1TiB": must be a size of at least 16MiB with a unit (MiB or GiB)',
      'write for example "256MiB" or "1GiB"',
    ],
    ["{ web: { cpus: half } }", '.web.cpus is "half": must be a number of cores from 0.05 to 256', "write for example 0.5"],
    ["{ data: { size: 0.5 } }", ".data.size is 0.5: must be a whole number from 1 to 1000000", "write for example size: 100"],
    [
      "{ network: { pool: 10.0.0.1/16 } }",
      '.network.pool is "10.0.0.1/16": must be a private range of addresses, from /8 to /24',
      'write for example "10.213.0.0/16" (the first address of the range)',
    ],
    [
      "{ network: { pool: 8.8.0.0/16 } }",
      '.network.pool is "8.8.0.0/16": must be a private range of addresses, from /8 to /24',
      'write for example "10.213.0.0/16" (the first address of the range)',
    ],
    [
      "{ network: { pool: 10.0.0.0/25 } }",
      '.network.pool is "10.0.0.0/25": must be a private range of addresses, from /8 to /24',
      'write for example "10.213.0.0/16" (the first address of the range)',
    ],
    ["{ debugger: on }", '.debugger is "on": there is no such mode', "use request (only where it is asked for), all or off"],
    [
      "{ mail: { catcher: { image: mailpit, web: 1 } } }",
      ".mail.catcher.web is 1: there is no such key",
      "the keys here are image, smtpPort, webPort",
    ],
    [
      '"{}"',
      ": must be a map",
      "write for example settings: { web: { memory: 512MiB } }, or use pulumi config set --path settings.web.memory 512MiB",
    ],
    [
      "{ secure: v1:x }",
      ": must be a map",
      "write for example settings: { web: { memory: 512MiB } }, or use pulumi config set --path settings.web.memory 512MiB",
    ],
  ])("%s", (settings, what, fix) =>
    expect(of(`config:\n${KEY}  portal:settings: ${settings}\n`)).toEqual([problem(`portal:settings${what}`, fix)]),
  );

  test("a fault in one section does not hide another's", () => {
    expect(of(`config:\n${KEY}  portal:settings:\n    stage: prod\n    x: 1\n    data: 3\n`)).toHaveLength(3);
  });

  test("a stack that is not named after a stage says which it is", () => {
    expect(of(`config:\n${KEY}`, "feature-x")).toEqual([
      "Pulumi.feature-x.yaml:1: portal:settings.stage: is missing, and the stack's name is not a stage's.\n    Fix: pulumi config set --path settings.stage dev -s feature-x (or test, staging, live)",
    ]);
    expect(read({ "Pulumi.feature-x.yaml": "config: { portal:settings: { stage: test } }\n" }, "feature-x").settings.stage.stage).toBe(
      "test",
    );
  });

  test("another mail catcher, and a debugger for every request", () => {
    const settings = "{ debugger: all, mail: { catcher: { image: axllent/mailpit:v1.27, webPort: 8025 } } }";
    expect(read({ "Pulumi.dev.yaml": `config: { portal:settings: ${settings} }\n` }).settings.stage).toMatchObject({
      debugger: "all",
      mail: { catcher: { image: "axllent/mailpit:v1.27", smtpPort: 1025, webPort: 8025 } },
    });
  });

  test.each(["10.0.0.0/8", "172.16.0.0/12", "192.168.4.0/24", "100.64.0.0/10"])("the pool %s", (pool) => {
    expect(read({ "Pulumi.dev.yaml": `config: { portal:settings: { network: { pool: ${pool} } } }\n` }).settings.stage.network.pool).toBe(
      pool,
    );
  });
});
