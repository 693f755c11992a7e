import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Shape } from "../../../offline/shape";
import { shapes } from "../../../offline/shapes";
import type { Value, Values } from "../../../offline/docker/values";

/** Recorded answers of the official plugin; each file names the public source that they come from. */

const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(value), z.record(z.string(), value)]),
);
const values: z.ZodType<Values> = z.record(z.string(), value);

const read = <T>(file: string, schema: z.ZodType<T>): T =>
  schema.parse(JSON.parse(readFileSync(join(__dirname, "fixtures", file), "utf8")));

export const checks = () =>
  read(
    "check.json",
    z.object({
      cases: z.array(
        z.object({ title: z.string(), type: z.string(), name: z.string(), news: values, olds: values.optional(), inputs: values }),
      ),
    }),
  ).cases;

export const diffs = () =>
  read(
    "diff.json",
    z.object({
      subjects: z.record(z.string(), z.object({ type: z.string(), name: z.string(), program: values, inputs: values, state: values })),
      cases: z.array(
        z.object({
          title: z.string(),
          subject: z.string(),
          change: values,
          unset: z.array(z.string()).optional(),
          answer: z.object({
            changed: z.boolean(),
            replaces: z.array(z.string()),
            diffs: z.array(z.string()),
            deleteBeforeReplace: z.boolean(),
          }),
        }),
      ),
    }),
  );

export const reads = () =>
  read(
    "read.json",
    z.object({
      cases: z.array(
        z.object({
          title: z.string(),
          type: z.string(),
          id: z.string(),
          known: values,
          inputs: values,
          inspect: values,
          state: values,
          refreshedInputs: values.optional(),
        }),
      ),
    }),
  ).cases;

export function shapeOf(type: string): Shape {
  const shape = shapes.find((one) => one.type === type);
  if (!shape) throw new Error(`no shape for ${type}`);
  return shape;
}
