import { randomBytes } from "node:crypto";
import type { Properties, Property, Shape } from "../shape";
import { inputNames } from "../shapes";
import { type Value, type Values, UNKNOWN, isRecord } from "./values";

/** One thing that is wrong with a resource's arguments. */
export interface Failure {
  readonly property: string;
  readonly reason: string;
}

export interface Autonaming {
  readonly mode: "propose" | "enforce" | "disabled";
  readonly name: string;
}

export interface Checked {
  readonly inputs: Values;
  readonly failures: readonly Failure[];
}

/** The official plugin's rule: the logical name, a dash, seven random hex digits; not longer than this. */
const NAME_LENGTH = 255;
const RANDOM_DIGITS = 7;

/**
 * What the official plugin's Check answers: the inputs with defaults, which are listed in `__defaults` at every level and kept
 * from one run to the next. What is in no shape is a failure that names type and property.
 * @param logicalName the last part of the URN
 * @param olds the inputs of the last run, if there was one
 */
export function check(shape: Shape, logicalName: string, news: Values, olds: Values | undefined, autonaming?: Autonaming): Checked {
  const failures = problems(shape.type, shape.properties, news, "");
  const inputs = withDefaults(shape.properties, news, olds);
  if (shape.autoname && inputs.name === undefined) {
    // Also a name that the program gave and now leaves out: nothing is replaced for its sake.
    const name = olds?.name ?? newName(logicalName, autonaming);
    if (typeof name !== "string")
      failures.push({ property: "name", reason: `${shape.type}: automatic naming is disabled but no name was given` });
    else {
      inputs.name = name;
      inputs.__defaults = [...(Array.isArray(inputs.__defaults) ? inputs.__defaults : []), "name"].sort();
    }
  }
  for (const name of required(shape.properties, shape.autoname))
    if (inputs[name] === undefined) failures.push({ property: name, reason: `${shape.type}: ${name} is missing` });
  return { inputs, failures };
}

const REQUIRED = ["name", "image"];
const required = (properties: Properties, autoname: boolean) =>
  REQUIRED.filter((name) => properties[name] && !properties[name].use && !(autoname && name === "name"));

function newName(logicalName: string, autonaming: Autonaming | undefined): string | undefined {
  if (autonaming?.mode === "disabled") return undefined;
  if (autonaming) return autonaming.name;
  const digits = randomBytes(RANDOM_DIGITS).toString("hex").slice(0, RANDOM_DIGITS);
  return `${logicalName.slice(0, NAME_LENGTH - RANDOM_DIGITS - 1)}-${digits}`;
}

/** A default of the last run stays, so that a random name or a default that changed with the plugin's version replaces nothing. */
function oldDefault(name: string, olds: Values | undefined): Value | undefined {
  if (olds?.[name] === undefined) return undefined;
  return !Array.isArray(olds.__defaults) || olds.__defaults.includes(name) ? olds[name] : undefined;
}

function withDefaults(properties: Properties, news: Values, olds: Values | undefined): Values {
  const defaults: string[] = [];
  const inputs: Values = {};
  for (const [name, value] of Object.entries(news)) {
    if (value === null) continue;
    const property = properties[name];
    inputs[name] = property ? nested(property, value, olds?.[name]) : value;
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.default === undefined || inputs[name] !== undefined) continue;
    inputs[name] = oldDefault(name, olds) ?? property.default;
    defaults.push(name);
  }
  return { ...inputs, __defaults: defaults.sort() };
}

function nested(property: Property, value: Value, old: Value | undefined): Value {
  if (property.kind === "object" && isRecord(value)) return withDefaults(property.of, value, isRecord(old) ? old : undefined);
  if ((property.kind === "list" || property.kind === "set") && property.of !== "string" && Array.isArray(value)) {
    const { of } = property;
    return value.map((element, i) => {
      const before = Array.isArray(old) ? old[i] : undefined;
      return isRecord(element) ? withDefaults(of, element, isRecord(before) ? before : undefined) : element;
    });
  }
  return value;
}

/** Everything that is not as the shape says, at every level. */
function problems(type: string, properties: Properties, values: Values, at: string): Failure[] {
  const known = inputNames(properties);
  return Object.entries(values).flatMap(([name, value]): Failure[] => {
    const path = `${at}${name}`;
    const property = properties[name];
    if (name.startsWith("__") || value === null || value === UNKNOWN) return [];
    if (!property || !known.includes(name))
      return [
        {
          property: path,
          reason: `${type}: the offline docker plugin does not know the property ${path}. It knows what dockstage uses: ${[...known].sort().join(", ")}. For anything else use the official plugin (scripts/setup installs it where its download site can be reached)`,
        },
      ];
    return wrongValue(type, property, value, path);
  });
}

function wrongValue(type: string, property: Property, value: Value, path: string): Failure[] {
  const wrong = (expected: string): Failure[] => [
    {
      property: path,
      reason: `${type}: ${path} must be ${expected}, found ${isRecord(value) ? "an object" : Array.isArray(value) ? "a list" : `a ${typeof value}`}`,
    },
  ];
  switch (property.kind) {
    case "string":
      if (typeof value !== "string") return wrong("a string");
      return !property.like || value === "" || property.like.test(value)
        ? []
        : [{ property: path, reason: `${type}: ${path}: "${value}" does not match ${property.like.source}` }];
    case "integer":
      if (typeof value !== "number" || !Number.isInteger(value)) return wrong("a whole number");
      return property.least === undefined || value >= property.least
        ? []
        : [{ property: path, reason: `${type}: ${path} must be at least ${property.least}, found ${value}` }];
    case "boolean":
      if (typeof value !== "boolean") return wrong("true or false");
      return property.only === undefined || property.only === value
        ? []
        : [
            {
              property: path,
              reason: `${type}: ${path}: ${value} is not supported by the offline docker plugin. Use the official plugin for it`,
            },
          ];
    case "map":
      return isRecord(value) && Object.values(value).every((inner) => typeof inner === "string") ? [] : wrong("a map of strings");
    case "object":
      return isRecord(value) ? problems(type, property.of, value, `${path}.`) : wrong("an object");
    case "list":
    case "set": {
      if (!Array.isArray(value)) return wrong("a list");
      const { of } = property;
      return value.flatMap((element, i): Failure[] => {
        if (element === UNKNOWN) return [];
        if (of === "string") return typeof element === "string" ? [] : wrong("a list of strings");
        return isRecord(element) ? problems(type, of, element, `${path}[${i}].`) : wrong("a list of objects");
      });
    }
  }
}
