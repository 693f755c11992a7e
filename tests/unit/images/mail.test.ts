import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { RELAY } from "../../../components/mail-relay";

const IMAGES = join(__dirname, "..", "..", "..", "images");
const linesOf = (file: string): readonly string[] =>
  readFileSync(join(IMAGES, file), "utf8")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
const settingsOf = (file: string): Readonly<Record<string, string>> =>
  Object.fromEntries(linesOf(file).map((line) => [line.split("=")[0]?.trim() ?? "", line.slice(line.indexOf("=") + 1).trim()]));

describe("the relay's configuration in mode catch", () => {
  const settings = settingsOf("relay/conf/catch.cf");

  test("has one way for every class of address, with the rule and without it", () => {
    const ways = Object.entries(settings).filter(([name]) => /^[a-z]+_transport$/.test(name));
    expect(Object.fromEntries(ways)).toEqual({
      default_transport: "catch:$catcher",
      relay_transport: "catch:$catcher",
      virtual_transport: "catch:$catcher",
      local_transport: "catch:$catcher",
    });
    expect(settings["transport_maps"]).toBe("static:catch:$catcher");
    for (const none of [
      "mydestination",
      "virtual_alias_maps",
      "virtual_alias_domains",
      "virtual_mailbox_domains",
      "relay_domains",
      "relayhost",
    ])
      expect([none, settings[none]]).toEqual([none, ""]);
    expect(settings).toMatchObject({ smtp_dns_support_level: "disabled", smtp_host_lookup: "native" });
  });

  test("has no transport but catch, which never bounces, and the two that keep mail in the queue", () => {
    const services = linesOf("relay/conf/master.cf").map((line) => line.split(/\s+/));
    const delivering = services.filter(([, , , , , , , command = ""]) =>
      /^(smtp|lmtp|local|virtual|pipe|discard|error|proxy|spawn)$/.test(command),
    );
    expect(delivering.map(([name, , , , , , , ...command]) => [name, ...command].join(" "))).toEqual([
      "catch smtp -o soft_bounce=yes",
      "retry error",
      "error error -o soft_bounce=yes",
    ]);
  });
});

test("sendmail hands mail to where the relay is, in one file for the recipe and for derived layers", () => {
  const lines = linesOf("sendmail/msmtprc");
  expect(lines).toEqual(expect.arrayContaining([`host ${RELAY.host}`, `port ${RELAY.port}`, "tls off", "auth off"]));
  expect(readFileSync(join(IMAGES, "php", "Dockerfile"), "utf8")).toContain("COPY sendmail/ /usr/local/lib/dockstage-sendmail/");
});
