import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { within } from "../../../provider/within";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const aborted = (limit: AbortSignal): Promise<string> =>
  new Promise((resolve) => {
    if (limit.aborted) resolve("aborted");
    limit.addEventListener("abort", () => resolve("aborted"));
  });

describe("within", () => {
  test("ends the work after its time, also when garbage is collected before", async () => {
    const other = new AbortController();
    const work = within(300, other.signal, aborted);
    for (let at = 0; at < 5; at++) {
      collect();
      await sleep(20);
    }
    await expect(Promise.race([work, sleep(5000, "forgotten")])).resolves.toBe("aborted");
  });

  test("ends the work with the other signal", async () => {
    const other = new AbortController();
    const work = within(60_000, other.signal, aborted);
    other.abort();
    await expect(work).resolves.toBe("aborted");
    await expect(within(60_000, other.signal, aborted)).resolves.toBe("aborted");
  });

  test("gives what the work gives, and leaves nothing that would abort it later", async () => {
    let seen: AbortSignal | undefined;
    await expect(within(20, undefined, (limit) => Promise.resolve((seen = limit)).then(() => "done"))).resolves.toBe("done");
    await sleep(60);
    expect(seen?.aborted).toBe(false);
    await expect(within(20, undefined, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });
});
