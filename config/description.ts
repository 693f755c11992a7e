import { z } from "zod";
import { catalogue, versionsOf } from "./catalogue";
import { cpus, duration, either, imageReference, inside, line, list, memory, named, oneOf, quoted, section, text, whole } from "./words";

/**
 * The form of dockstage.yaml, as a person writes it. What needs more than one section to be judged is in config/rules.ts, and
 * defaults are filled in by config/defaults.ts.
 */

export const NAME = /^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$/;
export const NAME_WORDS = "must be 1 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending in -";

const phpVersions = versionsOf(catalogue.php);
const version = text(
  new RegExp(`^(${phpVersions.map((one) => one.replace(".", "\\.")).join("|")})$`),
  "the PHP recipe has no such version",
  `use one of ${quoted(phpVersions)}`,
).meta({ enum: [...phpVersions] });

/** A program: a line for the shell, or a list that is executed as it is. */
const command = either(
  [
    text(/\S/, "the command is empty", 'write for example "bin/worker"'),
    list(line("write each word as text"), 'write for example ["bin/worker", "--verbose"]'),
  ],
  "must be a command: a line of text for the shell, or a list of words",
  'write for example "bin/worker" or ["bin/worker"]',
).meta({ description: "A line for the shell, or a list of words that is executed without one." });

const limits = {
  memory: memory().optional().meta({ description: 'Memory that it may use at most: "256MiB".' }),
  cpus: cpus().optional().meta({ description: "Cores that it may use at most: 0.5." }),
};

const absolute = text(
  /^\/(?!(.*\/)?\.\.(\/|$))[A-Za-z0-9._/@+-]+$/,
  "must be an absolute path in the container",
  'write for example "/data"',
);

const variables = (fix: string) =>
  named(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    { message: "the name of a variable may hold only letters, digits and _", fix },
    line("put the value in quotes"),
    fix,
  );

const listOrOne = <T extends z.ZodType>(entry: T, fix: string, least: 0 | 1 = 0) =>
  either([entry, list(entry, fix, least)], "must be text or a list of texts", fix);

const php = section(
  {
    versions: list(version, 'write for example versions: ["8.2"]').meta({
      description: "The PHP versions to be supported; DEV runs the oldest, TEST all.",
    }),
    live: version.optional().meta({ description: "The version of STAGING and LIVE. Default: the newest of versions." }),
    servers: list(
      oneOf(["nginx", "apache"], "there is no such HTTP server", "use nginx or apache"),
      "write for example [nginx, apache]",
    ).optional(),
    docroot: inside("must be a folder in the app's folder", 'write for example "public"; "." is the app\'s folder itself').optional(),
    extensions: list(
      text(/^[a-z][a-z0-9_]*$/, "must be the name of a PHP extension", "write for example [intl, gd, pgsql]"),
      "write for example [intl, gd]",
      0,
    ).optional(),
    ini: named(
      /^[A-Za-z_][A-Za-z0-9_.-]*$/,
      { message: "this is no name of a php.ini setting", fix: "write for example memory_limit" },
      line('put the value in quotes: "64M"'),
      "write for example { upload_max_filesize: 64M }",
    ).optional(),
    build: listOrOne(line('write for example "composer install --no-dev"'), 'write for example ["composer install --no-dev"]').optional(),
    packages: list(
      text(/^[a-z0-9][a-z0-9+.-]+$/, "must be the name of a Debian package", "write for example [git]"),
      "write for example [git]",
      0,
    ).optional(),
  },
  'write for example php: { versions: ["8.2"] }',
).meta({ description: "dockstage makes the app's image: PHP and an HTTP server." });

const SECRET = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
const secretName = text(SECRET, "must be the name of a secret that is declared under secrets", "write for example [COMPOSER_AUTH]");
const path = inside("must be a path in the folder of dockstage.yaml", 'write for example "." or "app"');

const build = either(
  [
    path,
    section(
      {
        context: path.optional(),
        dockerfile: inside("must be a path in the context", "write for example Dockerfile").optional(),
        target: text(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, "must be the name of a stage of the Dockerfile", "write for example prod").optional(),
        args: variables('write for example { NODE_ENV: "production" }').optional(),
        secrets: list(secretName, "write for example [COMPOSER_AUTH]", 0).optional(),
        mount: absolute.optional().meta({ description: "In DEV the context is mounted here." }),
      },
      "write for example build: { context: . }",
    ),
  ],
  "must be a folder, or a map",
  "write for example build: . or build: { context: ., dockerfile: Dockerfile }",
).meta({ description: "The team's own Dockerfile makes the app's image." });

