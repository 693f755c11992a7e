import type { Properties, Property, Rest, Shape } from "../shape";
import { ordered } from "./order";
import { type Value, type Values, UNKNOWN, canonical, isRecord, isZero, withoutBookkeeping } from "./values";

/** States as the official plugin writes them, so that either plugin can go on with what the other one left. */

const copy = (rest: Rest | undefined): Value =>
  rest === undefined ? null : Array.isArray(rest) ? [] : typeof rest === "object" && rest !== null ? {} : rest;

/** A value with everything that its blocks lack at rest, and its sets in order. */
function filled(property: Property, value: Value): Value {
  if (property.kind === "object" && isRecord(value)) return filledBlock(property.of, value);
  if ((property.kind !== "list" && property.kind !== "set") || !Array.isArray(value)) return value;
  const { of } = property;
  const elements = value.map((element) =>
    of !== "string" && isRecord(element) && Object.keys(of).length > 0 ? filledBlock(of, element) : element,
  );
  return property.kind === "set"
    ? ordered(of, [...new Map(elements.map((element) => [JSON.stringify(element), element])).values()])
    : elements;
}

const filledBlock = (properties: Properties, block: Values): Values =>
  Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, filled(property, block[name] ?? copy(property.rest))]));

/** The state of a resource: what is known about it, and every other output at rest. Nothing in it is undefined. */
export function completeState(shape: Shape, id: string, known: Values): Values {
  const state: Values = { id };
  for (const [name, rest] of Object.entries(shape.rest)) {
    const property = shape.properties[name];
    const value = withoutBookkeeping(known[name] ?? copy(rest));
    state[name] = property ? filled(property, value) : value;
  }
  return shape.meta ? { ...state, __meta: shape.meta } : state;
}

/** What a preview shows for a resource that is not there yet: what the engine decides is not known. */
export function proposedState(shape: Shape, inputs: Values): Values {
  const known: Values = { ...inputs };
  for (const [name, property] of Object.entries(shape.properties)) {
    const open = property.use === "output" || (property.use === "both" && isZero(inputs[name]));
    if (open) known[name] = UNKNOWN;
  }
  return { ...completeState(shape, UNKNOWN, known), id: UNKNOWN };
}

/** The state after an update: what the program says now, and the old value of what it leaves to the engine. */
export function updatedState(shape: Shape, id: string, state: Values, inputs: Values): Values {
  const known: Values = { ...state };
  for (const [name, property] of Object.entries(shape.properties)) {
    if (property.use === "output" || (property.use === "both" && isZero(inputs[name]))) continue;
    known[name] = inputs[name] ?? copy(shape.rest[name]);
  }
  return completeState(shape, id, known);
}

/** What was read, with the old spelling of everything that means the same: a refresh then shows what changed and nothing else. */
export function settledState(shape: Shape, state: Values, read: Values): Values {
  return Object.fromEntries(
    Object.entries(read).map(([name, value]) => {
      const property = shape.properties[name];
      const same =
        property && property.kind === "set" && state[name] !== undefined && canonical(state[name], property) === canonical(value, property);
      return [name, same ? filled(property, withoutBookkeeping(state[name] ?? value)) : value];
    }),
  );
}

/** The inputs after a refresh: those of the program, and where the engine says otherwise, what the engine says. */
export function refreshedInputs(shape: Shape, inputs: Values, state: Values): Values {
  const refreshed: Values = {};
  for (const [name, value] of Object.entries(inputs)) {
    const property = shape.properties[name];
    const found = state[name];
    const same = !property || found === undefined || found === null || canonical(value, property) === canonical(found, property);
    refreshed[name] = same ? value : onlyInputs(property, found);
    // What the engine says is no default any more: the next Check would keep it.
    if (!same && Array.isArray(inputs.__defaults))
      refreshed.__defaults = (Array.isArray(refreshed.__defaults) ? refreshed.__defaults : inputs.__defaults).filter(
        (other) => other !== name,
      );
  }
  return refreshed;
}

/** The inputs of an imported object: everything that is not at rest. */
export function importedInputs(shape: Shape, state: Values): Values {
  const inputs: Values = { __defaults: [] };
  for (const [name, property] of Object.entries(shape.properties)) {
    const value = state[name];
    if (property.use === "output" || value === undefined || isZero(value) || value === shape.rest[name]) continue;
    inputs[name] = onlyInputs(property, value);
  }
  return inputs;
}

function onlyInputs(property: Property, value: Value): Value {
  const block = (of: Properties, element: Value): Value =>
    isRecord(element)
      ? {
          __defaults: [],
          ...Object.fromEntries(
            Object.entries(of).flatMap(([name, inner]) =>
              inner.use === "output" || isZero(element[name]) ? [] : [[name, onlyInputs(inner, element[name] ?? null)]],
            ),
          ),
        }
      : element;
  if (property.kind === "object") return block(property.of, value);
  if ((property.kind === "list" || property.kind === "set") && property.of !== "string" && Array.isArray(value)) {
    const { of } = property;
    return value.map((element) => block(of, element));
  }
  return value;
}
