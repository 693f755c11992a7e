import { afterEach, describe, expect, jest, test } from "@jest/globals";
import * as pulumi from "@pulumi/pulumi";
import { companion } from "../../../components/companion";
import { dockerPlatform } from "../../../platforms/docker";
import { unkept, unkeptMessage } from "../../../platforms/docker-volumes";
import { register } from "../../support/mocks";

describe("VOLUME paths of an image that nothing keeps", () => {
  test.each<[string, string[], string[], string[]]>([
    ["none", [], ["/data"], []],
    ["nothing kept", ["/data", "/logs"], [], ["/data", "/logs"]],
    ["the same path", ["/data", "/logs"], ["/data"], ["/logs"]],
    ["spelt otherwise", ["/data/", "logs"], ["/data", "/logs"], []],
    ["above it", ["/srv/app/uploads"], ["/srv/app"], []],
    ["the root", ["/srv"], ["/"], []],
    ["below it: a folder of code whose data is named", ["/var/www/html"], ["/var/www/html/wp-content/uploads"], []],
    ["beside it", ["/data"], ["/database", "/dat"], ["/data"]],
  ])("%s", (_, volumes, kept, expected) => {
    expect(unkept(volumes, kept)).toEqual(expected);
  });

  test("an app's: what to write", () => {
    expect(unkeptMessage("web", ["/srv/a", "/srv/b"], { as: "writable" })).toBe(
      "the image of web declares /srv/a, /srv/b as VOLUME, and nothing keeps it: what is written there is lost when the container is replaced, as at each change. In dockstage.yaml, where it is data: writable: { /srv/a: data, /srv/b: data }; where it may be lost: writable: { /srv/a: scratch, /srv/b: scratch }",
    );
  });

  test("a service's: what to write", () => {
    const message = (paths: string[]): string => unkeptMessage("redis", paths, { as: "data", service: "redis" });
    expect(message(["/data"])).toBe(
      "the image of redis declares /data as VOLUME, and nothing keeps it: what is written there is lost when the container is replaced, as at each change. To keep it, in dockstage.yaml: services: { redis: { data: /data } }. A cache that may start empty needs nothing",
    );
    expect(message(["/config", "/data"])).toContain("{ data: /config } } (a service keeps one path; /config or /data). A cache");
  });
});

describe("at up", () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  afterEach(() => void warn.mockClear());
  const up = async (service: { data?: string }, volumes: string[] | undefined): Promise<readonly string[]> => {
    await register(
      () => {
        const platform = dockerPlatform({ project: "shop", stack: "dev", folders: { app: "/app", package: "/package" } });
        const image = { host: "redis", service: { image: "redis:7", env: {}, ...service }, values: {}, protect: false };
        platform.realise([{ kind: "network", name: "data", internal: true }, ...companion(image)], {
          parent: pulumi.rootStackResource,
          component: "redis",
        });
      },
      "shop",
      "dev",
      { "dockstage:index:Image": { volumes } },
    );
    return warn.mock.calls.map(([message]) => message);
  };

  test("a service whose VOLUME nothing keeps is told of, once", async () => {
    expect(await up({}, ["/data"])).toEqual([expect.stringContaining("services: { redis: { data: /data } }")]);
  });

  test.each<[string, { data?: string }, string[] | undefined]>([
    ["one that is kept", { data: "/data" }, ["/data"]],
    ["an image without VOLUME", {}, []],
    ["a state of a release that did not look", {}, undefined],
  ])("nothing is said of %s", async (_, service, volumes) => {
    expect(await up(service, volumes)).toEqual([]);
  });
});
