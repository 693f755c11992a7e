import { PassThrough } from "node:stream";
import { describe, expect, test } from "@jest/globals";
import type Dockerode from "dockerode";
import { untilReleased } from "../../../offline/docker/engine";

/** An engine that tells of no event but those that are pushed. */
function engine(): { docker: Dockerode; events: PassThrough } {
  const events = new PassThrough();
  return { docker: { getEvents: () => Promise.resolve(events) } as unknown as Dockerode, events };
}

describe("untilReleased", () => {
  const refusals = (count: number): (() => Promise<string | undefined>) => {
    let left = count;
    return () => Promise.resolve(left-- > 0 ? "it is in use" : undefined);
  };

  test("looks again by itself, as an event can come before what it tells of can be used", async () => {
    const { docker, events } = engine();
    await untilReleased(docker, {}, refusals(3), new AbortController().signal);
    expect(events.destroyed).toBe(true);
  });

  test("looks again at an event", async () => {
    const { docker, events } = engine();
    let tries = 0;
    const done = untilReleased(docker, {}, () => Promise.resolve(++tries < 4 ? "it is in use" : undefined), new AbortController().signal);
    setTimeout(() => events.write("{}\n"), 10);
    await done;
    expect(tries).toBe(4);
  });

  test("stops with the last reason when it is cancelled", async () => {
    const { docker } = engine();
    const cancel = new AbortController();
    const done = untilReleased(docker, {}, () => Promise.resolve("it is in use"), cancel.signal);
    setTimeout(() => cancel.abort(), 10);
    await expect(done).rejects.toThrow("it is in use");
  });
});
