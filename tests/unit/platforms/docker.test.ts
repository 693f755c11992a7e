import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { inputNames, shapes } from "../../../offline/shapes";
import { dockerPlatform } from "../../../platforms/docker";
import { partsOf } from "../../../stages/plan";
import { realise } from "../../../stages/realise";
import { register, type Registered } from "../../support/mocks";
import { guestbook } from "../../support/settings";

const folders = { app: "/somewhere/app", package: process.cwd() };
let made: readonly Registered[];

const only = (type: string, name: string): Registered => {
  const found = made.filter((resource) => resource.type === type && resource.name === name);
  if (found.length !== 1 || !found[0])
    throw new Error(
      `${found.length} of ${type} ${name}; there are ${made.map((resource) => `${resource.type} ${resource.name}`).join(", ")}`,
    );
  return found[0];
};

beforeAll(async () => {
  const platform = dockerPlatform({ project: "guestbook", stack: "dev", folders, secret: () => pulumi.secret("config-canary") });
  made = await register(() => {
    for (const part of partsOf(guestbook({ app: { secrets: { APP_SECRET: "generate", STRIPE_KEY: "required" } } })))
      realise(part, platform);
    platform.announce({ stage: "dev", urls: ["http://guestbook.dev.localhost:8080"], mailbox: "http://mail.guestbook.dev.localhost:8080" });
  });
});

describe("the docker platform", () => {
  test("emits no property that offline/shapes.ts does not list", () => {
    const docker = made.filter(({ type }) => type.startsWith("docker:"));
    expect(docker.length).toBeGreaterThan(8);
    for (const { type, name, inputs } of docker) {
      const shape = shapes.find((known) => known.type === type);
      if (!shape) throw new Error(`${type} is in no shape`);
      const known = inputNames(shape.properties);
      expect({ name, unknown: Object.keys(inputs).filter((key) => inputs[key] !== undefined && !known.includes(key)) }).toEqual({
        name,
        unknown: [],
      });
    }
  });

  test("the web container: no root, nothing writable but what it must, no capability, limits, labels of identity", () => {
    const { inputs, deleteBeforeReplace } = only("docker:index/container:Container", "guestbook-dev-web");
    expect(deleteBeforeReplace).toBe(false);
    expect(inputs).toMatchObject({
      image: "sha256:image",
      entrypoints: ["/bin/sh", "/run/dockstage/entrypoint", "/entry"],
      command: ["cmd"],
      envs: ["BASE_URL=http://guestbook.dev.localhost:8080", "DEBUGGER=request", "PHP_IDE_CONFIG=serverName=guestbook.dev.localhost"],
      user: "1000:1000",
      readOnly: true,
      capabilities: { drops: ["ALL"] },
      dns: ["127.0.0.1"],
      dnsOpts: ["timeout:1", "attempts:1"],
      securityOpts: ["no-new-privileges:true"],
      memory: 256,
      memorySwap: 256,
      cpus: "0.5",
      restart: "unless-stopped",
      stopTimeout: 30,
      destroyGraceSeconds: 30,
      mustRun: true,
      wait: false,
    });
    expect(inputs["ports"]).toBeUndefined();
    expect(inputs["name"]).toBeUndefined();
    expect(inputs["labels"]).toEqual([
      { label: "dockstage.project", value: "guestbook" },
      { label: "dockstage.stack", value: "dev" },
      { label: "dockstage.component", value: "web" },
      { label: "dockstage.generation", value: "abcd1234" },
    ]);
    expect(inputs["networksAdvanced"]).toEqual([
      { name: "guestbook-dev-edge-id", aliases: ["web-abcd1234"] },
      { name: "guestbook-dev-data-id", aliases: ["web-abcd1234"] },
    ]);
  });

  test("a database is replaced stop-first, and found under its name", () => {
    const { inputs, deleteBeforeReplace } = only("docker:index/container:Container", "guestbook-dev-mariadb-10-11");
    expect(deleteBeforeReplace).toBe(true);
    expect(inputs["networksAdvanced"]).toEqual([{ name: "guestbook-dev-data-id", aliases: ["mariadb-10-11", "mariadb-10-11-abcd1234"] }]);
  });

  test("DEV's data volume is neither protected nor kept, and never replaced for a label", () => {
    expect(only("docker:index/volume:Volume", "data-mariadb-10.11")).toMatchObject({
      protect: false,
      retainOnDelete: false,
      ignoreChanges: ["labels", "driverOpts"],
      inputs: { name: "guestbook-dev-data-mariadb-10-11" },
    });
  });

  test("no container's definition holds a secret", () => {
    for (const { type, inputs } of made) {
      if (type.startsWith("docker:") || type === "dockstage:index:Job") expect(JSON.stringify(inputs)).not.toMatch(/canary/);
    }
    expect(JSON.stringify(only("dockstage:index:Files", "app-files").inputs)).toMatch(/config-canary/);
  });

  test("the environment is announced once all of its routes are in use, without a path of this machine", () => {
    const { inputs, dependsOn } = only("dockstage:index:Announcement", "announcement");
    expect(inputs).toEqual({
      project: "guestbook",
      stack: "dev",
      stage: "dev",
      urls: ["http://guestbook.dev.localhost:8080"],
      mailbox: "http://mail.guestbook.dev.localhost:8080",
    });
    expect([...dependsOn].sort()).toEqual(["mail-route", "web-route"]);
  });

  test("type tokens, logical names and parents are the accepted contract", () => {
    const lines = made.map(({ type, name, parent, protect }) => `${parent ?? "-"} > ${type} ${name}${protect ? " PROTECTED" : ""}`);
    expect(`${lines.sort().join("\n")}\n`).toBe(readFileSync(join(__dirname, "..", "..", "golden", "docker-dev.txt"), "utf8"));
  });
});

