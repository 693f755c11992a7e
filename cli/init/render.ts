import { Document, isMap, isNode, isSeq, Scalar, YAMLMap } from "yaml";
import type { Findings, Line } from "./findings";

/** dockstage.yaml's text of what was found. */

const ORDER = ["name", "php", "build", "image", "web", "database", "services", "processes", "env", "secrets", "mail", "writable"];
const HEADS: Readonly<Record<string, string>> = {
  database: "DEV, STAGING and LIVE take the first engine, TEST all.",
  env: "Variables of the app; ${...} is filled in for each stage.",
  secrets: "generate: dockstage makes it. required: pulumi config set --secret NAME -s <stack>",
  writable: "data is kept and backed up, scratch goes with the container.",
};
const SCHEMA = " yaml-language-server: $schema=./node_modules/dockstage/config/schemas/dockstage.schema.json";

/** Lists and small maps stand in one line; text that YAML 1.1 would read as something else is quoted. */
function nodeOf(document: Document, value: unknown): unknown {
  const node = document.createNode(value);
  if (isSeq(node) || isMap(node)) node.flow = true;
  return node;
}

function place(document: Document, root: YAMLMap, { path, value, from }: Line): void {
  let at = root;
  path.forEach((key, index) => {
    if (index === path.length - 1) {
      const node = nodeOf(document, value);
      if (isNode(node)) node.comment = ` ${from}`;
      at.add(document.createPair(key, node));
      return;
    }
    const next = at.get(key, true);
    if (isMap(next)) at = next;
    else {
      const map = new YAMLMap();
      at.add(document.createPair(key, map));
      at = map;
    }
  });
}

const rank = ({ path }: Line): number => ORDER.indexOf(path[0] ?? "");

/** In the order of the file. */
export const sorted = (lines: readonly Line[]): readonly Line[] => [...lines].sort((a, b) => rank(a) - rank(b));

/** A whole build is short where only its folder is known. */
function shortened(lines: readonly Line[]): readonly Line[] {
  const build = lines.filter(({ path }) => path[0] === "build");
  const [only] = build;
  if (build.length !== 1 || only?.path[1] !== "context") return lines;
  return lines.map((line) => (line === only ? { ...only, path: ["build"] } : line));
}

/** The description, each entry with where it comes from. */
export function render(found: Findings): string {
  const document = new Document({}, { version: "1.2" });
  const root = new YAMLMap();
  document.contents = root;
  document.commentBefore = `${SCHEMA}\n Written by dockstage init; the comments say where each entry comes from. Every key: node_modules/dockstage/docs/description.md`;
  for (const line of sorted(shortened(found.lines))) place(document, root, line);
  for (const pair of root.items) {
    const key = pair.key instanceof Scalar ? pair.key : undefined;
    if (!key) continue;
    key.spaceBefore = key.value !== "name";
    const head = HEADS[String(key.value)];
    if (head) key.commentBefore = ` ${head}`;
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}
