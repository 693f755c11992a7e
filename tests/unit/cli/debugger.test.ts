import { describe, expect, test } from "@jest/globals";
import { debugRow, ideSettingsOf, launchOf, textOf } from "../../../cli/verbs/debugger";
import { guestbook } from "../../support/settings";

const FOLDER = "/path/to/guestbook";
const found = (settings = guestbook()): NonNullable<ReturnType<typeof ideSettingsOf>> => {
  const ide = ideSettingsOf(settings, FOLDER);
  if (!ide) throw new Error("there is no debugger");
  return ide;
};

describe("what an IDE needs to know", () => {
  test("port, URL and mapping of DEV", () => {
    expect(found()).toEqual({
      mode: "request",
      port: 9003,
      urls: ["http://guestbook.dev.localhost:8080"],
      mapping: { remote: "/app", local: FOLDER },
    });
    expect(debugRow(found(), "dev")).toBe(`port 9003, /app -> ${FOLDER}; npx dockstage debugger`);
    expect(debugRow(found(), "topic")).toBe(`port 9003, /app -> ${FOLDER}; npx dockstage debugger topic`);
  });

  test.each([
    ["it is switched off", guestbook({ stage: { debugger: "off" } })],
    ["the app's image is not the recipe's", guestbook({ app: { source: { from: "image", reference: "portal:1" } } })],
    ["the stage has none", guestbook({ stack: "live" })],
  ])("nothing where %s", (_, settings) => {
    expect(ideSettingsOf(settings, FOLDER)).toBeUndefined();
  });
});

describe("the text for a person", () => {
  test("has a launch.json that can be copied, and the server of PhpStorm", () => {
    const text = textOf("guestbook dev", found());
    const copied: unknown = JSON.parse(text.slice(text.indexOf("{\n"), text.lastIndexOf("\n}") + 2));
    expect(copied).toEqual(launchOf("guestbook dev", found()));
    expect(copied).toEqual({
      version: "0.2.0",
      configurations: [
        { name: "guestbook dev", type: "php", request: "launch", hostname: "127.0.0.1", port: 9003, pathMappings: { "/app": FOLDER } },
      ],
    });
    expect(text).toContain("  Host          guestbook.dev.localhost\n  Port          8080\n");
    expect(text).toContain(`  Path mapping  ${FOLDER} -> /app\n`);
    expect(text).toContain('curl "http://guestbook.dev.localhost:8080/?XDEBUG_TRIGGER=1"');
  });

  test("says that no trigger is needed where all requests are debugged", () => {
    const text = textOf("guestbook dev", found(guestbook({ stage: { debugger: "all" } })));
    expect(text).toContain("Every request is debugged");
    expect(text).not.toContain("XDEBUG_TRIGGER");
    expect(text).toContain("debug php script.php");
  });

  test("names port 80, which the URL leaves out", () => {
    expect(textOf("guestbook dev", found(guestbook({ machine: { hostPort: 80 } })))).toContain("  Port          80\n");
  });
});
