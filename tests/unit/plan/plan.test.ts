import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Settings } from "../../../config/settings";
import { doorName, physicalName, slug } from "../../../plan/names";
import { recordsOf, refOf, type Plan, type ServiceRecord } from "../../../plan/records";
import { fill, namesIn } from "../../../plan/text";
import { faultsOf } from "../../../plan/validate";
import { plan } from "../../../stages/plan";
import { guestbook } from "../../support/settings";

const service = (of: Plan, name: string): ServiceRecord => {
  const found = recordsOf(of).find((record) => record.kind === "service" && record.name === name);
  if (found?.kind !== "service") throw new Error(`no service ${name}`);
  return found;
};

describe("plan()", () => {
  test.each(["dev", "test", "staging", "live"])("of %s is deterministic, frozen of inputs, and without faults", (stack) => {
    const settings = guestbook({ stack });
    const before = JSON.stringify(settings);
    expect(JSON.stringify(plan(settings))).toBe(JSON.stringify(plan(guestbook({ stack }))));
    expect(JSON.stringify(settings)).toBe(before);
    expect(faultsOf(plan(settings))).toEqual([]);
  });

  test("a relative writable path of a team's own image starts at that image's WORKDIR, and what lies there comes along", () => {
    const source = { from: "build", context: ".", dockerfile: "Dockerfile", args: {}, secrets: [] } as const;
    const records = recordsOf(plan(guestbook({ app: { source, writable: { uploads: "data", "/srv/cache": "scratch" } } })));
    const web = records.find((record) => record.kind === "service" && record.name === "web");
    expect(web).toMatchObject({ mounts: [{ from: "volume:files-uploads", path: "uploads" }], scratch: ["/srv/cache"] });
    expect(records).toContainEqual(expect.objectContaining({ name: "files-uploads", owner: { image: "image:app", path: "uploads" } }));
  });

  test("is plain data: it survives JSON", () => {
    const made = plan(guestbook());
    expect(JSON.parse(JSON.stringify(made))).toEqual(made);
  });

  test("holds no absolute path of the machine", () => {
    const build = recordsOf(plan(guestbook({ stack: "test" }))).flatMap((record) =>
      record.kind === "image" && record.source.from === "build" ? record.source.context : [],
    );
    expect(build.length).toBeGreaterThan(0);
    for (const { path } of build) expect(path).toMatch(/^(app|package):[^/]/);
  });

  test("an environment is a closed box: every network but the host's is internal, and nothing is published", () => {
    for (const stack of ["dev", "test", "staging", "live"]) {
      const records = recordsOf(plan(guestbook({ stack })));
      for (const record of records) {
        if (record.kind === "network") expect(record.internal).toBe(true);
        if (record.kind === "service") expect(record.publish).toEqual([]);
      }
      const outside = records.flatMap((record) =>
        record.kind === "service" && record.networks.some(({ network }) => network === "network:doors") ? [record.name] : [],
      );
      expect(outside).toEqual(["door"]);
    }
  });

  test("mail of a stage that catches it: the app's only way is the relay, whose only way is the catcher", () => {
    const records = recordsOf(plan(guestbook()));
    const inMail = records.filter((record) => "networks" in record && record.networks.some(({ network }) => network === "network:mail"));
    expect(inMail.map(({ name }) => name)).toEqual(["catcher", "relay"]);
    expect(service(plan(guestbook()), "relay")).toMatchObject({ command: ["catch", "catcher:1025"], update: "stop-first" });
    // The relay comes up beside the web container, and both before jobs, processes and requests.
    expect(service(plan(guestbook()), "web").after).not.toContain("service:relay");
    const later = recordsOf(plan(guestbook())).filter((record) => "after" in record && record.after.includes("service:relay"));
    expect(later.map((record) => refOf(record))).toEqual(["job:migrate", "job:seed", "route:web", "service:worker"]);
    const other = guestbook({ stage: { mail: { catcher: { image: "mailpit:1", smtpPort: 2525, webPort: 8025 } } } });
    expect(service(plan(other), "relay").command).toEqual(["catch", "catcher:2525"]);
    expect(service(plan(other), "catcher")).toMatchObject({ health: { probe: { http: { port: 8025 } } }, mounts: [], readOnlyRoot: false });
    expect(recordsOf(plan(other)).find(({ kind, name }) => kind === "image" && name === "catcher")).toMatchObject({
      source: { from: "reference", reference: "mailpit:1" },
    });
  });

  test("an image that is not the recipe's is told where the relay is, unless its own variables say so, and may get a sendmail", () => {
    const image = { from: "image", reference: "portal:1" } as const;
    const own = service(plan(guestbook({ app: { source: image, env: { SMTP_PORT: "2525", DSN: "${mail.dsn}" } } })), "web");
    expect(own.env).toEqual({ SMTP_HOST: "mail", SMTP_PORT: "2525", DSN: "smtp://mail:25" });
    const images = recordsOf(plan(guestbook({ app: { source: image, sendmail: true } }))).filter(
      (record) => record.kind === "image" && record.name.startsWith("app"),
    );
    expect(images).toMatchObject([
      { name: "app-base", source: { from: "reference" } },
      { name: "app", source: { from: "derive", base: "image:app-base" } },
    ]);
  });

  test("only DEV has a debugger, only for the recipe, and only its bridge is in the machine's own network", () => {
    const bridged = (settings: Settings): readonly string[] =>
      recordsOf(plan(settings)).flatMap((record) => (record.kind === "service" && record.hostNetwork ? [record.name] : []));
    const mounts = (settings: Settings): readonly string[] => service(plan(settings), "web").mounts.map(({ from }) => from);
    expect(bridged(guestbook())).toEqual(["debugger"]);
    expect(mounts(guestbook())).toContain("volume:debugger");
    for (const without of [
      guestbook({ stack: "test" }),
      guestbook({ stack: "staging" }),
      guestbook({ stack: "live" }),
      guestbook({ stage: { debugger: "off" } }),
      guestbook({ app: { source: { from: "image", reference: "portal:1" } } }),
    ]) {
      expect(bridged(without)).toEqual([]);
      expect(recordsOf(plan(without)).flatMap((record) => ("mounts" in record ? record.mounts.map(({ from }) => from) : []))).not.toContain(
        "volume:debugger",
      );
      for (const record of recordsOf(plan(without)))
        if (record.kind === "image" && record.source.from === "build") expect(record.source.args["DEBUGGER"] ?? "").toBe("");
    }
  });

  test("no secret is a plain variable", () => {
    const web = service(plan(guestbook()), "web");
    expect(Object.keys(web.env)).toEqual(["DEBUGGER", "PHP_IDE_CONFIG", "BASE_URL"]);
    expect(web.secrets.map(({ as }) => as)).toEqual([{ env: "APP_SECRET" }, { env: "DATABASE_URL" }]);
  });

  test.each([
    [{ uid: 0, gid: 0 }, "1000:1000", 1000],
    [{ uid: 1000, gid: 1000 }, "1000:1000", undefined],
    [{ uid: 1234, gid: 4321 }, "1234:4321", undefined],
  ])("DEV runs as the owner of the app's folder, %j as %s", (owner, user, openFor) => {
    const web = service(plan(guestbook({ machine: { owner } })), "web");
    expect(web.user).toBe(user);
    expect(web.mounts[0]).toEqual({
      from: "app:.",
      path: "/app",
      readOnly: false,
      folders: ["public/uploads", "var"],
      ...(openFor && { openFor }),
    });
  });

  test("other stages mount nothing of the machine and run as the image says", () => {
    for (const stack of ["test", "staging", "live"]) {
      for (const record of recordsOf(plan(guestbook({ stack })))) {
        if (record.kind !== "service" && record.kind !== "job") continue;
        expect(record.user).toBeUndefined();
        for (const mount of record.mounts) expect(mount.from).toMatch(/^volume:/);
      }
    }
  });

  test("TEST is every version x HTTP server x database, with one database server for each engine", () => {
    const records = recordsOf(plan(guestbook({ stack: "test" })));
    const names = (kind: string, pattern: RegExp): string[] =>
      records.filter((record) => record.kind === kind && pattern.test(record.name)).map(({ name }) => name);
    expect(names("service", /^web-/)).toHaveLength(12);
    expect(names("service", /^(mariadb|postgresql)-/)).toEqual(["mariadb-10.11", "postgresql-15"]);
    expect(names("job", /^schema-/)).toHaveLength(12);
  });

  test("tight limits are DEV's, unless the description or the stage says otherwise", () => {
    expect(service(plan(guestbook()), "web").limits).toEqual({ memory: 256, cpus: 0.5 });
    const { web } = guestbook().app;
    expect(service(plan(guestbook({ app: { web: { ...web, memory: 128 } } })), "web").limits).toEqual({ memory: 128, cpus: 0.5 });
    expect(service(plan(guestbook({ app: { web: { ...web, memory: 128 } }, stage: { web: { memory: 96 } } })), "web").limits).toEqual({
      memory: 96,
      cpus: 0.5,
    });
  });

  test("a database is updated stop-first, the web start-first", () => {
    expect(service(plan(guestbook()), "mariadb-10.11").update).toBe("stop-first");
    expect(service(plan(guestbook()), "web").update).toBe("start-first");
  });

  test("migrations run again when the command, their files and, outside DEV, the image change", () => {
    const trigger = (stack: string, migrations = "a"): unknown =>
      recordsOf(plan(guestbook({ stack, machine: { migrations } }))).flatMap((record) =>
        record.kind === "job" && record.name.startsWith("migrate") ? [record.trigger] : [],
      )[0];
    expect(trigger("dev")).toEqual({ values: ["bin/migrate", "a"], image: false, volumes: ["volume:data-mariadb-10.11"] });
    expect(trigger("dev", "b")).not.toEqual(trigger("dev"));
    expect(trigger("live")).toEqual({ values: ["bin/migrate", "a"], image: true, volumes: ["volume:data-mariadb-10.11"] });
  });

  test("generated data is for DEV and TEST only", () => {
    const seeds = (stack: string): boolean =>
      recordsOf(plan(guestbook({ stack }))).some((record) => record.kind === "job" && record.name.startsWith("seed"));
    expect(["dev", "test", "staging", "live"].map(seeds)).toEqual([true, true, false, false]);
  });
});

