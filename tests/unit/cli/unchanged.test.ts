import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { PACKAGE } from "../../../cli/machine";
import { stateOf } from "../../../cli/state";
import { Watch } from "../../../cli/success";
import { answered, callOf, drift, sentence } from "../../../cli/unchanged";

/** "Unchanged" may be said only where an `up` would change nothing: each input and each object by itself makes it run. */

const home = realpathSync(mkdtempSync(join(tmpdir(), "dockstage-unchanged-")));
const app = join(home, "app");
const data = join(home, "data");
const stateFile = join(home, "state", ".pulumi", "stacks", "portal", "dev.json");
const socket = join(home, "engine.sock");
const given = {
  HOME: home,
  PATH: join(home, "bin"),
  DOCKSTAGE_DATA: data,
  PULUMI_BACKEND_URL: `file://${home}/state`,
  PULUMI_CONFIG_PASSPHRASE: "first",
  DOCKER_HOST: `unix://${socket}`,
};
const target = { folder: app, project: "portal", stack: "dev", env: given };
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(home, file)), { recursive: true });
  writeFileSync(join(home, file), text);
};

const labels = { "dockstage.project": "portal", "dockstage.stack": "dev" };
const container = (Id: string, more: object = {}): object => ({
  Id,
  Names: [`/portal-${Id}`],
  State: "running",
  Status: "Up 2 hours (healthy)",
  NetworkSettings: { Networks: { edge: { NetworkID: "n1" } } },
  ...more,
});
const whole = {
  containers: [container("web"), container("db", { Status: "Up 2 hours" })],
  demux: [container("demux")],
  networks: [{ Id: "n1", Name: "edge" }],
  volumes: [{ Name: "data", CreatedAt: "2026-01-01", Labels: { ...labels, "dockstage.stamp": "s1" } }],
  images: { "app:1": "sha256:1", "debian:slim": "sha256:2" } as Record<string, string>,
};
let engine = structuredClone(whole);
const server = createServer((request, response) => {
  const url = decodeURIComponent(request.url ?? "");
  const host = url.includes("dockstage-host");
  const image = /^\/images\/(.*)\/json$/.exec(url)?.[1];
  const id = image === undefined ? undefined : engine.images[image];
  if (image !== undefined && id === undefined) return void response.writeHead(404).end("{}");
  const answer = image
    ? { Id: id }
    : url.startsWith("/containers")
      ? host
        ? engine.demux
        : engine.containers
      : url.startsWith("/networks")
        ? host
          ? []
          : engine.networks
        : { Volumes: host ? [] : engine.volumes };
  response.writeHead(200).end(JSON.stringify(answer));
});

const resources = [
  { type: "docker:index/container:Container", id: "web" },
  { type: "docker:index/container:Container", id: "db" },
  { type: "docker:index/network:Network", id: "n1" },
  { type: "docker:index/volume:Volume", id: "data" },
  {
    type: "dockstage:index:Image",
    id: "app:1",
    inputs: { context: [{ path: app, to: "" }], dockerfile: "Dockerfile" },
    outputs: { tag: "app:1", bases: { "debian:slim": "sha256:2" } },
  },
];
const writeState = (more: object = {}, time = "1"): void =>
  write(
    "state/.pulumi/stacks/portal/dev.json",
    JSON.stringify({ version: 3, checkpoint: { latest: { manifest: { time }, resources, ...more } } }),
  );
const leases = {
  "portal/dev/edge": { value: "10.1.0.0/27" },
  "dockstage-host/local/http": { value: "8080" },
  "other/dev/edge": { value: "x" },
};

const start = (): Watch | undefined =>
  Watch.start({ target, given, contexts: [{ folders: [{ path: app, to: "" }], dockerfile: "Dockerfile" }], migrations: ["migrations/**"] });
