import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, expect, test } from "@jest/globals";
import ts from "typescript";
import { parse } from "yaml";
import { finding, FINDINGS, type FindingId } from "../../cli/findings";
import { verbs } from "../../cli/verbs";
import { descriptionSchema } from "../../config/description";

/** What the pages promise: every message is explained, every component has its page, every link leads somewhere. */

const ROOT = join(__dirname, "..", "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
const filesIn = (folder: string, end: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "node_modules" || entry.name.startsWith(".") ? [] : filesIn(path, end);
    return path.endsWith(end) ? [path] : [];
  });
const parsed = (file: string): ts.SourceFile => ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022, true);

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, title = ""]) => {
    const words = title.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
    return words.replace(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
  });
}

/** Errors whose text is for a person, and which argument is the text. WrongUse and Error are for the wrong call, and for dockstage's own mistakes. */
const ERRORS: ReadonlyMap<string, number> = new Map([
  ["Problem", 0],
  ["CommandFailed", 0],
  ["NotReady", 2],
]);
/** Functions and constants that make such a text. */
const MAKERS = new Set(["movedText", "absence", "refusedPassphrase", "lockedOtherwise", "notBuilt", "foreign", "absent"]);
/** What needs no place on the page. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  cancelled: "the person has pressed Ctrl-C",
  "probe: ... last answer": "the lines below the headline, which is NotReady's",
  "cannot be updated in place": "dockstage's own mistake",
  "errors.trim()": "docker's own words",
  "nameOf(request)": "what a schema says of a program's own inputs",
};

/** The texts that an expression may be, with `...` for whatever is not written there. */
function textsOf(node: ts.Expression): readonly string[] {
  const joined = (parts: readonly (readonly string[])[]): readonly string[] =>
    parts.reduce((before, part) => before.flatMap((text) => part.map((more) => text + more)), [""]);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isConditionalExpression(node)) return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken)
    return joined([textsOf(node.left), textsOf(node.right)]);
  if (ts.isTemplateExpression(node))
    return joined([[node.head.text], ...node.templateSpans.flatMap((span) => [textsOf(span.expression), [span.literal.text]])]);
  if (ts.isArrayLiteralExpression(node)) return joined(node.elements.flatMap((element) => [textsOf(element), [" "]]));
  // [...].join("\n"), `...`.trimEnd()
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression) && !ts.isIdentifier(node.expression.expression))
    return textsOf(node.expression.expression);
  return ["..."];
}

/** The call of a function, or a constant, whose own texts are looked at. */
const isMade = (node: ts.Expression): boolean => MAKERS.has((ts.isCallExpression(node) ? node.expression : node).getText());
const HAS_WORDS = /\p{L}/u;

/** Every text for a person in a file's errors; a list of its forms for each. */
function messagesIn(file: string): readonly (readonly string[])[] {
  const found: (readonly string[])[] = [];
  const look = (node: ts.Node, within: boolean): void => {
    const named = ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node) ? node.name?.getText() : undefined;
    const inside = within || MAKERS.has(named ?? "");
    const thrown = ts.isNewExpression(node) ? node.arguments?.[ERRORS.get(node.expression.getText()) ?? Infinity] : undefined;
    let made: ts.Node | undefined;
    if (inside && ts.isReturnStatement(node)) made = node.expression;
    else if (inside && ts.isArrowFunction(node)) made = node.body;
    else if (named !== undefined && MAKERS.has(named) && ts.isVariableDeclaration(node)) made = node.initializer;
    // An error whose words come from somewhere that this test does not know is shown by its source.
    if (thrown && !isMade(thrown)) found.push(textsOf(thrown).map((form) => (HAS_WORDS.test(form) ? form : thrown.getText())));
    else if (made && ts.isExpression(made)) found.push(textsOf(made).filter((form) => HAS_WORDS.test(form)));
    ts.forEachChild(node, (child) => look(child, inside));
  };
  look(parsed(file), false);
  return found.filter((forms) => forms.length > 0);
}

