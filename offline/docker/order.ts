import type { Properties, Property } from "../shape";
import { type Value, UNKNOWN, isRecord } from "./values";

/**
 * The order in which the official plugin writes the elements of a set into the state. `preview --refresh` shows another order as a
 * change of every element, though it counts none.
 */

/** Terraform's spelling of a property's name. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The bytes that go-cty compares (set_internals.go, appendSetHashBytes): values only, in the order of their names. */
function block(properties: Properties, value: Value): string {
  if (!isRecord(value)) return plain(value);
  const names = Object.keys(properties).sort((a, b) => bytes(snake(a), snake(b)));
  return `<${names.map((name) => `${key(properties[name], value[name] ?? null)};`).join("")}>`;
}

function plain(value: Value): string {
  if (value === null) return "~";
  if (value === UNKNOWN) return "?";
  if (typeof value === "boolean") return value ? "T" : "F";
  return typeof value === "number" ? String(value) : JSON.stringify(value);
}

function key(property: Property | undefined, value: Value): string {
  // A block that there is at most once is a list to Terraform.
  if (property?.kind === "object") return value === null ? "[]" : `[${block(property.of, value)};]`;
  if ((property?.kind !== "list" && property?.kind !== "set") || !Array.isArray(value)) return plain(value);
  const { of } = property;
  return `[${value.map((element) => `${of === "string" ? plain(element) : block(of, element)};`).join("")}]`;
}

/** @param elements complete: each with everything that it lacks at rest, and its own sets in order */
export function ordered(of: "string" | Properties, elements: readonly Value[]): Value[] {
  const text = (element: Value): string => (of !== "string" ? block(of, element) : typeof element === "string" ? element : plain(element));
  return [...elements].sort((a, b) => bytes(text(a), text(b)));
}
