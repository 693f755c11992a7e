import { createInterface } from "node:readline/promises";
import { NAME, NAME_WORDS } from "../../config/description";
import type { Given } from "./collect";
import type { Findings } from "./findings";
import { databaseForms } from "./frameworks";
import { phpVersions } from "./versions";

/** A fact that the files did not give. */
export interface Question {
  readonly flag: keyof Given;
  /** What it is, for the list of what is missing: `--port 8080   the port that the app listens on`. */
  readonly example: string;
  readonly what: string;
  /** The answer of somebody who presses Enter; where there is none, the project needs one. */
  readonly usual?: string;
  /** What is wrong with an answer; undefined where it will do. */
  readonly wrong: (answer: string) => string | undefined;
}

const isPort = (answer: string): boolean => /^\d{1,5}$/.test(answer) && Number(answer) > 0 && Number(answer) < 65536;
const listed = (known: readonly string[]) => (answer: string) => {
  const other = answer.split(",").find((one) => !known.includes(one.trim()));
  return other === undefined ? undefined : `there is no ${other.trim() || "empty entry"}; use ${known.join(", ")}`;
};

/** Every fact that can be given by a flag, with its check. */
export const QUESTIONS: Readonly<Record<Exclude<keyof Given, "service">, Question>> = {
  name: { flag: "name", example: "portal", what: "the app's name", wrong: (answer) => (NAME.test(answer) ? undefined : NAME_WORDS) },
  php: { flag: "php", example: "8.2", what: "the PHP versions, for an image that dockstage makes", wrong: listed(phpVersions) },
  image: {
    flag: "image",
    example: "registry.example/portal:1",
    what: "a ready image",
    wrong: (answer) => (/^\S+$/.test(answer) ? undefined : "it is no reference of an image"),
  },
  docroot: {
    flag: "docroot",
    example: "public",
    what: 'the folder that the HTTP server serves ("." is the app\'s folder)',
    wrong: (answer) => (/^(?!\/)\S+$/.test(answer) ? undefined : "it must be a folder in the app's folder"),
  },
  port: {
    flag: "port",
    example: "8080",
    what: "the port that the app listens on in its container",
    wrong: (answer) => (isPort(answer) ? undefined : "it must be a number from 1 to 65535"),
  },
  health: {
    flag: "health",
    example: "/healthz",
    what: "a path that answers 2xx or 3xx when the app can serve",
    usual: "/",
    wrong: (answer) => (/^\/[^\s#]*$/.test(answer) ? undefined : "it must start with /"),
  },
  database: {
    flag: "database",
    example: "mariadb",
    what: `the database (${databaseForms.join(", ")} or none)`,
    usual: "none",
    wrong: listed([...databaseForms, "none"]),
  },
};

/** What is asked at a terminal, best first; without one, what has no usual answer must come as a flag. */
export function openQuestions(found: Findings): readonly Question[] {
  const { name, php, docroot, port, health, database } = QUESTIONS;
  const source = ["php", "build", "image"].find((one) => found.has(one));
  const named = found.line("name");
  return [
    ...(!named || named.from === "the folder's name" ? [{ ...name, ...(named && { usual: String(named.value) }) }] : []),
    ...(source === undefined || (source === "php" && !found.line("php", "versions")) ? [php] : []),
    ...((source === "php" || source === undefined) && !found.line("php", "docroot") ? [docroot] : []),
    ...(source !== undefined && source !== "php" && !found.line("web", "port") ? [port] : []),
    ...(found.line("web", "health") ? [] : [health]),
    ...(found.line("database", "engines") ? [] : [database]),
  ];
}

/** Asks at the terminal until each answer will do. @returns what was answered, by flag */
export async function ask(
  questions: readonly Question[],
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<Record<string, string>> {
  const terminal = createInterface({ input, output });
  const answers: Record<string, string> = {};
  try {
    for (const { flag, what, example, usual, wrong } of questions) {
      for (;;) {
        const typed = (
          await terminal.question(
            `${what[0]?.toUpperCase()}${what.slice(1)} ${usual === undefined ? `(for example ${example})` : `[${usual}]`}: `,
          )
        ).trim();
        const answer = typed || usual || "";
        const fault = wrong(answer);
        if (fault === undefined) {
          if (typed || flag === "health") answers[flag] = answer;
          break;
        }
        output.write(`  ${fault}\n`);
      }
    }
  } finally {
    terminal.close();
  }
  return answers;
}

/** The list of what is missing, with the flag for each. */
export function missingText(questions: readonly Question[], sourceMissing: boolean): string {
  const rows = questions.map(({ flag, example, what }) => [`--${flag} ${example}`, what] as const);
  const source = sourceMissing
    ? "Nothing here says what the app's image is made of: no Dockerfile, compose.yaml, .ddev/config.yaml or composer.json.\n" +
      "Write a Dockerfile (dockstage reads its EXPOSE and HEALTHCHECK), or give one of these:\n\n" +
      "  --php 8.2 --docroot public                       an image that dockstage makes\n" +
      "  --image registry.example/portal:1 --port 8080    a ready one\n"
    : `These cannot be found in the folder's files, and there is no terminal to ask at:\n\n${rows.map(([flag, what]) => `  ${flag.padEnd(22)} ${what}\n`).join("")}`;
  return `${source}\nExample:  npx dockstage init ${sourceMissing ? "--php 8.2 --docroot public" : rows.map(([flag]) => flag).join(" ")} --yes\n`;
}