const said: string[] = [];
async function fast(env: NodeJS.ProcessEnv = given, ...more: string[]): Promise<boolean> {
  said.length = drift.length = 0;
  return answered(["up", "dev", "--folder", app, ...more], env);
}
const MAIN = 'import { environment } from "dockstage";\n\nexport = environment(__dirname);\n';
const PROJECT = `name: portal
runtime: { name: nodejs, options: { typescript: false, nodeargs: -r dockstage/loader.js } }
main: index.ts
plugins: { providers: [{ name: dockstage, path: ${PACKAGE}/provider, version: 0.1.0 }] }
`;

beforeAll(async () => {
  jest.spyOn(process.stdout, "write").mockImplementation((text) => said.push(String(text)) > 0);
  write("app/Pulumi.yaml", PROJECT);
  write("app/Pulumi.dev.yaml", "config: {}\n");
  write("app/dockstage.yaml", "name: portal\n");
  write("app/index.ts", MAIN);
  write("app/package.json", "{}");
  write("app/package-lock.json", "{}");
  write("app/Dockerfile", "FROM debian:slim\n");
  write("app/.dockerignore", "node_modules\nvar\n");
  write("app/src/run", "#!/bin/sh\n");
  write("app/var/cache", "1");
  write("app/migrations/1.sql", "select 1");
  symlinkSync("src/run", join(app, "link"));
  write("bin/pulumi", "#!/bin/sh\n");
  chmodSync(join(home, "bin/pulumi"), 0o755);
  write("data/leases.json", JSON.stringify(leases));
  symlinkSync(PACKAGE, (mkdirSync(join(app, "node_modules")), join(app, "node_modules/dockstage")));
  writeState();
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  expect(await start()?.success(stateOf(target), "http://portal.dev.localhost:8080")).toBeUndefined();
});
beforeEach(() => {
  engine = structuredClone(whole);
});
afterAll(() => {
  jest.restoreAllMocks();
  server.close();
  rmSync(home, { recursive: true, force: true });
});

test("nothing changed: one line, and the record is the person's alone", async () => {
  expect(await fast()).toBe(true);
  expect(said.join("")).toMatch(
    /^portal dev unchanged since \d\d:\d\d \(just now\), 2 of 2 healthy {3}http:\/\/portal\.dev\.localhost:8080\n$/,
  );
  const [record = ""] = readdirSync(join(data, "unchanged"));
  expect(statSync(join(data, "unchanged", record)).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(data, "unchanged", record), "utf8")).not.toContain("first");
});

