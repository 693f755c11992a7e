import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { descriptionSchema } from "./description";
import { stageSchema } from "./stage";

/**
 * Writes the JSON Schemas that editors complete and check by: `node -r ./loader.js config/generate.ts`. A line at the top of
 * the YAML file names them: `# yaml-language-server: $schema=...`.
 */

type Json = z.core.JSONSchema.BaseSchema;

/** JSON Schema of what a person writes, not of what the reader makes of it. */
const schemaOf = (schema: z.ZodType): Json => z.toJSONSchema(schema, { io: "input", target: "draft-7", unrepresentable: "any" });

const description: Json = {
  ...schemaOf(descriptionSchema),
  $id: "dockstage.schema.json",
  title: "dockstage.yaml: the description of an app",
  oneOf: [{ required: ["php"] }, { required: ["build"] }, { required: ["image"] }],
};

const { $schema, ...settings } = schemaOf(stageSchema);
/** Of a whole stack file: the settings stand in it under `<project>:settings`, beside keys of Pulumi's and of others. */
const stackFile: Json = {
  $schema,
  $id: "stage-settings.schema.json",
  title: "Pulumi.<stack>.yaml: what one stage differs in",
  type: "object",
  properties: { config: { type: "object", patternProperties: { "^([a-z][a-z0-9-]*:)?settings$": settings } } },
};

/** File name in config/schemas to content. */
export const schemas: Readonly<Record<string, string>> = {
  "dockstage.schema.json": `${JSON.stringify(description, null, 2)}\n`,
  "stage-settings.schema.json": `${JSON.stringify(stackFile, null, 2)}\n`,
};

export const folder = join(__dirname, "schemas");

/** The files that are not what the zod schemas say. */
export function stale(): readonly string[] {
  return Object.entries(schemas).flatMap(([name, content]) => (read(join(folder, name)) === content ? [] : [name]));
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

if (require.main === module) for (const [name, content] of Object.entries(schemas)) writeFileSync(join(folder, name), content);
