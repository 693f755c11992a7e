import type { Properties, Property } from "../shape";

/** A property value on the wire. */
export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };
export type Values = { [key: string]: Value };

/** What the engine sends in a preview for a value that is not known yet (Pulumi's wire protocol). */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const isRecord = (value: Value | undefined): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

/** Readers for values whose type Check has made sure of; anything else, and a zero value, is undefined. */
export const text = (value: Value | undefined): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
export const number = (value: Value | undefined): number | undefined => (typeof value === "number" && value !== 0 ? value : undefined);
export const records = (value: Value | undefined): Values[] => (Array.isArray(value) ? value.filter(isRecord) : []);
export const strings = (value: Value | undefined): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === "string") : []);

/** A map of texts; anything else in it is left out. */
export const texts = (value: Value | undefined): Record<string, string> =>
  isRecord(value) ? Object.fromEntries(Object.entries(value).filter((pair): pair is [string, string] => typeof pair[1] === "string")) : {};

/** Whether a value, or a part of it, is not known yet. */
export function hasUnknown(value: Value | undefined): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isRecord(value) && Object.values(value).some(hasUnknown);
}

/** Terraform's older SDK does not tell "absent" from the type's zero value, and neither does the official plugin. */
export function isZero(value: Value | undefined): boolean {
  if (value === undefined || value === null || value === "" || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isRecord(value) && Object.keys(value).filter((key) => !key.startsWith("__")).length === 0;
}

/** One text for all spellings of a value that mean the same: zero values left out, sets sorted, bookkeeping keys ignored. */
export function canonical(value: Value | undefined, property: Property): string {
  if (isZero(value)) return "";
  if (property.kind === "map")
    return isRecord(value) ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : JSON.stringify(value);
  if (property.kind === "object") return canonicalBlock(value, property.of);
  if (property.kind !== "list" && property.kind !== "set") return JSON.stringify(value);
  if (!Array.isArray(value)) return JSON.stringify(value);
  const { of } = property;
  const elements = value.map((element) => (of === "string" ? JSON.stringify(element) : canonicalBlock(element, of)));
  return JSON.stringify(property.kind === "set" ? [...new Set(elements)].sort() : elements);
}

/** The same for one block; values that only the engine gives are no part of its identity. */
export function canonicalBlock(value: Value | undefined, properties: Properties): string {
  if (!isRecord(value)) return JSON.stringify(value ?? null);
  const parts = Object.keys(properties)
    .filter((name) => properties[name]?.use !== "output")
    .sort()
    .flatMap((name) => {
      const property = properties[name];
      const text = property ? canonical(value[name], property) : "";
      return text === "" ? [] : [[name, text]];
    });
  return JSON.stringify(parts);
}

/** Without `__defaults` and the like, at every level. */
export function withoutBookkeeping(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutBookkeeping);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !key.startsWith("__"))
      .map(([key, inner]) => [key, withoutBookkeeping(inner)]),
  );
}
