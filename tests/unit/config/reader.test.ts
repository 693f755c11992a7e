import { describe, expect, test } from "@jest/globals";
import { join } from "node:path";
import { readSettings } from "../../../config/reader";
import { errorOf, inFolder, problemsIn, problemsOf, read } from "./folder";

const PORTAL = `name: portal
php: { versions: ["8.2", "7.4"], servers: [apache, nginx], docroot: ./public/, extensions: [intl], ini: { upload_max_filesize: 64M } }
web: { health: /healthz, memory: 1GiB, cpus: 0.5, healthTimeout: 2m }
database: { engines: [mariadb, "postgresql:17", { engine: mariadb, series: "10.6", image: "mariadb:10.6" }], migrate: bin/migrate, migrations: migrations/**, seed: "bin/seed --size \${size}" }
services: { redis: { image: "redis:7", data: /data, memory: 64M } }
processes: { worker: { run: [bin/worker], stopGrace: 60s } }
env: { DATABASE_URL: "\${database.url}", BASE_URL: "\${url}" }
secrets: { APP_SECRET: generate, STRIPE_KEY: required }
writable: { public/uploads/: data, var: scratch }
`;

const STACK = `config:
  portal:settings:
    web: { memory: 512MiB, cpus: "0.25" }
    data: { size: 7 }
    network: { pool: 10.9.0.0/20 }
  portal:STRIPE_KEY:
    secure: v1:abc
  docker:host: unix:///run/elsewhere.sock
`;

describe("what is right", () => {
  test("a whole description, with defaults filled in and units reckoned", () => {
    const { settings } = read({ "dockstage.yaml": PORTAL, "Pulumi.dev.yaml": STACK, "migrations/1.sql": "create table a (b int)" });
    expect(settings.app).toEqual({
      name: "portal",
      source: {
        from: "php",
        versions: ["8.2", "7.4"],
        live: "8.2",
        servers: ["apache", "nginx"],
        docroot: "public",
        extensions: ["intl"],
        ini: { upload_max_filesize: "64M" },
        build: [],
        packages: [],
      },
      web: { port: 8080, health: "/healthz", memory: 1024, cpus: 0.5, healthTimeout: 120, stopGrace: 30 },
      database: {
        engines: [
          { engine: "mariadb", series: "10.11" },
          { engine: "postgresql", series: "17" },
          { engine: "mariadb", series: "10.6", image: "mariadb:10.6" },
        ],
        migrate: "bin/migrate",
        migrations: ["migrations/**"],
        seed: "bin/seed --size ${size}",
      },
      services: { redis: { image: "redis:7", data: "/data", memory: 64, env: {} } },
      processes: { worker: { run: ["bin/worker"], stopGrace: 60, replicas: 1 } },
      env: { DATABASE_URL: "${database.url}", BASE_URL: "${url}" },
      secrets: { APP_SECRET: "generate", STRIPE_KEY: "required" },
      sendmail: false,
      writable: { "public/uploads": "data", var: "scratch" },
    });
    expect(settings.stage).toEqual({
      stage: "dev",
      web: { memory: 512, cpus: 0.25 },
      data: { size: 7 },
      network: { pool: "10.9.0.0/20" },
      debugger: "request",
      mail: { catcher: { smtpPort: 1025, webPort: 1080 } },
    });
  });

  test("the smallest one, and no stack file", () => {
    const { settings } = read({});
    expect(settings).toEqual({
      project: "portal",
      stack: "dev",
      app: {
        name: "portal",
        source: { from: "image", reference: "portal:1" },
        web: { port: 8080, health: "/", healthTimeout: 60, stopGrace: 30 },
        services: {},
        processes: {},
        env: {},
        secrets: {},
        sendmail: false,
        writable: {},
      },
      stage: {
        stage: "dev",
        web: {},
        data: { size: 100 },
        network: { pool: "10.213.0.0/16" },
        debugger: "request",
        mail: { catcher: { smtpPort: 1025, webPort: 1080 } },
      },
      machine: { owner: { uid: process.getuid?.(), gid: process.getgid?.() }, hostPort: 8080, migrations: "" },
    });
  });

  test("the short form of build", () => {
    const { settings } = read({ "dockstage.yaml": "name: portal\nbuild: app\nweb: { port: 80 }\n", "app/Dockerfile": "FROM scratch\n" });
    expect(settings.app.source).toEqual({ from: "build", context: "app", dockerfile: "Dockerfile", args: {}, secrets: [] });
  });

  test("anchors and merge keys", () => {
    const { settings } = read({
      "dockstage.yaml":
        "name: portal\nimage: portal:1\nweb: &limits { port: 80, memory: 64M }\nprocesses:\n  worker: { <<: &one { run: a, memory: 64M } }\n  other: { <<: *one, run: b }\n",
    });
    expect(settings.app.processes).toEqual({
      worker: { run: "a", memory: 64, stopGrace: 30, replicas: 1 },
      other: { run: "b", memory: 64, stopGrace: 30, replicas: 1 },
    });
  });

  test("a description elsewhere, and a folder of stack files", () => {
    const files = {
      "Pulumi.yaml": "name: portal\nruntime: nodejs\ndockstage: app/description.yaml\nstackConfigDir: stacks\n",
      "app/description.yaml": "name: portal\nimage: portal:2\nweb: { port: 1 }\n",
      "stacks/Pulumi.qa.yaml": "config: { portal:settings: { stage: test } }\n",
    };
    inFolder(files, (folder) => {
      const { settings, folders } = readSettings({ folder, stack: "qa", env: {}, dataFolder: folder });
      expect(folders).toEqual({ app: join(folder, "app"), project: folder });
      expect(settings.app.source).toEqual({ from: "image", reference: "portal:2" });
      expect(settings.stage.stage).toBe("test");
    });
  });

  test("all of it is frozen, and the machine's folders stay out of the settings", () => {
    inFolder({ "dockstage.yaml": PORTAL, "Pulumi.dev.yaml": STACK, "migrations/1.sql": "" }, (folder) => {
      const { settings } = readSettings({ folder, stack: "dev", env: {}, dataFolder: folder });
      const thawed: string[] = [];
      const walk = (value: unknown, path: string): void => {
        if (typeof value !== "object" || value === null) return;
        if (!Object.isFrozen(value)) thawed.push(path);
        Object.entries(value).forEach(([key, inner]) => walk(inner, `${path}.${key}`));
      };
      walk(settings, "settings");
      expect(thawed).toEqual([]);
      expect(JSON.stringify(settings)).not.toContain(folder);
      expect(JSON.stringify(settings)).not.toContain("v1:abc");
    });
  });
});