test("--force, other options and other verbs are not answered", async () => {
  expect(await fast(given, "--force")).toBe(false);
  expect([["up"], ["up", "--folder", "x", "y"], ["up", "--adopt"], ["up", "a", "b"], ["down"], []].map(callOf)).toEqual([
    { stack: "dev", folder: "." },
    { stack: "y", folder: "x" },
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

const edited = (file: string): [string, () => () => void] => [
  `${file} edited`,
  () => {
    const [before, { atime, mtime }] = [readFileSync(join(home, file)), statSync(join(home, file))];
    // The same size and the same time: only the inode's own time tells.
    writeFileSync(join(home, file), Buffer.from(before).fill(before.at(-1) === 35 ? 36 : 35, before.length - 1));
    utimesSync(join(home, file), atime, mtime);
    return () => writeFileSync(join(home, file), before);
  },
];
const added = (file: string, text = "x"): [string, () => () => void] => [
  `${file} added`,
  () => {
    write(file, text);
    return () => unlinkSync(join(home, file));
  },
];

describe("each input makes it run Pulumi, and is forgotten once it is as before", () => {
  const inputs: [string, () => () => void][] = [
    ...[
      "Pulumi.yaml",
      "Pulumi.dev.yaml",
      "dockstage.yaml",
      "index.ts",
      "package.json",
      "package-lock.json",
      "Dockerfile",
      ".dockerignore",
    ].map((file) => edited(`app/${file}`)),
    edited("app/src/run"),
    edited("app/migrations/1.sql"),
    edited("bin/pulumi"),
    added("app/src/more"),
    added("app/migrations/2.sql"),
    added("app/Pulumi.yml"),
    added("app/Dockerfile.dockerignore", "src\n"),
    added("app/node_modules/.package-lock.json"),
    added(".pulumi/credentials.json"),
    added(`.cache/dockstage/pulumi-home/plugins/resource-docker-v5.2.0/pulumi-resource-docker`),
    [
      "a file made executable",
      () => {
        chmodSync(join(app, "src/run"), 0o755);
        return () => chmodSync(join(app, "src/run"), 0o644);
      },
    ],
    [
      "a symlink that leads elsewhere",
      () => {
        const to = (where: string): void => (unlinkSync(join(app, "link")), symlinkSync(where, join(app, "link")));
        to("src/other");
        return () => to("src/run");
      },
    ],
    [
      "a file removed",
      () => {
        unlinkSync(join(app, "src/run"));
        return () => write("app/src/run", "#!/bin/sh\n");
      },
    ],
    ...Object.entries({ own: "portal/dev/edge", "the host's": "dockstage-host/local/http" }).map(
      ([whose, holder]): [string, () => () => void] => [
        `a lease, ${whose}`,
        () => {
          write("data/leases.json", JSON.stringify({ ...leases, [holder]: { value: "changed" } }));
          return () => write("data/leases.json", JSON.stringify(leases));
        },
      ],
    ),
    [
      "a state of an up by hand, or restored",
      () => {
        writeState({ resources: resources.slice(1) });
        return () => writeState();
      },
    ],
    [
      "a state with something pending",
      () => {
        writeState({ pending_operations: [{}] });
        return () => writeState();
      },
    ],
    [
      "a state that is gone",
      () => {
        unlinkSync(stateFile);
        return () => writeState();
      },
    ],
  ];

  test.each(inputs)("%s", async (_, change) => {
    const undo = change();
    try {
      expect(await fast()).toBe(false);
      expect({ said, drift }).toEqual({ said: [], drift: [] });
    } finally {
      undo();
    }
    // The CLI is known by its time: it is large.
    if (!_.startsWith("bin/")) expect(await fast()).toBe(true);
    else expect(await start()?.success(stateOf(target), "")).toBeUndefined();
  });

  test.each([
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE",
    "PULUMI_HOME",
    "DOCKSTAGE_OFFLINE",
    "DOCKSTAGE_ADOPT",
    "NODE_OPTIONS",
    "DOCKER_CONTEXT",
  ])("the variable %s", async (name) => {
    expect(await fast({ ...given, [name]: "another" })).toBe(false);
  });

  test("another engine", async () => {
    expect(await fast({ ...given, DOCKER_HOST: "tcp://elsewhere:2375" })).toBe(false);
    expect(await fast({ ...given, DOCKER_HOST: `unix://${home}/other.sock` })).toBe(false);
  });
});

test("what is no input changes nothing: ignored files, others' leases, another time in the state or of a volume, other variables", async () => {
  write("app/var/cache", "2");
  write("data/leases.json", JSON.stringify({ ...leases, "other/dev/edge": { value: "y" } }));
  writeState({}, "2");
  // An older engine gives the time at which a file was last made in it.
  engine.volumes.splice(0, 1, { Name: "data", CreatedAt: "2026-02-02", Labels: { ...labels, "dockstage.stamp": "s1" } });
  expect(await fast({ ...given, LINES: "50", PULUMI_DEBUG_COMMANDS: "true" })).toBe(true);
});

describe("each object makes it run Pulumi, and says how it differs", () => {
  const differs: [string, () => void, string][] = [
    ["a container gone", () => void engine.containers.shift(), "the container portal-web is gone"],
    [
      "one stopped",
      () => void engine.containers.splice(0, 1, container("web", { State: "exited" })),
      "the container portal-web does not run",
    ],
    [
      "one unhealthy",
      () => void engine.containers.splice(0, 1, container("web", { Status: "Up (unhealthy)" })),
      "the container portal-web is not healthy",
    ],
    [
      "one off its network",
      () => void engine.containers.splice(0, 1, container("web", { NetworkSettings: { Networks: {} } })),
      "the container portal-web is on other networks",
    ],
    ["the host's demux gone", () => void engine.demux.pop(), "the container portal-demux is gone"],
    ["a network gone", () => void engine.networks.pop(), "the network edge is gone"],
    ["a volume gone", () => void engine.volumes.pop(), "the volume data is gone"],
    [
      "a volume made anew",
      () => void engine.volumes.splice(0, 1, { Name: "data", CreatedAt: "2026-02-02", Labels: { ...labels, "dockstage.stamp": "s2" } }),
      "the volume data is another one",
    ],
    ["an image gone", () => void delete engine.images["app:1"], "the image app:1 is gone"],
    ["a base pulled anew", () => void (engine.images["debian:slim"] = "sha256:3"), "the image debian:slim is another one"],
  ];

  test.each(differs)("%s", async (_, change, words) => {
    change();
    expect(await fast()).toBe(false);
    expect({ said, drift }).toEqual({ said: [], drift: [words] });
  });
});

describe("nothing is written down", () => {
  const keep = async (change: () => void, undo: () => void): Promise<string | undefined> => {
    const watch = start();
    if (!watch) return "not watched";
    change();
    try {
      return await watch.success(stateOf(target), "");
    } finally {
      undo();
    }
  };

  test("where an input changed while the up ran, also where it was changed back", async () => {
    expect(
      await keep(
        () => appendFileSync(join(app, "src/run"), "# more\n"),
        () => write("app/src/run", "#!/bin/sh\n"),
      ),
    ).toMatch(/^an input changed meanwhile/);
    expect(
      await keep(
        () => utimesSync(join(app, "src/run"), 1, 1),
        () => undefined,
      ),
    ).toBe(`a file was written meanwhile: ${app}/src/run`);
  });

  test("where the state is not finished, or the engine lacks something", async () => {
    expect(
      await keep(
        () => writeState({ pending_operations: [{}] }),
        () => writeState(),
      ),
    ).toMatch(/^the state/);
    expect(
      await keep(
        () => void engine.containers.shift(),
        () => undefined,
      ),
    ).toBe("container web is not on the engine, or not healthy");
  });

  test("for a program that may do anything, another dockstage than the program's, and a state elsewhere", async () => {
    const undo = (): void => (write("app/index.ts", MAIN), write("app/Pulumi.yaml", PROJECT));
    for (const change of [
      () => write("app/index.ts", `import "./mine";\n${MAIN}`),
      () => write("app/Pulumi.yaml", PROJECT.replace("-r dockstage/loader.js", "-r dockstage/loader.js -r ./mine.js")),
      () => write("app/Pulumi.yaml", `${PROJECT}backend: { url: "file://elsewhere" }\n`),
      () => write("app/Pulumi.yaml", PROJECT.replace(`${PACKAGE}/provider`, "./provider")),
    ]) {
      change();
      expect(start()).toBeUndefined();
      undo();
    }
    expect(
      Watch.start({ target: { ...target, env: { ...given, PULUMI_BACKEND_URL: "s3://bucket" } }, given, contexts: [], migrations: [] }),
    ).toBeUndefined();
    expect(
      await keep(
        () => undefined,
        () => undefined,
      ),
    ).toBeUndefined();
  });
});

test("a record that was cut off or edited is none", async () => {
  expect(await start()?.success(stateOf(target), "")).toBeUndefined();
  expect(await fast()).toBe(true);
  for (const name of readdirSync(join(data, "unchanged"))) appendFileSync(join(data, "unchanged", name), " ");
  expect(await fast()).toBe(false);
});

test.each([
  [30, "14:03 (just now)"],
  [190, "14:03 (3 min ago)"],
  [2 * 3600, "14:03 (2 hours ago)"],
  [26 * 3600, "2026-03-01 14:03 (26 hours ago)"],
  [5 * 24 * 3600, "2026-03-01 14:03 (5 days ago)"],
])("%i s later the time is %s", (seconds, when) => {
  const at = new Date(2026, 2, 1, 14, 3).getTime();
  const success = { at, scope: ["portal", "dev"], url: "http://x", healthy: 9 } as const;
  expect(sentence(success, at + seconds * 1000)).toBe(`portal dev unchanged since ${when}, 9 of 9 healthy   http://x`);
});
