import { readFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf } from "../../config/problems";

/** One entry of the description to be written, and where it was found. */
export interface Line {
  /** Its key in dockstage.yaml: `["web", "port"]`. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** `Dockerfile:3 EXPOSE`, `--port`; a person finds it by this. */
  readonly from: string;
}

/** What was found and has no place in the description. */
export interface LeftOut {
  readonly what: string;
  readonly because: string;
}

/** What the readers find, best source first: of two for the same key, the first stays. */
export class Findings {
  readonly lines: Line[] = [];
  readonly leftOut: LeftOut[] = [];
  /** What the person may want to do besides. */
  readonly hints: string[] = [];

  add(path: readonly string[], value: unknown, from: string): void {
    if (value !== undefined && this.line(...path) === undefined) this.lines.push({ path, value, from });
  }

  leave(what: string, because: string): void {
    if (!this.leftOut.some((one) => one.what === what)) this.leftOut.push({ what, because });
  }

  line(...path: readonly string[]): Line | undefined {
    return this.lines.find((line) => keyOf(line.path) === keyOf(path));
  }

  value(...path: readonly string[]): unknown {
    return this.line(...path)?.value;
  }

  /** A value that is text; undefined where there is none. */
  text(...path: readonly string[]): string | undefined {
    const value = this.value(...path);
    return typeof value === "string" ? value : undefined;
  }

  /** The first entry of `database.engines`: DEV's. */
  get engine(): string | undefined {
    const value = this.value("database", "engines");
    return Array.isArray(value) ? String(value[0]) : undefined;
  }

  /** Whether there is anything in a section. */
  has(section: string): boolean {
    return this.lines.some(({ path }) => path[0] === section);
  }

  /** Removes the lines of whole sections. */
  drop(...sections: readonly string[]): void {
    const rest = this.lines.filter(({ path }) => !sections.includes(path[0] ?? ""));
    this.lines.splice(0, this.lines.length, ...rest);
  }

  remove(line: Line): void {
    this.lines.splice(this.lines.indexOf(line), 1);
  }
}

/** A file of the app's folder; undefined where there is none. */
export function textOf(folder: string, file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), "utf8");
  } catch {
    return undefined;
  }
}

/** A name that dockstage takes: `My_Shop 2` is `my-shop-2`; "" where nothing is left of it. */
export function nameFrom(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "");
  return plain.slice(0, 24).replace(/-+$/, "");
}
