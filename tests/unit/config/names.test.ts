import { describe, expect, test } from "@jest/globals";
import { valuesOf } from "../../../components/app";
import { connectionTo } from "../../../components/database";
import { nameProblems, namesFor, type Place } from "../../../config/names";
import { namesIn } from "../../../plan/text";

describe("what is wrong with a text's names", () => {
  const typo = (fix: string) => ({ found: "${databse.url}", message: "there is no such name", fix });
  test.each<[string, Place, boolean, readonly object[]]>([
    ["${url}/x?${database.url} ${secrets.KEY} $HOME $${any}", "env", true, []],
    ["${databse.url}", "env", true, [typo('did you mean "database.url"?')]],
    ["${secret.KEY}", "env", true, [{ found: "${secret.KEY}", message: "there is no such name", fix: 'did you mean "secrets.KEY"?' }]],
    [
      "${secrets.OTHER_ONE}",
      "env",
      true,
      [
        {
          found: "${secrets.OTHER_ONE}",
          message: "this secret is not declared",
          fix: "add under secrets: { OTHER_ONE: generate } or { OTHER_ONE: required }",
        },
      ],
    ],
    [
      "${database.host}",
      "env",
      false,
      [{ found: "${database.host}", message: "the app has no database", fix: "add for example database: { engines: [mariadb] }" }],
    ],
    ["${size}", "env", true, [{ found: "${size}", message: "${size} may stand in database.seed only", fix: "remove it here" }]],
    [
      "${database.host}",
      "services",
      true,
      [
        {
          found: "${database.host}",
          message: "a service knows nothing of the app's database",
          fix: "remove it here; the app's own env may use it",
        },
      ],
    ],
    ["${size}", "seed", true, []],
    [
      "${url}",
      "seed",
      true,
      [{ found: "${url}", message: "only ${size} may stand in this command", fix: "for a variable of the shell write $${url}" }],
    ],
    ["canary ${url", "env", true, [{ found: "${", message: "a ${ is not closed", fix: "close it with }, or write $${ for a plain ${" }]],
    ["${}", "env", true, [{ found: "${}", message: "there is no such name", fix: expect.stringContaining("the names here are url, ") }]],
  ])("%s in %s", (text, place, hasDatabase, problems) => expect(nameProblems(text, place, ["KEY"], hasDatabase)).toEqual(problems));
});

test("the names that may be written are those that the plan has values for", () => {
  const connection = connectionTo({ engine: "mariadb", series: "10.11" }, { name: "app" });
  const values = valuesOf("http://x", { KEY: "generate" }, connection);
  const names = namesFor("env", ["KEY"], true);
  expect(Object.keys(names).sort()).toEqual(Object.keys(values).sort());
  for (const [name, { secret }] of Object.entries(names)) expect([name, typeof values[name] === "object"]).toEqual([name, secret]);
  expect(Object.keys(namesFor("services", ["KEY"], true)).sort()).toEqual(Object.keys(valuesOf("http://x", { KEY: "generate" })).sort());
  expect(namesIn("${size}")).toEqual(Object.keys(namesFor("seed", [], true)));
});
