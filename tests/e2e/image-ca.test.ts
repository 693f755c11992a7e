import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { connect } from "../../provider/docker";
import type { Engine } from "../../provider/engine";
import { resource as image } from "../../provider/image";
import { caBundle } from "../../provider/image-ca";
import { bench, otherRun, PREFIX } from "../support/image-bench";

/** A team's own Dockerfile, unchanged, behind a proxy that inspects TLS. Where there is none it only shows that nothing is broken. */

const BASE = "debian:trixie-slim";
const DOCKERFILE = `FROM ${BASE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN npm install && env | grep -c /run/secrets/ca > seen
USER 1000
RUN test -z "$NODE_EXTRA_CA_CERTS" || test -r "$NODE_EXTRA_CA_CERTS"

FROM ${BASE}
COPY --from=build /app /app
`;
const root = fs.mkdtempSync(path.join(os.tmpdir(), `${PREFIX}-ca-`));
let engine: Engine;

beforeAll(async () => {
  engine = await connect();
  fs.writeFileSync(path.join(root, "Dockerfile"), DOCKERFILE);
  fs.writeFileSync(path.join(root, "package.json"), JSON.stringify({ dependencies: { "is-number": "7.0.0" } }));
});
afterAll(() => fs.rmSync(root, { recursive: true }));

test("a Dockerfile that knows nothing of certificates gets its packages, and the image keeps no trace of it", async () => {
  const bundle = caBundle() ?? "/etc/ssl/certs/ca-certificates.crt";
  const before = process.env["DOCKSTAGE_CA_BUNDLE"];
  process.env["DOCKSTAGE_CA_BUNDLE"] = bundle;
  const news = { repository: `${PREFIX}/ca`, context: [{ path: root, to: "" }], dockerfile: "Dockerfile" };
  const ctx = bench(engine, "ca");
  try {
    const expected = await image.preview?.(news, undefined, ctx);
    const { id, computed } = await image.create(news, ctx);
    try {
      // The identity is that of the files as they are.
      expect(computed).toMatchObject({ contentHash: expected?.contentHash, tag: expected?.tag });
      expect(ctx.lines).toContainEqual(expect.stringMatching(/ RUN npm install && env/));
      const run = (command: string): string =>
        execFileSync("docker", ["run", "--rm", "--network=none", id, "sh", "-c", command], { encoding: "utf8" });
      // Its own packages are there, and the Dockerfile that was copied is the team's.
      expect(run("cat /app/seen; ls /app/node_modules; ls -A /run/secrets 2>/dev/null; cat /app/Dockerfile")).toBe(
        `13\nis-number\n${DOCKERFILE}`,
      );
      const found = JSON.stringify([await engine.docker.getImage(id).inspect(), await engine.docker.getImage(id).history()]);
      expect(found).not.toMatch(/secrets|CERT|CA_/);
      expect(await image.diff(id, news, { ...news, ...computed }, news, ctx)).toEqual({});
    } finally {
      await otherRun().delete(id, { ...news, ...computed }, ctx);
    }
  } finally {
    if (before === undefined) delete process.env["DOCKSTAGE_CA_BUNDLE"];
    else process.env["DOCKSTAGE_CA_BUNDLE"] = before;
  }
}, 240_000);
