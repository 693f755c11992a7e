import { expect, test } from "@jest/globals";
import { ConfigError, keyOf, sentence, shown, type Problem } from "../../../config/problems";

test.each([
  [["php", "versions", 1], "php.versions[1]"],
  [["writable", "public/uploads"], "writable.public/uploads"],
  [["writable", "."], 'writable."."'],
  [["env", "A B"], 'env."A B"'],
  [["env", "1"], 'env."1"'],
  [[], ""],
])("the key of %j", (path, key) => expect(keyOf(path)).toBe(key));

test.each([
  ["a\nb", "a", '"a\\nb"'],
  [8.2, "a", "8.2"],
  [null, "a", "(empty)"],
  [[], "a", "[]"],
  [[1, 2], "a", "a list of 2"],
  [{}, "a", "{}"],
  [{ a: "canary", b: 1 }, "a", "{ a, b }"],
  ["x".repeat(99), "a", `"${"x".repeat(39)}...${"x".repeat(14)}"`],
  ["mysql://root:canary@db/x", "a", '"mysql://***@db/x"'],
  ["canary", "DB_PASSWORD", "(hidden)"],
  ["canary", "apiKey", "(hidden)"],
  [7, "PIN_SECERT", "(hidden)"],
  [["canary"], "tokens", "(hidden)"],
  [true, "token", "true"],
])("%j under %s is shown as %s", (value, key, text) => expect(shown(value, [key])).toBe(text));

const problem: Problem = { file: "a.yaml", line: 2, key: "web.port", message: "is missing", fix: "write port: 8080" };

test("a problem in words", () => {
  expect(sentence(problem)).toBe("a.yaml:2: web.port: is missing.\n    Fix: write port: 8080");
  expect(sentence({ ...problem, found: "8" })).toBe("a.yaml:2: web.port is 8: is missing.\n    Fix: write port: 8080");
  expect(sentence({ ...problem, key: "" })).toBe("a.yaml:2: is missing.\n    Fix: write port: 8080");
});

test("problems come in the order of files and lines", () => {
  const error = new ConfigError([{ ...problem, file: "b.yaml" }, { ...problem, line: 10 }, problem]);
  expect(error.problems.map(({ file, line }) => `${file}:${line}`)).toEqual(["a.yaml:2", "a.yaml:10", "b.yaml:2"]);
  expect(error.message).toMatch(/^3 problems in the configuration; nothing was changed\.\n\na\.yaml:2: /);
  expect(new ConfigError([problem]).message).toMatch(/^1 problem in the configuration; nothing was changed\.\n\na\.yaml:2: /);
});
