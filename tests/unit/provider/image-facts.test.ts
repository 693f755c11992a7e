import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import type { Engine } from "../../../provider/engine";
import { factsOf } from "../../../provider/image-inspect";

const folder = mkdtempSync(join(tmpdir(), "dockstage-facts-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** An engine whose images have no USER by name; `shell` says whether they have a /bin/sh. It counts the looks into them. */
function engine(shell: boolean): { engine: Engine; looks: () => number } {
  let looks = 0;
  const infoArchive = (): Promise<unknown> =>
    shell ? Promise.resolve({}) : Promise.reject(Object.assign(new Error("not there"), { statusCode: 404 }));
  const fake = {
    createContainer: () => Promise.resolve(`helper-${++looks}`),
    removeContainer: () => Promise.resolve(),
    docker: { getContainer: () => ({ infoArchive }) },
  };
  return { engine: fake as unknown as Engine, looks: () => looks };
}

const image = (id: string): Parameters<typeof factsOf>[1] => ({
  id,
  user: "",
  entrypoint: [],
  command: ["serve"],
  workdir: "/",
  volumes: [],
});

describe("what an image has inside", () => {
  test("is looked up once for each ID, also by another run", async () => {
    const [first, second] = [engine(true), engine(true)];
    const facts = { imageId: "sha256:one", entrypoint: [], command: ["serve"], workdir: "/", volumes: [], uid: 0, gid: 0, shell: true };
    expect(await factsOf(first.engine, image("sha256:one"), folder)).toEqual(facts);
    expect(await factsOf(second.engine, image("sha256:one"), folder)).toEqual(facts);
    expect([first.looks(), second.looks()]).toEqual([1, 0]);
    const other = engine(false);
    expect(await factsOf(other.engine, image("sha256:two"), folder)).toMatchObject({ shell: false });
    expect(other.looks()).toBe(1);
    expect(readdirSync(folder).sort()).toEqual(["sha256-one.json", "sha256-two.json"]);
  });

  test.each(["", "{", '{"uid":"0"}', "null"])("is looked up again where the cache holds %j", async (content) => {
    writeFileSync(join(folder, "sha256-broken.json"), content);
    const { engine: asked, looks } = engine(true);
    expect(await factsOf(asked, image("sha256:broken"), folder)).toMatchObject({ uid: 0, shell: true });
    expect(looks()).toBe(1);
  });

  test("is looked up where the cache cannot be written", async () => {
    const { engine: asked, looks } = engine(true);
    expect(await factsOf(asked, image("sha256:three"), join(folder, "sha256-one.json"))).toMatchObject({ shell: true });
    expect(looks()).toBe(1);
  });
});