test("the web container waits until a companion without a probe was started, its jobs until that one keeps running", async () => {
  const services = { redis: { image: "redis:7", env: {} } };
  const platform = dockerPlatform({ project: "guestbook", stack: "dev", folders, secret: () => pulumi.secret("config-canary") });
  const all = await register(() => {
    for (const part of partsOf(guestbook({ app: { services } }))) realise(part, platform);
  });
  const after = (name: string): Registered["dependsOn"] => all.find((resource) => resource.name === name)?.dependsOn ?? [];
  expect(after("guestbook-dev-web")).toContain("guestbook-dev-redis");
  expect(after("guestbook-dev-web")).not.toContain("redis-ready");
  expect(after("guestbook-dev-web")).not.toContain("relay-ready");
  expect(after("migrate")).toContain("redis-ready");
  // By the leases a run that was cut off is known as the stack's own: nothing that stays behind is made before them.
  expect(after("app-files")).toEqual(expect.arrayContaining(["data-subnet", "edge-subnet", "mail-subnet"]));
  expect(after("web-route")).toEqual(expect.arrayContaining(["relay-ready", "web-ready", "door-ready"]));
});

test("services of one image share it", async () => {
  const services = { redis: { image: "redis:7", env: {} }, queue: { image: "redis:7", env: {} }, search: { image: "meili:1", env: {} } };
  const platform = dockerPlatform({ project: "guestbook", stack: "dev", folders, secret: () => pulumi.secret("config-canary") });
  const all = await register(() => {
    for (const part of partsOf(guestbook({ app: { services } }))) realise(part, platform);
  });
  const pulled = all.filter(({ type }) => type === "docker:index/remoteImage:RemoteImage");
  expect(pulled.map(({ name, inputs }) => [name, inputs["name"]])).toEqual([
    ["redis", "redis:7"],
    ["search", "meili:1"],
  ]);
  expect(all.find(({ name }) => name === "guestbook-dev-queue")?.inputs["image"]).toBe("sha256:image");
});
