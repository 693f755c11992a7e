import { describe, expect, test } from "@jest/globals";
import { cpus } from "../../../offline/docker/container-options";
import { decimal } from "../../../platforms/docker-container";

describe("cores", () => {
  test.each([
    [0.5, "0.5"],
    [1, "1.0"],
    [2, "2.0"],
    [0.125, "0.125"],
    [0.05, "0.0499"],
    [10, "9.9999"],
    [10.5, "10.5"],
    [100, "99.9999"],
    [256, "256.0"],
  ])("%d is written as %s", (cores, text) => expect(decimal(cores)).toBe(text));

  test("whatever the description may say is read back as it is written, and is not more", () => {
    for (let thousandths = 50; thousandths <= 256_000; thousandths += thousandths < 21_000 ? 1 : 50) {
      const text = decimal(thousandths / 1000);
      // The offline plugin reads cores back as the official one does; a recorded answer holds it to that.
      if (cpus(Math.round(Number(text) * 1e9)) !== text) throw new Error(`${thousandths / 1000} is written as ${text}`);
      const less = thousandths / 1000 - Number(text);
      if (less < 0 || less > 0.01) throw new Error(`${thousandths / 1000} becomes ${text}`);
    }
  });
});
