import { describe, expect, test } from "@jest/globals";
import { sentence, type Problem } from "../../../config/problems";
import { parseYaml } from "../../../config/yaml";
import { problemsIn } from "./folder";

const texts = (text: string): readonly string[] => {
  const problems: Problem[] = [];
  parseYaml(text, "a.yaml", problems);
  return problems.map(sentence);
};

describe("what is no YAML, in words of our own, without the text around it", () => {
  test.each([
    ["a: 1\nb: canary\nb: canary\n", "a.yaml:3: b: is written twice (the first is in line 2).\n    Fix: remove one of the two"],
    ["x:\n  - { b: 1,\n      b: 2 }\n", "a.yaml:3: x[0].b: is written twice (the first is in line 2).\n    Fix: remove one of the two"],
    ["a:\n\tb: canary\n", "a.yaml:2: a tab is used for indentation (column 1).\n    Fix: use spaces"],
    ["a: *canary\n", "a.yaml:1: an alias (*name) stands for nothing.\n    Fix: define it before with &name, or quote the text"],
    [
      'a: "canary\n',
      "a.yaml:2: a closing quote, bracket or colon is missing (column 1).\n    Fix: close what was opened at or before this line",
    ],
    [
      "a: 1\n---\nb: canary\n",
      "a.yaml:2: the file holds more than one document (column 1).\n    Fix: remove the line --- and what follows it",
    ],
    [
      "a: canary: canary\n",
      "a.yaml:1: a second `key: value` stands in the value of the first (column 4).\n    Fix: put it in a line of its own, or quote the value",
    ],
    ["a: @canary\n", "a.yaml:1: a plain text may not start with this character (column 4).\n    Fix: put the text in quotes"],
    ["__proto__: canary\n", "a.yaml:1: __proto__: this name may not be a key.\n    Fix: remove it"],
  ])("%j", (text, expected) => {
    const found = texts(text);
    expect(found).toContain(expected);
    expect(found.join("\n")).not.toContain("canary");
  });
});

test("aliases that multiply beyond reason", () => {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array.from({ length: 9 }, () => `*l${level}`).join(", ")}]`,
  );
  expect(texts(`l0: &l0 [x]\n${levels.join("\n")}\n`)).toEqual([
    "a.yaml:1: an alias (*name) stands for itself or for too much.\n    Fix: write the value out",
  ]);
});

test("lines of keys, of list entries, and through aliases and merges", () => {
  const file = parseYaml("a:\n  b:\n    - 1\n    - c: 2\nd: &one\n  e: 8.10\nf: *one\ng:\n  <<: *one\n  h: true\n", "a.yaml", []);
  const lines = [["a"], ["a", "b"], ["a", "b", 1, "c"], ["a", "nothing"], ["f"], ["f", "e"], ["g", "e"], ["g", "h"], []].map((path) =>
    file.line(path),
  );
  expect(lines).toEqual([1, 2, 4, 1, 7, 6, 6, 10, 1]);
  expect([file.literal(["d", "e"]), file.literal(["g", "h"]), file.literal(["a"]), file.literal(["x"])]).toEqual([
    "8.10",
    "true",
    undefined,
    undefined,
  ]);
});

test("a file with broken syntax is no empty file as well", () => {
  expect(problemsIn("a: [\n")).toHaveLength(1);
});
