import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { stringify } from "yaml";
import { problemsOf, read } from "./folder";

const name = fc
  .stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/)
  .filter((one) => !/^(web|door|app|mariadb|postgresql)(-|$)|^(mail|relay|ssh|localhost)$/.test(one));
const variable = fc.stringMatching(/^[A-Z][A-Z0-9]{0,8}$/);
const words = fc.stringMatching(/^[a-zA-Z0-9 /.,:#'"-]{1,20}$/).filter((one) => /\S/.test(one));
const command = fc.oneof(
  words,
  fc.array(words, { minLength: 1, maxLength: 3 }).map((list) => [...new Set(list)]),
);
const memory = fc
  .tuple(fc.integer({ min: 16, max: 4096 }), fc.constantFrom("M", "MiB", "G", "GiB"))
  .map(([amount, unit]) => `${amount}${unit}`);
const seconds = fc.integer({ min: 1, max: 3600 }).map((amount) => `${amount}s`);
const cpus = fc.constantFrom(0.05, 0.5, 2, "0.25");
const optional = <T extends object>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(shape, { requiredKeys: [] });
const source = fc.oneof(
  fc.record({
    php: fc.record({
      versions: fc.subarray(["7.4", "8.2", "8.4"], { minLength: 1 }),
      servers: fc.shuffledSubarray(["nginx", "apache"], { minLength: 1 }),
    }),
    web: optional({ health: fc.constantFrom("/", "/healthz"), memory }),
  }),
  fc.record({
    image: fc.constantFrom("a", "a/b:1", "r.example:5000/a@sha256:" + "0".repeat(64)),
    web: fc.record({ port: fc.integer({ min: 1, max: 65535 }), stopGrace: seconds, cpus }),
  }),
);
const rest = fc.record({
  processes: fc.dictionary(
    name.map((one) => `p${one}`.slice(0, 24)),
    fc.record({ run: command, memory, replicas: fc.integer({ min: 0, max: 9 }) }),
    { maxKeys: 3 },
  ),
  services: fc.dictionary(
    name.map((one) => `s${one}`.slice(0, 24)),
    fc.record({ image: fc.constant("redis:7"), env: fc.dictionary(variable, words, { maxKeys: 2 }), data: fc.constant("/data") }),
    { maxKeys: 3 },
  ),
  env: fc.dictionary(variable, fc.oneof(words, fc.constant("${url}"), fc.constant("a ${secrets.KEY} $${b}")), { maxKeys: 3 }),
  secrets: fc.constant({ KEY: "generate", PAID: "required" }),
  writable: fc
    .subarray(["var", "public/uploads", "/srv/data"])
    .map((paths) => Object.fromEntries(paths.map((path, index) => [path, index % 2 ? "data" : "scratch"]))),
});
const database = optional({
  database: fc.record({
    engines: fc.shuffledSubarray(["mariadb", "mariadb:10.5", "postgresql:17", "postgresql"], { minLength: 1 }),
    migrate: command,
  }),
});
const description = fc
  .tuple(source, rest, database)
  .map(([...parts]) => Object.assign({ name: "portal" }, ...parts) as Record<string, unknown>);
const settings = optional({
  web: optional({ memory, cpus }),
  data: optional({ size: fc.integer({ min: 1, max: 1_000_000 }) }),
  network: fc.constant({ pool: "10.1.0.0/16" }),
});

const files = (app: unknown, stage: unknown = {}, secret: unknown = { secure: "v1:canary" }) => ({
  "dockstage.yaml": stringify(app),
  "Pulumi.dev.yaml": stringify({ config: { "portal:settings": stage, "portal:PAID": secret } }),
});

/** Every place of a value: its path, from the outside in. */
function placesOf(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => placesOf(inner, [...path, Array.isArray(value) ? Number(key) : key]))];
}

/** A copy with another value at a path. */
function put(value: unknown, [step, ...more]: readonly (string | number)[], change: (before: unknown) => unknown): unknown {
  if (step === undefined) return change(value);
  if (Array.isArray(value)) return value.map((entry: unknown, index) => (index === step ? put(entry, more, change) : entry));
  return Object.fromEntries(Object.entries(value ?? {}).map(([key, inner]) => [key, key === step ? put(inner, more, change) : inner]));
}

/** Maps with keys that are given, unlike env, secrets, services and the like, where the writer chooses them. */
const isSection = (path: readonly (string | number)[]): boolean =>
  path.length === 0 ||
  (path.length === 1 && ["php", "web", "database"].includes(String(path[0]))) ||
  (path.length === 2 && ["processes", "services"].includes(String(path[0])));

const RUNS = { numRuns: 60 };

test("what is valid is read without a problem, whatever the order and spelling", () => {
  fc.assert(
    fc.property(description, settings, (app, stage) => expect(problemsOf(files(app, stage))).toEqual([])),
    RUNS,
  );
});