describe("what is wrong", () => {
  test("all problems of all files at once, each with file, line, key, value and fix", () => {
    const error = errorOf({
      "dockstage.yaml": 'name: portal\nphp:\n  versions:\n    - "8.2"\n    - "8.3"\nweb: { helth: /healthz, memory: 256 }\n',
      "Pulumi.dev.yaml": "config:\n  portal:settings:\n    data:\n      size: many\n",
    });
    expect(error.message).toBe(`4 problems in the configuration; nothing was changed.

Pulumi.dev.yaml:4: portal:settings.data.size is "many": must be a whole number from 1 to 1000000.
    Fix: write for example size: 100

dockstage.yaml:5: php.versions[1] is "8.3": the PHP recipe has no such version.
    Fix: use one of "7.4", "8.2", "8.4"

dockstage.yaml:6: web.memory is 256: must be a size of at least 16MiB with a unit (MiB or GiB).
    Fix: write for example "256MiB" or "1GiB"

dockstage.yaml:6: web.helth is "/healthz": there is no such key.
    Fix: did you mean "health"?`);
    expect(error.problems[1]).toEqual({
      file: "dockstage.yaml",
      line: 5,
      key: "php.versions[1]",
      found: '"8.3"',
      message: "the PHP recipe has no such version",
      fix: 'use one of "7.4", "8.2", "8.4"',
    });
  });

  test("one app's stack is never planned with another's description", () => {
    expect(problemsOf({ "Pulumi.yaml": "name: shop\nruntime: nodejs\n" })).toEqual([
      `dockstage.yaml:1: name is "portal": the project in Pulumi.yaml is named "shop"; one app's stack must never plan the deletion of another's.\n    Fix: give both the same name`,
    ]);
  });

  test.each([
    ["Portal", 'name is "Portal"'],
    ["a".repeat(25), 'name is "aaaaaaaaaaaaaaaaaaaaaaaaa"'],
    ["1up", 'name is "1up"'],
    ["shop-", 'name is "shop-"'],
    ["a_b", 'name is "a_b"'],
  ])("the project's name %s", (name, found) => {
    const words =
      "must be 1 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending in -.\n    Fix: write for example name: portal";
    expect(problemsOf({ "Pulumi.yaml": `name: ${name}\n`, "dockstage.yaml": `name: ${name}\nimage: a:1\nweb: { port: 80 }\n` })).toEqual([
      `Pulumi.yaml:1: ${found}: ${words}`,
      `dockstage.yaml:1: ${found}: ${words}`,
    ]);
  });

  test("the longest names", () => {
    const name = `a${"b".repeat(22)}9`;
    expect(
      read({ "Pulumi.yaml": `name: ${name}\n`, "dockstage.yaml": `name: ${name}\nimage: a:1\nweb: { port: 80 }\n` }).settings.project,
    ).toBe(name);
  });

  test("the stack's name", () => {
    expect(problemsOf({ "Pulumi.Dev.yaml": "config: { portal:settings: { stage: dev } }\n" }, "Dev")).toEqual([
      `Pulumi.yaml:1: the stack's name "Dev" must be 1 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending in -.\n    Fix: make a stack of another name: pulumi stack init dev`,
    ]);
  });

  test("the host program's name", () => {
    expect(
      problemsOf({ "Pulumi.yaml": "name: dockstage-host\n", "dockstage.yaml": "name: dockstage-host\nimage: a:1\nweb: { port: 80 }\n" }),
    ).toEqual(['Pulumi.yaml:1: name is "dockstage-host": this name is dockstage\'s own.\n    Fix: take another name']);
  });

  test("files that are missing, empty or no map", () => {
    const there = "write it, or say in Pulumi.yaml where it is: dockstage: path/to/dockstage.yaml";
    expect(problemsOf({ "Pulumi.yaml": "name: portal\ndockstage: app/dockstage.yaml\n" })).toEqual([
      `app/dockstage.yaml:1: the file does not exist.\n    Fix: ${there}`,
    ]);
    const written = "write for example name: portal, image: registry.example/portal:1, web: { port: 8080 }";
    expect(problemsIn("# nothing yet\n")).toEqual([`dockstage.yaml:1: the file is empty.\n    Fix: ${written}`]);
    expect(problemsIn("- a\n")).toEqual([`dockstage.yaml:1: the file must be a map.\n    Fix: ${written}`]);
    inFolder({}, (folder) => {
      const nowhere = { folder: join(folder, "nowhere"), stack: "dev", env: {} };
      expect(() => readSettings(nowhere)).toThrow(
        "Pulumi.yaml:1: the file does not exist.\n    Fix: run this in the folder of Pulumi.yaml, or write one",
      );
    });
  });

  test("settings and secrets in Pulumi.yaml, where every stack would get them", () => {
    expect(problemsOf({ "Pulumi.yaml": "name: portal\nconfig:\n  settings: { value: {} }\n  docker:host: x\n" })).toEqual([
      "Pulumi.yaml:3: config.settings: the app's settings and secrets differ from stack to stack and may not stand here.\n    Fix: move it to Pulumi.<stack>.yaml",
    ]);
  });

  test("the key dockstage in Pulumi.yaml", () => {
    expect(problemsOf({ "Pulumi.yaml": "name: portal\ndockstage: { path: a }\n" })).toEqual([
      "Pulumi.yaml:2: dockstage is { path }: must be the path of the app's description.\n    Fix: write for example dockstage: app/dockstage.yaml",
    ]);
  });

  test("an unknown key does not hide what else is wrong with its section", () => {
    expect(problemsIn('name: portal\nphp: { versions: ["8.2"], live: "8.4", ext: [gd] }\n')).toEqual([
      "dockstage.yaml:2: php.ext is a list of 1: there is no such key.\n    Fix: the keys here are versions, live, servers, docroot, extensions, ini, build, packages",
      'dockstage.yaml:2: php.live is "8.4": this version is not among php.versions.\n    Fix: use one of "8.2", or add it there',
    ]);
  });
});