describe("troubleshooting", () => {
  /** Without the marks of code, and `...` for every `<name>`. */
  const plain = (text: string): string =>
    text
      .replaceAll("`", "")
      .replace(/<\w+>/g, "...")
      .replace(/\.\.\.(\s?\.\.\.)+/g, "...")
      .replace(/\s+/g, " ");
  const page = plain(read("docs/troubleshooting.md"));

  /** The beginning of a message, up to forty characters. */
  const beginning = (message: string): string => {
    const text = plain(message).replace(/^[^\p{L}]+/u, "");
    const cut = text.length <= 40 ? text : text.slice(0, text.lastIndexOf(" ", 40));
    return cut.replace(/[^\p{L}\p{N})"]+$/u, "");
  };
  const explained = (forms: readonly string[]): boolean =>
    forms.map(beginning).some((text) => page.includes(text) || Object.keys(ELSEWHERE).some((known) => text.startsWith(known)));

  test.each(FINDINGS)("doctor's %s has a section, which begins with the message", (id) => {
    const text = read("docs/troubleshooting.md");
    expect(anchorsOf(text)).toContain(id);
    const section = plain(text.split(new RegExp(`^### ${id}$`, "m"))[1]?.split(/^#/m)[0] ?? "");
    // engine-unreachable passes on what the engine's client says, which is held below.
    const { message } = finding(id as FindingId, "...", "...", "...");
    expect(section).toContain(beginning(message));
  });

  const files = ["cli", "components", "config", "platforms", "provider", "stages"].flatMap((folder) => filesIn(folder, ".ts"));
  test.each(files.map((file) => [file, messagesIn(file)] as const).filter(([, messages]) => messages.length > 0))(
    "every message of %s is on the page",
    (_, messages) => expect(messages.filter((forms) => !explained(forms)).map((forms) => forms.map(beginning))).toEqual([]),
  );

  test("every failure of the set-up is on the page", () => {
    const texts = filesIn("scripts/lib", ".sh").flatMap((file) => [...read(file).matchAll(/\bfail "((?:[^"\\]|\\.)*)"/g)]);
    const said = texts.map(([, text = ""]) => text.replace(/\\(.)/g, "$1").replace(/\$(\([^)]*\)|\{[^}]*\}|\w+|[*@])/g, "..."));
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((text) => !explained([text])).map(beginning)).toEqual([]);
  });
});

describe("components", () => {
  const pages = filesIn("docs/components", ".md");
  const components = filesIn("components", ".ts").flatMap((file) => {
    const [, name] = /^export class (\w+) extends PlannedComponent/m.exec(read(file)) ?? [];
    return name === undefined ? [] : [{ name, file, page: `docs/${file.replace(/\.ts$/, ".md")}` }];
  });

  test.each(components)("$name has a page: every argument, and the example of its docstring", ({ name, file, page }) => {
    expect(pages).toContain(page);
    const text = read(page);
    const given: string[] = [];
    const look = (node: ts.Node): void => {
      if (ts.isPropertySignature(node)) given.push(node.name.getText());
      else if (!ts.isTypeReferenceNode(node)) ts.forEachChild(node, look);
    };
    const source = parsed(file);
    source.forEachChild((node) => {
      if ((ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) && node.name.text === `${name}Args`) {
        ts.forEachChild(node, look);
      }
    });
    expect(given.filter((argument) => !text.includes(`\`${argument}`))).toEqual([]);
    const [, example = ""] = /\* @example\n((?: \*.*\n)*?) \*\//.exec(read(file)) ?? [];
    expect(text).toContain(`\`\`\`ts\n${example.replace(/^ \* ?/gm, "").trim()}\n\`\`\``);
    expect(read("docs/components.md")).toContain(`[${name}](${page.replace(/^docs\//, "")})`);
  });
});

test("the README names every verb", () => {
  const text = read("README.md");
  expect(verbs.map(({ name }) => name).filter((name) => !text.includes(`| \`${name}`))).toEqual([]);
});

test("the README's descriptions are valid", () => {
  const blocks = [...read("README.md").matchAll(/^```yaml\n(name: [\s\S]*?)^```/gm)].map(([, text = ""]) => text);
  expect(blocks).toHaveLength(3);
  expect(blocks.flatMap((text) => descriptionSchema.safeParse(parse(text)).error?.issues ?? [])).toEqual([]);
});

test("the README shows only pictures that are there", () => {
  const pictures = [...read("README.md").matchAll(/(?:src="|!\[[^\]]*\]\()([^")]+)/g)].map(([, path = ""]) => path);
  expect(pictures.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});

describe("links", () => {
  const pages = filesIn(".", ".md");

  test.each(pages)("of %s lead to files and headings that are there", (page) => {
    const text = read(page)
      .replace(/^```[\s\S]*?^```/gm, "")
      .replace(/`[^`\n]*`/g, "");
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
    const broken = targets.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : posix.join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});
