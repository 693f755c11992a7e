import { beforeEach, describe, expect, test } from "@jest/globals";
import { entryOf, resource } from "../../../provider/announcement";
import type { Context } from "../../../provider/resource";
import { FakeEngine } from "../../support/fake-engine";

const NEWS = {
  project: "portal",
  stack: "dev",
  stage: "dev",
  urls: ["http://portal.dev.localhost:8080"],
  mailbox: "http://mail.portal.dev.localhost:8080",
};
const SINCE = "2026-01-31T12:00:00.000Z";
const ENTRY = entryOf(NEWS, process.cwd(), SINCE);
const STATE = { ...NEWS, since: SINCE, content: ENTRY };

let engine: FakeEngine;
let lines: string[];
/** The entries of the host demux by name. */
let entries: Map<string, string>;
const ctx: Context = {
  urn: "",
  name: "announcement",
  preview: false,
  signal: new AbortController().signal,
  engine: () => Promise.resolve(engine),
  log: (message, severity) => void lines.push(`${severity ?? ""}: ${message}`),
};

const hostDemux = (status = "running"): string =>
  engine.add({ id: "host-demux", status, labels: { "dockstage.project": "dockstage-host", "dockstage.component": "demux" } });

beforeEach(() => {
  engine = new FakeEngine();
  lines = [];
  entries = new Map();
  engine.add({ labels: { "dockstage.project": "portal", "dockstage.component": "demux" } }); // somebody's own
  engine.onExec = (id, command) => {
    expect(id).toBe("host-demux");
    const [, , , , verb, project, stack, entry = ""] = command;
    const name = `${project}.${stack}`;
    if (verb === "show") return entries.has(name) ? { code: 0, output: entries.get(name) ?? "" } : { code: 3, output: "" };
    if (verb === "put") entries.set(name, Buffer.from(entry, "base64").toString());
    else entries.delete(name);
    return { code: 0, output: "" };
  };
});

test("an entry has a line for each value, and no value can add one", () => {
  expect(entryOf(NEWS, "/home/me/a\nurl http://evil.example\u0007", SINCE)).toBe(
    `stage dev
folder /home/me/a\uFFFDurl http://evil.example\uFFFD
url http://portal.dev.localhost:8080
mailbox http://mail.portal.dev.localhost:8080
since ${SINCE}
`,
  );
});

test.each([
  ["project", "../x"],
  ["stack", "A"],
  ["urls", ["javascript:alert(1)"]],
  ["mailbox", "mailbox"],
])("a wrong input is refused: %s %j", (property, value) => {
  const result = resource.inputs.safeParse({ ...NEWS, [property]: value });
  expect(result.error?.issues.map(({ path }) => path[0])).toEqual([property]);
});

test("it is made, kept through an update with its time, and removed", async () => {
  hostDemux();
  const { id, computed } = await resource.create(NEWS, ctx);
  expect(id).toBe("portal/dev");
  expect(entries).toEqual(new Map([["portal.dev", entryOf(NEWS, process.cwd(), computed.since)]]));
  const news = { ...NEWS, urls: ["http://b.portal.dev.localhost:8080"] };
  const updated = await resource.update?.(id, { ...NEWS, ...computed }, news, ctx);
  expect(updated).toEqual({ since: computed.since, content: entryOf(news, process.cwd(), computed.since) });
  expect(entries.get("portal.dev")).toBe(updated?.content);
  await resource.delete(id, { ...news, ...computed, ...updated }, ctx);
  expect(entries.size).toBe(0);
  expect(lines).toEqual([]);
});

describe("diff", () => {
  test.each<[string, object, object, object]>([
    ["nothing", {}, {}, {}],
    ["URLs", {}, { urls: [] }, { replaces: [], updates: ["urls"] }],
    ["stage and mailbox", {}, { stage: "test", mailbox: undefined }, { replaces: [], updates: ["stage", "mailbox"] }],
    ["the name", {}, { stack: "two" }, { replaces: ["stack"], updates: [] }],
    ["another clone's folder", { content: entryOf(NEWS, "/elsewhere", SINCE) }, {}, {}],
    ["an entry that was changed by hand", { content: ENTRY.replace("portal.dev", "evil") }, {}, { updates: ["content"] }],
    ["an entry that the demux lost", { content: "" }, {}, { updates: ["content"] }],
  ])("%s", async (_, state, change, expected) => {
    hostDemux();
    expect(await resource.diff("portal/dev", NEWS, { ...STATE, ...state }, { ...NEWS, ...change }, ctx)).toEqual(expected);
  });

  test("an entry that could not be made is not tried again until it can be", async () => {
    const lost = { ...STATE, content: "" };
    expect(await resource.diff("portal/dev", NEWS, lost, NEWS, ctx)).toEqual({});
    hostDemux();
    expect(await resource.diff("portal/dev", NEWS, lost, NEWS, ctx)).toEqual({ updates: ["content"] });
  });
});

describe("no up fails for a page:", () => {
  const skipped = { since: expect.any(String), content: "" };

  test.each<[string, () => void, string]>([
    ["no host demux", () => undefined, "that one does not run, or is of an older release"],
    ["a stopped one", () => void hostDemux("exited"), "that one does not run, or is of an older release"],
    ["one of an older release", () => void (hostDemux(), (engine.onExec = () => ({ code: 4, output: "" }))), "of an older release"],
    ["a refusal", () => void (hostDemux(), (engine.onExec = () => ({ code: 1, output: "no space\n" }))), "no space"],
    ["an engine's error", () => void (hostDemux(), (engine.onExec = () => Promise.reject(new Error("late")))), "late"],
  ])("%s", async (_, given, reason) => {
    given();
    expect((await resource.create(NEWS, ctx)).computed).toEqual(skipped);
    expect(lines).toEqual([expect.stringMatching(`^warning: portal dev is up, but not on the page of the host demux: .*${reason}`)]);
  });

  test("nor does a destroy", async () => {
    await resource.delete("portal/dev", STATE, ctx);
    expect(lines).toEqual([]);
    hostDemux();
    entries.set("portal.dev", ENTRY);
    const { onExec } = engine;
    engine.onExec = (id, command) => (command.includes("drop") ? { code: 1, output: "read-only" } : onExec(id, command));
    await resource.delete("portal/dev", STATE, ctx);
    expect(lines).toEqual(["warning: portal dev could not be taken from the page of the host demux: read-only"]);
  });
});

describe("read", () => {
  test("what the demux has, also nothing; as it was where none runs", async () => {
    expect(await resource.read?.("portal/dev", STATE, ctx)).toEqual({ since: SINCE, content: ENTRY });
    hostDemux();
    expect(await resource.read?.("portal/dev", STATE, ctx)).toEqual({ since: SINCE, content: "" });
    entries.set("portal.dev", "stage live\n");
    expect(await resource.read?.("portal/dev", STATE, ctx)).toEqual({ since: SINCE, content: "stage live\n" });
  });
});

test("an entry that another folder made since is left to it", async () => {
  hostDemux();
  const theirs = entryOf(NEWS, "/elsewhere", "2026-02-01T00:00:00.000Z");
  entries.set("portal.dev", theirs);
  await resource.delete("portal/dev", STATE, ctx);
  expect(entries.get("portal.dev")).toBe(theirs);
});
