import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { ZodType } from "zod";
import { hasUnknown, isUnknown, UNKNOWN } from "./resource";
import type { Failure, Value, Values } from "./resource";

/** Pulumi's wire form of values: how secrets and unknowns are marked in a protobuf Struct. */

const MARK = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";
const UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export interface Decoded {
  readonly values: Values;
  /** As it came, marks included: what is handed back where nothing changes. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** Every secret text in it, for keeping it out of messages. */
  readonly secrets: readonly string[];
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Plain values of a message: marks of secrets are taken off, nulls in objects left out. */
export function decode(struct: Struct | undefined): Decoded {
  const secrets: string[] = [];
  const plain = (value: unknown, secret: boolean): Value => {
    if (value === UNKNOWN_TEXT) return UNKNOWN;
    if (typeof value === "string") {
      if (secret) secrets.push(value);
      return value;
    }
    if (typeof value === "number" || typeof value === "boolean") return value;
    if (Array.isArray(value)) return value.map((item) => plain(item, secret));
    if (!isObject(value)) return null;
    if (value[MARK] === SECRET) return plain(value["value"], true);
    const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [key, plain(item, secret)]));
  };
  const raw: unknown = struct?.toJavaScript() ?? {};
  if (!isObject(raw)) throw new Error("a message without properties came from the Pulumi engine");
  return {
    values: Object.fromEntries(
      Object.entries(raw)
        .filter(([, v]) => v !== null)
        .map(([key, value]) => [key, plain(value, false)]),
    ),
    raw,
    secrets,
  };
}

/** The wire form of plain values; undefined entries are left out. */
export function encode(value: unknown): unknown {
  if (isUnknown(value)) return UNKNOWN_TEXT;
  if (Array.isArray(value)) return value.map(encode);
  if (!isObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, encode(item)]),
  );
}

/** Inputs as they came (with their marks) and computed properties beside them. */
export function merge(raw: Readonly<Record<string, unknown>>, computed: object, secrets: readonly string[]): Struct {
  const merged: Record<string, unknown> = { ...raw };
  for (const [name, value] of Object.entries(computed)) {
    if (value === undefined) continue;
    merged[name] = secrets.includes(name) ? { [MARK]: SECRET, value: encode(value) } : encode(value);
  }
  return structOf(merged);
}

/** A Struct of wire values. */
function structOf(raw: Readonly<Record<string, unknown>>): Struct {
  const clean = encode(raw);
  if (!isObject(clean)) throw new Error("properties must be an object");
  return Struct.fromJavaScript(clean as Parameters<typeof Struct.fromJavaScript>[0]); // encode() left nothing else in it
}

/** What a schema has to say against the values, unknown parts aside. */
export function failuresOf(schema: ZodType, values: Values): readonly Failure[] {
  const result = schema.safeParse(values);
  if (result.success) return [];
  return result.error.issues
    .filter((issue) => !touchesUnknown(values, issue.path))
    .map((issue) => ({
      property: issue.path.map(String).join("."),
      reason: (issue.code === "invalid_key" && issue.issues[0]?.message) || issue.message,
    }));
}

function touchesUnknown(values: Values, path: readonly PropertyKey[]): boolean {
  let at: unknown = values;
  for (const key of path) {
    if (isUnknown(at)) return true;
    if (typeof at !== "object" || at === null) return false;
    at = new Map<string, unknown>(Object.entries(at)).get(String(key));
  }
  return hasUnknown(at);
}

/** A text without the secrets in it. Very short ones are left: they would tear every word apart. */
export function redact(text: string, secrets: readonly string[]): string {
  return [...secrets]
    .filter((secret) => secret.length >= 6)
    .sort((a, b) => b.length - a.length)
    .reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text);
}