test("reading twice gives the same", () => {
  fc.assert(
    fc.property(description, (app) => expect(read(files(app)).settings.app).toEqual(read(files(app)).settings.app)),
    { numRuns: 15 },
  );
});

describe("one unknown key anywhere", () => {
  const key = fc.stringMatching(/^[a-z]{3,9}x$/);
  test("of the description is reported once, with its path", () => {
    fc.assert(
      fc.property(description, key, fc.nat(), (app, unknown, pick) => {
        const sections = placesOf(app).filter(isSection);
        const path = sections[pick % sections.length] ?? [];
        const wrong = put(app, path, (map) => ({ ...(map as object), [unknown]: true }));
        const problems = problemsOf(files(wrong));
        expect(problems).toHaveLength(1);
        expect(problems[0]).toContain(` ${[...path, unknown].join(".")} is true: there is no such key.\n    Fix: `);
      }),
      RUNS,
    );
  });

  test("of the settings", () => {
    fc.assert(
      fc.property(key, fc.constantFrom([], ["web"], ["data"], ["network"]), (unknown, path) => {
        const problems = problemsOf(
          files(
            SMALL,
            put({ web: {}, data: {}, network: {} }, path, (map) => ({ ...(map as object), [unknown]: true })),
          ),
        );
        expect(problems).toEqual([
          expect.stringContaining(` portal:settings.${[...path, unknown].join(".")} is true: there is no such key.`),
        ]);
      }),
      RUNS,
    );
  });
});

const SMALL = { name: "portal", image: "a:1", web: { port: 80 }, secrets: { PAID: "required" } };

test("anything anywhere gives a problem in our own words or none, and never another error", () => {
  const anything = fc.oneof(
    fc.constantFrom(null, true, 0, -1.5, 1e300, "", " ", "${", "\u0000", [], {}, [[]], { a: { b: 1 } }, ["a", "a"]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  fc.assert(
    fc.property(description, anything, fc.nat(), (app, value, pick) => {
      const places = placesOf(app);
      const wrong = put(app, places[pick % places.length] ?? [], () => value);
      const text = problemsOf(files(wrong)).join("\n");
      expect(text).not.toMatch(/has the wrong form|Invalid|expected|received|regex|undefined|NaN/);
    }),
    { numRuns: 300 },
  );
});

describe("a secret never stands in a message", () => {
  const canary = fc.stringMatching(/^[a-zA-Z0-9]{12,20}$/).map((end) => `cnry${end}`);
  const key = fc.constantFrom("portal:PAID", "portal:PIAD", "PAID", "portal:other", "portal:config:PAID");
  const shape = (value: string) =>
    fc.constantFrom<unknown>(value, [value], { value }, { secure: value, x: 1 }, { secure: [value] }, `a: ${value}`);

  test("in the stack's file", () => {
    fc.assert(
      fc.property(
        canary.chain((value) => fc.tuple(fc.constant(value), shape(value))),
        key,
        ([value, written], name) => {
          const problems = problemsOf({
            "dockstage.yaml": stringify(SMALL),
            "Pulumi.dev.yaml": stringify({ config: { [name]: written } }),
          });
          expect(problems.length).toBeGreaterThan(0);
          expect(problems.join("\n")).not.toContain(value);
        },
      ),
      RUNS,
    );
  });

  test("in the description, under secrets or a name that sounds like one", () => {
    const place = fc.constantFrom(
      ["secrets"],
      ["secrets", "PAID"],
      ["env", "DB_PASSWORD"],
      ["env", "API_TOKEN"],
      ["secerts"],
      ["web", "password"],
    );
    fc.assert(
      fc.property(
        canary.chain((value) => fc.tuple(fc.constant(value), shape(value))),
        place,
        ([value, written], path) => {
          const app: unknown = put(
            { ...SMALL, env: { DB_PASSWORD: "", API_TOKEN: "" }, secerts: {}, web: { port: 80, password: "" } },
            path,
            () => written,
          );
          expect(problemsOf(files(app)).join("\n")).not.toContain(value);
        },
      ),
      RUNS,
    );
  });

  test("in a file whose syntax is broken", () => {
    const breaks = fc.constantFrom('"', "'", "\n\t- a", ": b: c", "\n  portal:PAID: x\n  portal:PAID: y", " *a", " @", "]", "}{");
    fc.assert(
      fc.property(canary, breaks, fc.boolean(), (value, end, before) => {
        const stack = `config:\n  portal:PAID: ${before ? end : ""}${value}${end}\n`;
        expect(problemsOf({ "dockstage.yaml": stringify(SMALL), "Pulumi.dev.yaml": stack }).join("\n")).not.toContain(value);
      }),
      { numRuns: 100 },
    );
  });
});
