import { expect, test } from "@jest/globals";
import { catalogue, compareVersions, versionsOf } from "../../../config/catalogue";

test("versions are numbers, not text", () => {
  expect(["10.5", "8.10", "10.11", "8.9", "7", "7.4"].sort(compareVersions)).toEqual(["7", "7.4", "8.9", "8.10", "10.5", "10.11"]);
  expect(versionsOf(catalogue.databases.mariadb)).toEqual(["10.5", "10.11", "11.8"]);
  expect(versionsOf(catalogue.databases.postgresql)).toEqual(["13", "15", "17"]);
  expect(versionsOf(catalogue.php)).toEqual(["7.4", "8.2", "8.4"]);
});

test("the default series are in the catalogue", () => {
  for (const engine of ["mariadb", "postgresql"] as const)
    expect(catalogue.databases[engine]).toHaveProperty([catalogue.defaultSeries[engine]], "bookworm");
});