describe("faultsOf", () => {
  const image = { kind: "image", name: "a", source: { from: "reference", reference: "x" } } as const;
  const of = (records: Plan["components"][number]["records"]): Plan => ({
    project: "p",
    stack: "s",
    components: [{ type: "App", name: "app", records }],
  });

  test("names used twice, references forward, and bad names", () => {
    expect(
      faultsOf(
        of([
          { kind: "volume", name: "v", protect: false, owner: { image: "image:a", path: "data" } },
          image,
          image,
          { ...image, name: "A b" },
        ]),
      ),
    ).toEqual([
      "volume:v uses image:a, which is not before it in the plan",
      "image:a is in the plan twice",
      'image:A b: the name may hold only a-z, 0-9, "." and "-"',
    ]);
  });
});

describe("names", () => {
  test("physical names are at most 40 characters and a hash, and differ where the whole differs", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/),
        fc.stringMatching(/^[a-z][a-z0-9-]{0,23}$/),
        fc.stringMatching(/^[a-z][a-z0-9.-]{0,40}$/),
        (project, stack, name) => {
          const physical = physicalName(project, stack, name);
          expect(physical).toMatch(/^[a-z0-9][a-z0-9-]*$/);
          expect(physical.length).toBeLessThanOrEqual(49);
          expect(physical).not.toBe(physicalName(project, `${stack}-x`, name));
        },
      ),
    );
    const long = "x".repeat(24);
    expect(physicalName(long, long, "a")).not.toBe(physicalName(long, long, "b"));
    expect(physicalName("guestbook", "dev", "data-mariadb-10.11")).toBe("guestbook-dev-data-mariadb-10-11");
  });

  test("hyphens never make one environment's names another's", () => {
    expect(physicalName("a-b", "c", "x")).not.toBe(physicalName("a", "b-c", "x"));
    expect(physicalName("a", "b", "c-x")).not.toBe(physicalName("a", "b-c", "x"));
    expect(doorName("a-b", "c")).not.toBe(doorName("a", "b-c"));
  });

  test("a door's name is never cut", () => {
    expect(doorName("x".repeat(24), "y".repeat(24))).toBe(`door-${"x".repeat(24)}.${"y".repeat(24)}`);
    expect(slug("Php7.4 -- Apache!")).toBe("php7-4-apache");
  });
});

describe("fill", () => {
  test.each([
    ["plain", {}, ["plain"]],
    ["", {}, [""]],
    ["${url}/x", { url: "http://a" }, ["http://a/x"]],
    ["a${s}b", { s: { secret: "secret:s" as const } }, ["a", { secret: "secret:s" }, "b"]],
    ["${s}", { s: { secret: "secret:s" as const } }, [{ secret: "secret:s" }]],
    ["$${url} $5 ${ url }", { url: "u" }, ["${url} $5 u"]],
  ])("%s", (text, values, parts) => {
    expect(fill(text, values)).toEqual(parts);
  });

  test("an unknown name is an error that lists the known ones", () => {
    expect(() => fill("${databse.url}", { url: "u", size: "1" })).toThrow("${databse.url} has no value here; known: url, size");
    expect(namesIn("${a} $${b} ${ c }")).toEqual(["a", "c"]);
  });
});
