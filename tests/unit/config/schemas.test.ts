import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folder, schemas } from "../../../config/generate";

test.each(Object.keys(schemas))("config/schemas/%s is what the zod schemas say (else: node -r ./loader.js config/generate.ts)", (name) => {
  expect(readFileSync(join(folder, name), "utf8")).toBe(schemas[name]);
});
