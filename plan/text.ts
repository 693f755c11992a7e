import type { Ref } from "./records";

/** What `${name}` stands for: plain text, or a secret of the plan. */
export type Value = string | { readonly secret: Ref<"secret"> };

/** Text with its names filled in: literal pieces and secrets in turn. */
export type Filled = readonly Value[];

/** `$${` stands for a literal `${`. */
const NAME = /\$\$\{|\$\{([^}]*)\}/g;

/** The names that a text uses, in order of appearance. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(NAME)].flatMap((match) => (match[1] === undefined ? [] : [match[1].trim()]));
}

/**
 * Fills the `${...}` names of a text in. The reader has checked them, so that a name without a value is a bug of ours.
 *
 * @throws Error naming the unknown name
 */
export function fill(text: string, values: Readonly<Record<string, Value>>): Filled {
  const parts: Value[] = [];
  let literal = "";
  let end = 0;
  for (const match of text.matchAll(NAME)) {
    literal += text.slice(end, match.index);
    end = match.index + match[0].length;
    if (match[1] === undefined) {
      literal += "${";
      continue;
    }
    const value = values[match[1].trim()];
    if (value === undefined) throw new Error(`\${${match[1].trim()}} has no value here; known: ${Object.keys(values).join(", ")}`);
    if (typeof value === "string") {
      literal += value;
    } else {
      if (literal) parts.push(literal);
      parts.push(value);
      literal = "";
    }
  }
  literal += text.slice(end);
  if (literal || parts.length === 0) parts.push(literal);
  return parts;
}
