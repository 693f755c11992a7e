import { describe, expect, test } from "@jest/globals";
import { problemsIn } from "./folder";

const PHP = 'name: portal\nphp: { versions: ["8.2"] }\n';

/** What stands in the file after the beginning, and the whole text that a person reads about it. */
type Row = readonly [written: string, ...texts: string[]];

const problem = (what: string, fix: string, line = 3): string => `dockstage.yaml:${line}: ${what}.\n    Fix: ${fix}`;

describe("the PHP recipe", () => {
  const rows: readonly Row[] = [
    ["web: { port: 8081 }", problem("web.port is 8081: the PHP recipe always listens on 8080", "remove it")],
    [
      "web: { run: php -S 0.0.0.0:8080 }",
      problem('web.run is "php -S 0.0.0.0:8080": the PHP recipe starts its HTTP server itself', "remove it"),
    ],
    ["image: portal:1", problem("image: the app's image comes from php already", "keep one of php and image")],
    [
      "writable: { public: data }",
      problem(
        "writable.public: holds what the HTTP server serves, code too, and may not be a volume",
        "name the folders in it that the app writes to, for example public/uploads",
      ),
    ],
    [
      "writable: { /app/public: data }",
      problem(
        "writable./app/public: holds what the HTTP server serves, code too, and may not be a volume",
        "name the folders in it that the app writes to, for example public/uploads",
      ),
    ],
    [
      "writable: { /app: data }",
      problem(
        "writable./app: the app's folder itself holds its code and may not be a volume",
        "name the folders in it that the app writes to",
      ),
    ],
    [
      "writable: { var: data, /app/var/cache: scratch }",
      problem("writable./app/var/cache: lies one in the other with var", "keep one of the two"),
    ],
  ];
  test.each(rows)("%s", (written, ...texts) => expect(problemsIn(`${PHP}${written}\n`)).toEqual(texts));

  test.each<Row>([
    ["{}", problem("php.versions: is missing", 'write for example versions: ["8.2"]', 2)],
    ["{ versions: [] }", problem("php.versions is []: the list is empty", 'write for example versions: ["8.2"]', 2)],
    ["{ versions: 8.2 }", problem("php.versions is 8.2: must be a list", 'write for example versions: ["8.2"]', 2)],
    [
      "{ versions: [8.20] }",
      problem("php.versions[0] is 8.20: a number must be written as text here (YAML would shorten 8.10 to 8.1)", 'write "8.20"', 2),
    ],
    ['{ versions: ["8.2", "8.2"] }', problem("php.versions is a list of 2: an entry stands in the list twice", "remove one of the two", 2)],
    [
      '{ versions: ["8.2"], live: "8.4" }',
      problem('php.live is "8.4": this version is not among php.versions', 'use one of "8.2", or add it there', 2),
    ],
    [
      '{ versions: ["8.2"], servers: [apache2] }',
      problem('php.servers[0] is "apache2": there is no such HTTP server', "use nginx or apache", 2),
    ],
    [
      '{ versions: ["8.2"], docroot: ../web }',
      problem(
        'php.docroot is "../web": must be a folder in the app\'s folder',
        'write for example "public"; "." is the app\'s folder itself',
        2,
      ),
    ],
    [
      '{ versions: ["8.2"], ini: { display_errors: true } }',
      problem("php.ini.display_errors is true: true and false must be written as text here", 'write "true"', 2),
    ],
    [
      '{ versions: ["8.2"], extension: [gd] }',
      problem("php.extension is a list of 1: there is no such key", 'did you mean "extensions"?', 2),
    ],
    ["yes", problem('php is "yes": must be a map', 'write for example php: { versions: ["8.2"] }', 2)],
  ])("php: %s", (written, ...texts) => expect(problemsIn(`name: portal\nphp: ${written}\n`)).toEqual(texts));
});

describe("where the image comes from", () => {
  test.each<Row>([
    ["", problem("the description says nothing of where the app's image comes from", "add one of php, build or image", 1)],
    ["image: portal:1", problem("web.port: is missing", "say which port the app listens on, for example web: { port: 8080 }", 1)],
    ["image: portal:1\nweb: { health: / }", problem("web.port: is missing", "say which port the app listens on, for example port: 8080")],
    [
      "image: Portal",
      problem(
        'image is "Portal": must be the reference of an image',
        'write for example "redis:7" or "registry.example/app@sha256:..."',
        2,
      ),
      problem("web.port: is missing", "say which port the app listens on, for example web: { port: 8080 }", 1),
    ],
    [
      "build: .\nweb: { port: 80 }",
      problem("build: there is no file Dockerfile beside dockstage.yaml", "correct context and dockerfile, or write the Dockerfile", 2),
    ],
    [
      "build: { context: ../elsewhere }\nweb: { port: 80 }",
      problem('build.context is "../elsewhere": must be a path in the folder of dockstage.yaml', 'write for example "." or "app"', 2),
    ],
    [
      "build: { secrets: [TOKEN] }\nweb: { port: 80 }",
      problem("build.secrets[0]: the secret TOKEN is not declared", "add under secrets: { TOKEN: required }", 2),
    ],
    [
      "build: 3\nweb: { port: 80 }",
      problem("build is 3: must be a folder, or a map", "write for example build: . or build: { context: ., dockerfile: Dockerfile }", 2),
    ],
  ])("%j", (written, ...texts) => expect([...problemsIn(`name: portal\n${written}\n`)].sort()).toEqual([...texts].sort()));
});