const web = section(
  {
    ...limits,
    port: whole(1, 65535, "the port that the app listens on, for example port: 8080").optional(),
    health: text(/^\/[^\s#]*$/, "must be a path that starts with /", "write for example /healthz").optional(),
    healthTimeout: duration(1, 3600).optional(),
    run: command.optional(),
    stopGrace: duration(0, 3600).optional(),
  },
  "write for example web: { port: 8080, health: /healthz }",
);

const ENGINES = Object.entries(catalogue.databases).map(([engine, table]) => ({ engine, series: versionsOf(table) }));
const engineForms = ENGINES.flatMap(({ engine, series }) => [engine, ...series.map((one) => `${engine}:${one}`)]);
const engine = either(
  [
    text(
      new RegExp(`^(${engineForms.join("|").replaceAll(".", "\\.")})$`),
      "there is no such database",
      `use one of ${engineForms.join(", ")}`,
    ).meta({ enum: engineForms }),
    section(
      {
        engine: oneOf(["mariadb", "postgresql"], "there is no such database", "use mariadb or postgresql"),
        series: text(/^\d{1,3}(\.\d{1,3})?$/, "must be a release series", 'write for example "10.11"').optional(),
        image: imageReference.optional().meta({ description: "An image with the environment contract of the official one." }),
      },
      'write for example { engine: mariadb, series: "10.11" }',
    ),
  ],
  "must be the name of a database, or a map",
  'write for example mariadb, "mariadb:10.11" or { engine: mariadb, series: "10.11" }',
);

const database = section(
  {
    engines: list(engine, "write for example engines: [mariadb]").meta({
      description: "The first is DEV's, STAGING's and LIVE's; TEST runs all.",
    }),
    migrate: command.optional(),
    migrations: listOrOne(
      text(
        /^(?!\/)(?!(.*\/)?\.\.(\/|$))[^\r\n\\]+$/,
        "must be a pattern for files in the folder of dockstage.yaml",
        'write for example "migrations/**"',
      ),
      'write for example "migrations/**"',
    ).optional(),
    seed: command.optional(),
  },
  "write for example database: { engines: [mariadb] }",
);

const key = (what: string) => ({
  message: `the name of a ${what} must be 1 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending in -`,
  fix: "rename it",
});

const services = named(
  NAME,
  key("service"),
  section(
    {
      image: imageReference,
      run: command.optional(),
      env: variables("write for example { TZ: UTC }").optional(),
      data: absolute.optional().meta({ description: "Path of a volume for its data." }),
      ...limits,
    },
    'write for example { image: "redis:7" }',
  ),
  'write for example services: { redis: { image: "redis:7" } }',
).meta({ description: "Third-party companions, reached by their key as host name." });

const processes = named(
  NAME,
  key("process"),
  section(
    { run: command, stopGrace: duration(0, 3600).optional(), replicas: whole(0, 100, "for example replicas: 1").optional(), ...limits },
    "write for example { run: bin/worker }",
  ),
  "write for example processes: { worker: { run: bin/worker } }",
).meta({ description: "Programs of the same image that get no traffic." });

/** Every section of dockstage.yaml, by its key. The reader looks at each by itself, so that a fault in one hides none in another. */
export const SECTIONS = {
  name: text(NAME, NAME_WORDS, "write for example name: portal").meta({ description: "Equals the name in Pulumi.yaml." }),
  php: php.optional(),
  build: build.optional(),
  image: imageReference.optional().meta({ description: "A ready image." }),
  web: web.optional(),
  database: database.optional(),
  services: services.optional(),
  processes: processes.optional(),
  env: variables('write for example { BASE_URL: "${url}" }').optional(),
  secrets: named(
    SECRET,
    { message: "the name of a secret may hold only A-Z, 0-9 and single _ between them", fix: "write for example APP_SECRET" },
    oneOf(
      ["generate", "required"],
      "a secret's value never stands here",
      "write generate (dockstage makes one) or required (you set it with pulumi config set --secret)",
    ),
    "write for example { APP_SECRET: generate }",
  ).optional(),
  mail: oneOf(["sendmail"], "there is no such way to send mail", "write mail: sendmail, or remove it")
    .optional()
    .meta({ description: "A layer with /usr/sbin/sendmail on top of the app's image. The PHP recipe has one anyway." }),
  writable: named(
    /^[A-Za-z0-9._/@+ -]+$/,
    { message: "this is no path", fix: "write for example var or /data" },
    oneOf(["data", "scratch"], "must say what becomes of the files", "write data (kept, backed up) or scratch (lost with the container)"),
    "write for example { public/uploads: data, var: scratch }",
  ).optional(),
};

export const descriptionSchema = section(SECTIONS, "write the app's description");
export type Written = z.output<typeof descriptionSchema>;
