import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ask, openQuestions, QUESTIONS } from "../../../cli/init/ask";
import { collect } from "../../../cli/init/collect";
import { PACKAGE } from "../../../cli/machine";
import { readSettings } from "../../../config/reader";

let root = "";
let folder = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "dockstage-init-"));
  folder = join(root, "shop");
  mkdirSync(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
}
const read = (file: string): string => readFileSync(join(folder, file), "utf8");
const all = (): Record<string, string> =>
  Object.fromEntries(readdirSync(folder).map((file) => [file, statSync(join(folder, file)).isFile() ? read(file) : ""]));

function init(...args: readonly string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(PACKAGE, "cli", "dockstage"), "init", ...args], {
    cwd: folder,
    env: {
      HOME: root,
      XDG_CACHE_HOME: process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? root, ".cache"),
      PATH: process.env["PATH"] ?? "",
    },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: status, stdout, stderr };
}

const DOCKERFILE = `FROM node:20-slim AS build
ARG NPM_TOKEN
COPY . .
FROM build AS prod
EXPOSE 9229 3000
VOLUME ["/srv/uploads", "/etc"]
USER node
HEALTHCHECK CMD curl -f http://localhost:3000/healthz || exit 1
FROM prod AS dev
`;

describe("an app with a Dockerfile", () => {
  test("everything is found there, and what is left out has a reason; the written project is valid; a second run changes nothing", () => {
    write({
      Dockerfile: DOCKERFILE,
      "package.json": '{\n\t"name": "@acme/My_Shop",\n\t"devDependencies": {}\n}\n',
      ".gitignore": "dist\n/node_modules",
    });
    const { code, stdout, stderr } = init("--database", "postgresql:15");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(read("dockstage.yaml")).toBe(`# yaml-language-server: $schema=./node_modules/dockstage/config/schemas/dockstage.schema.json
# Written by dockstage init; the comments say where each entry comes from. Every key: node_modules/dockstage/docs/description.md

name: my-shop # package.json name

build:
  context: . # Dockerfile
  target: prod # Dockerfile: the last stage, dev, is not for LIVE

web:
  port: 3000 # Dockerfile:5 EXPOSE
  health: /healthz # Dockerfile:8 HEALTHCHECK

# DEV, STAGING and LIVE take the first engine, TEST all.
database:
  engines: [ postgresql:15 ] # --database

# data is kept and backed up, scratch goes with the container.
writable:
  /srv/uploads: data # Dockerfile:6 VOLUME
`);
    expect(stdout).toContain("  Dockerfile:6 VOLUME (writable./etc)\n      because this folder belongs to the image's system\n");
    expect(stdout).toContain("  Dockerfile:2 ARG NPM_TOKEN\n      because it has no default");
    expect(read("index.ts")).toBe('import { environment } from "dockstage";\n\nexport = environment(__dirname);\n');
    expect(read(".gitignore")).toMatch(/^dist\n\/node_modules\n# dockstage: .*\nPulumi\.dev\.yaml\n$/);
    expect(read("package.json")).toBe('{\n\t"name": "@acme/My_Shop",\n\t"devDependencies": {\n\t\t"dockstage": "0.1.0"\n\t}\n}\n');
    expect(readSettings({ folder, stack: "dev", env: {}, dataFolder: root }).settings.app.web).toMatchObject({
      port: 3000,
      health: "/healthz",
    });
    expect(statSync(join(root, ".local/share/dockstage/private-passphrase")).mode & 0o777).toBe(0o600);

    const before = all();
    expect(init().stdout).toContain("Every file is there already; nothing was changed.\n");
    expect(all()).toEqual(before);
  });

  test("--dry-run prints the files and writes none", () => {
    write({ Dockerfile: DOCKERFILE });
    const before = all();
    const { code, stdout } = init("--dry-run");
    expect(code).toBe(0);
    expect(stdout).toContain("--- Pulumi.yaml (new)\nname: shop\n");
    expect(all()).toEqual(before);
  });

  test("an index.ts of the app's stays, and so does the Pulumi.yaml of another program, which is said", () => {
    write({ Dockerfile: DOCKERFILE, "index.ts": "export const app = 1;\n" });
    expect(init().code).toBe(0);
    expect(read("index.ts")).toBe("export const app = 1;\n");
    expect(read("Pulumi.yaml")).toContain("main: dockstage.ts\n");
    rmSync(join(folder, "dockstage.yaml"));
    write({ "Pulumi.yaml": "name: infra\nruntime: go\n" });
    const { code, stdout } = init();
    expect(code).toBe(1);
    expect(stdout).toContain("is of another program: give dockstage a folder of its own");
    expect(read("Pulumi.yaml")).toBe("name: infra\nruntime: go\n");
  });
});

const COMPOSE = `x-app: &app
  build: { context: ., target: prod }
  environment:
    DATABASE_URL: mysql://shop:hunter2pw@db:3306/shop?charset=utf8mb4&serverVersion=10.6
    DB_HOST: db
    CACHE: redis://:\${CACHE_PASSWORD}@web-cache:6379/0
    APP_URL: http://localhost:\${PORT:-8000}
    MAIL_HOST: mailpit
    APP_SECRET: abcdef
    STRIPE_KEY: sk_live_x
    PRICE: "$$5 \${NONE}"
    FROM_SHELL:
services:
  front: { build: ./front, ports: ["3000:3000"] }
  web:
    <<: *app
    ports: ["\${PORT:-8000}:8080"]
    volumes: [".:/srv", "uploads:/var/uploads", "/var/run/docker.sock:/var/run/docker.sock"]
  worker: { <<: *app, command: bin/worker, deploy: { replicas: 2 } }
  migrate: { <<: *app, command: ["bin/migrate", "up"] }
  db: { image: "mysql:5.7", environment: { MYSQL_ROOT_PASSWORD: x } }
  web-cache: { image: "redis:7", environment: { CACHE_PASSWORD: supersecret }, volumes: ["redis:/data"] }
  mailpit: { image: axllent/mailpit, ports: ["8025:8025"] }
  adminer: { image: adminer, ports: ["8081:8080"] }
`;

test("a compose project: app, worker, migrations, database, companion, variables; no value of a secret is taken over", () => {
  write({ "compose.yaml": COMPOSE, ".env": "CACHE_PASSWORD='supersecret'\n", Dockerfile: "FROM debian\nUSER app\n" });
  const { code, stdout, stderr } = init();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const entries = read("dockstage.yaml").replace(/ # .*$/gm, "").split("\n").filter((line) => line !== "" && !line.startsWith("#")).join("\n"); // prettier-ignore
  expect(entries).toBe(`name: shop
build:
  context: .
  target: prod
  mount: /srv
web:
  port: 8080
  health: /
database:
  engines: [ mariadb:10.5 ]
  migrate: [ bin/migrate, up ]
services:
  my-web-cache:
    image: redis:7
    env:
      CACHE_PASSWORD: \${secrets.CACHE_PASSWORD}
    data: /data
processes:
  worker:
    run: bin/worker
    replicas: 2
env:
  DATABASE_URL: \${database.url}?charset=utf8mb4
  DB_HOST: \${database.host}
  CACHE: redis://:\${secrets.CACHE_PASSWORD}@my-web-cache:6379/0
  APP_URL: \${url}
  MAIL_HOST: \${mail.host}
  PRICE: "$5 "
secrets:
  CACHE_PASSWORD: generate
  APP_SECRET: generate
  STRIPE_KEY: required
writable:
  /var/uploads: data`);
  for (const secret of ["supersecret", "hunter2pw", "abcdef", "sk_live_x"]) expect(read("dockstage.yaml") + stdout).not.toContain(secret);
  for (const left of ["docker.sock", "FROM_SHELL", "services.mailpit", "services.adminer", "services.front"])
    expect(stdout.slice(stdout.indexOf("Left out"))).toContain(left);
  expect(stdout).toMatch(/pulumi config set --secret STRIPE_KEY -s dev\n +npx dockstage up dev\n$/);
  expect(collect(folder, { service: "front" }).value("build", "context")).toBe("front");
});

test("DDEV and composer.json of a Laravel app", () => {
  write({
    ".ddev/config.yaml": `name: My Shop\ntype: laravel\ndocroot: public\nphp_version: "8.4"\nwebserver_type: apache-fpm\ndatabase: { type: postgres, version: "16" }\nhooks: {}\n`,
    "composer.json": '{"require":{"php":"~8.1 || 7.4.*","laravel/framework":"^10","ext-json":"*","ext-pdo_pgsql":"*","ext-gd":"*"}}',
    artisan: "",
    "database/migrations/1.php": "",
    "vendor/autoload.php": "",
  });
  const found = collect(folder, {});
  expect(Object.fromEntries(found.lines.filter(({ path }) => ["name", "php", "database"].includes(path[0] ?? "")).map(({ path, value }) => [path.join("."), value]))).toEqual({
    name: "my-shop",
    "php.docroot": "public",
    "php.servers": ["apache"],
    "php.live": "8.4",
    "php.versions": ["7.4", "8.2", "8.4"],
    "php.build": "composer install --no-dev --no-interaction --optimize-autoloader",
    "php.packages": ["composer", "unzip"],
    "php.extensions": ["pgsql", "gd", "mbstring", "xml", "curl"],
    "database.engines": ["postgresql:17"],
    "database.migrate": "php artisan migrate --force",
    "database.migrations": "database/migrations/**",
  }); // prettier-ignore
  expect(found.value("env", "DB_CONNECTION")).toBe("pgsql");
  expect(found.leftOut).toContainEqual({ what: ".ddev/config.yaml hooks", because: "they are DDEV's own" });
  expect(init().code).toBe(0);
});

test("a PHP app of php-fpm gets dockstage's PHP image", () => {
  write({ Dockerfile: "FROM php:8.2-fpm\n", "composer.json": '{"require":{"php":">=8.2"}}', "web/index.php": "" });
  const found = collect(folder, {});
  expect([found.has("build"), found.value("php", "versions"), found.value("php", "docroot")]).toEqual([false, ["8.2", "8.4"], "web"]);
});

describe("what cannot be found", () => {
  test("without a terminal: exit code 2 and the flag for each", () => {
    const nothing = init("--yes");
    expect(nothing).toMatchObject({ code: 2, stdout: "" });
    expect(nothing.stderr).toContain("  --php 8.2 --docroot public ");
    write({ Dockerfile: "FROM debian\n" });
    const port = init();
    expect(port).toMatchObject({ code: 2, stdout: "" });
    expect(port.stderr).toContain(
      "  --port 8080            the port that the app listens on in its container\n\nExample:  npx dockstage init --port 8080 --yes\n",
    );
    expect(readdirSync(folder)).toEqual(["Dockerfile"]);
    expect(init("--port", "70000").stderr).toBe('dockstage: --port "70000": it must be a number from 1 to 65535. Try: dockstage --help\n');
    expect(init("--port", "8000").code).toBe(0);
  });

  test("at a terminal it is asked, until the answer will do", async () => {
    write({ Dockerfile: "FROM debian\n" });
    const questions = openQuestions(collect(folder, {}));
    expect(questions.map(({ flag }) => flag)).toEqual(["name", "port", "health", "database"]);
    const [input, output] = [new PassThrough(), new PassThrough()];
    const typed = ["", "many", "8000", "", "mariadb"];
    let shown = "";
    output.on("data", (chunk: Buffer) => {
      shown += chunk.toString();
      if (/: $/.test(chunk.toString())) setImmediate(() => input.write(`${typed.shift() ?? ""}\n`));
    });
    expect(await ask(questions, input, output)).toEqual({ port: "8000", health: "/", database: "mariadb" });
    expect(shown).toContain("The app's name [shop]: ");
    expect(shown).toContain(`  ${QUESTIONS.port.wrong("many")}\n`);
  });
});

test("dockstage's own folder is refused", () => {
  const { code, stderr } = init("--folder", PACKAGE);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "dockstage: this is dockstage's own folder, whose example needs no init; go to the app's folder. Try: dockstage --help\n",
  });
});

test("a description that Pulumi.yaml has elsewhere is found there", () => {
  write({
    "Pulumi.yaml": "name: shop\ndockstage: app/dockstage.yaml\nplugins: { providers: [{ name: dockstage }] }\n",
    "app/dockstage.yaml": "name: shop\nimage: shop:1\nweb: { port: 80 }\n",
  });
  expect(init().stdout).toMatch(/app\/dockstage\.yaml +is there\n/);
  expect(readdirSync(folder)).not.toContain("dockstage.yaml");
});

test("the guestbook's folder needs nothing", () => {
  cpSync(join(PACKAGE, "examples", "guestbook"), folder, { recursive: true });
  const { code, stdout } = init();
  expect(code).toBe(0);
  expect(stdout).toMatch(/dockstage\.yaml +is there\n/);
});
