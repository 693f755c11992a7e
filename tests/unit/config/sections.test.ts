import { describe, expect, test } from "@jest/globals";
import { problemsIn } from "./folder";

const IMAGE = "name: portal\nimage: portal:1\nweb: { port: 80 }\n";

/** What stands in the file after the beginning, and the whole text that a person reads about it. */
type Row = readonly [written: string, ...texts: string[]];

const problem = (what: string, fix: string, line: number): string => `dockstage.yaml:${line}: ${what}.\n    Fix: ${fix}`;

describe("each section", () => {
  const services = (inner: string): string => `services: { redis: ${inner} }`;
  const command = 'write for example "bin/worker" or ["bin/worker"]';
  const rows: readonly Row[] = [
    [
      "schedules: {}",
      problem(
        "schedules is {}: there is no such key",
        "the keys here are name, php, build, image, web, database, services, processes, env, secrets, mail, writable",
        4,
      ),
    ],
    [
      "egress: [api.example:443]",
      problem(
        "egress is a list of 1: there is no such key",
        "the keys here are name, php, build, image, web, database, services, processes, env, secrets, mail, writable",
        4,
      ),
    ],
    ["proceses: {}", problem("proceses is {}: there is no such key", 'did you mean "processes"?', 4)],
    [
      "database: { engines: [mysql] }",
      problem(
        'database.engines[0] is "mysql": there is no such database',
        "use one of mariadb, mariadb:10.5, mariadb:10.11, mariadb:11.8, postgresql, postgresql:13, postgresql:15, postgresql:17",
        4,
      ),
    ],
    [
      'database: { engines: [{ engine: mariadb, series: "10.6" }] }',
      problem(
        'database.engines[0].series is "10.6": dockstage has no image of this series of mariadb',
        'use one of "10.5", "10.11", "11.8", or name an image',
        4,
      ),
    ],
    [
      "database: { engines: [{ engine: mariadb, series: 10.10 }] }",
      problem(
        "database.engines[0].series is 10.10: a number must be written as text here (YAML would shorten 8.10 to 8.1)",
        'write "10.10"',
        4,
      ),
    ],
    [
      'database: { engines: [mariadb, "mariadb:10.11"] }',
      problem("database.engines[1]: mariadb 10.11 stands in the list twice", "remove one of the two", 4),
    ],
    [
      "database: { engines: [mariadb], check: bin/check }",
      problem('database.check is "bin/check": there is no such key', "the keys here are engines, migrate, migrations, seed", 4),
    ],
    [
      "database: { engines: [mariadb], migrate: [] }",
      problem("database.migrate is []: the list is empty", 'write for example ["bin/worker", "--verbose"]', 4),
    ],
    [
      "database: { engines: [mariadb], migrations: sql/** }",
      problem("database.migrations: there is no command that these files belong to", "add migrate, for example migrate: bin/migrate", 4),
    ],
    [
      "database: { engines: [mariadb], migrate: a, migrations: sql/** }",
      problem(
        'database.migrations is "sql/**": no file matches this pattern',
        "correct it (migrations/** takes all files below a folder), or remove it",
        4,
      ),
    ],
    [
      "database: { engines: [mariadb], seed: 'a ${HOME}' }",
      problem("database.seed: ${HOME}: only ${size} may stand in this command", "for a variable of the shell write $${HOME}", 4),
    ],
    ["database:", problem("database is (empty): must be a map", "write for example database: { engines: [mariadb] }", 4)],
    [
      services("{ image: redis:7, data: data }"),
      problem('services.redis.data is "data": must be an absolute path in the container', 'write for example "/data"', 4),
    ],
    [
      services("{ image: redis:7, memory: 8MiB }"),
      problem(
        'services.redis.memory is "8MiB": must be a size of at least 16MiB with a unit (MiB or GiB)',
        'write for example "256MiB" or "1GiB"',
        4,
      ),
    ],
    [
      services("{ image: redis:7, cpus: 0 }"),
      problem("services.redis.cpus is 0: must be a number of cores from 0.05 to 256", "write for example 0.5", 4),
    ],
    [
      services("{ image: redis:7, env: { A-B: x } }"),
      problem("services.redis.env.A-B: the name of a variable may hold only letters, digits and _", "write for example { TZ: UTC }", 4),
    ],
    [
      services("{ image: redis:7, env: { A: '${database.url}' } }"),
      problem(
        "services.redis.env.A: ${database.url}: a service knows nothing of the app's database",
        "remove it here; the app's own env may use it",
        4,
      ),
    ],
    [
      "services: { mariadb: { image: a:1 } }",
      problem("services.mariadb: the name is one of dockstage's own", "rename it, for example my-mariadb", 4),
    ],
    ["processes: { door: { run: a } }", problem("processes.door: the name is one of dockstage's own", "rename it, for example my-door", 4)],
    [
      "processes: { Worker: { run: a } }",
      problem(
        "processes.Worker: the name of a process must be 1 to 24 characters of a-z, 0-9 and -, starting with a letter and not ending in -",
        "rename it",
        4,
      ),
    ],
    [
      "processes: { worker: { stopGrace: 60 } }",
      problem("processes.worker.run: is missing", command, 4),
      problem(
        "processes.worker.stopGrace is 60: must be a duration from 0s to 3600s with a unit (s, m or h)",
        'write for example "60s" or "2m"',
        4,
      ),
    ],
    [
      "processes: { worker: { run: 3 } }",
      problem("processes.worker.run is 3: must be a command: a line of text for the shell, or a list of words", command, 4),
    ],
    [
      "processes: { worker: { run: a, stopGrace: 2h } }",
      problem(
        'processes.worker.stopGrace is "2h": must be a duration from 0s to 3600s with a unit (s, m or h)',
        'write for example "60s" or "2m"',
        4,
      ),
    ],
    [
      "processes: { redis: { run: a } }\nservices: { redis: { image: redis:7 } }",
      problem("processes.redis: a service has this name already", "rename one of the two", 4),
    ],
    [
      "env: { PORT: 08080 }",
      problem("env.PORT is 08080: a number must be written as text here (YAML would shorten 8.10 to 8.1)", 'write "08080"', 4),
    ],
    ["env: { db: a, DB: b }", problem("env.DB: differs from db by small and capital letters only", "keep one of the two", 4)],
    [
      "env: { A: '${databse.url}' }",
      problem(
        "env.A: ${databse.url}: there is no such name",
        "the names here are url, mail.dsn, mail.host, mail.port; for a plain ${ write $${",
        4,
      ),
    ],
    [
      "secrets: { app_secret: generate }",
      problem(
        "secrets.app_secret: the name of a secret may hold only A-Z, 0-9 and single _ between them",
        "write for example APP_SECRET",
        4,
      ),
    ],
    [
      "secrets: { A: sk_live_1 }",
      problem(
        "secrets.A is (hidden): a secret's value never stands here",
        "write generate (dockstage makes one) or required (you set it with pulumi config set --secret)",
        4,
      ),
    ],
    [
      "writable: { .: data }",
      problem(
        'writable.".": the app\'s folder itself holds its code and may not be a volume',
        "name the folders in it that the app writes to",
        4,
      ),
    ],
    ["writable: { ../a: data }", problem('writable."../a": a path may not lead out of the app\'s folder', "write it without ..", 4)],
    [
      "writable: { /usr: data }",
      problem("writable./usr: this folder belongs to the image's system", "name a folder below it that the app writes to", 4),
    ],
    [
      "writable: { /proc/x: data }",
      problem("writable./proc/x: this folder belongs to the image's system", "name a folder below it that the app writes to", 4),
    ],
    ["writable: { var: data, var/: data }", problem("writable.var/: is the same as var", "keep one of the two", 4)],
    ["mail: smtp", problem('mail is "smtp": there is no such way to send mail', "write mail: sendmail, or remove it", 4)],
    [
      "writable: { var: backup }",
      problem(
        'writable.var is "backup": must say what becomes of the files',
        "write data (kept, backed up) or scratch (lost with the container)",
        4,
      ),
    ],
  ];
  test.each(rows)("%s", (written, ...texts) => expect(problemsIn(`${IMAGE}${written}\n`)).toEqual(texts));

  test.each([
    "writable: { var: data, variable: data }",
    "writable: { /usr/src/app/uploads: data }",
    "env: { A: 'a $HOME $${b} ${url}' }",
    "web: { port: 80 }",
  ])("%s is right", (written) =>
    expect(problemsIn(`name: portal\nimage: portal:1\n${written.startsWith("web") ? "" : "web: { port: 80 }\n"}${written}\n`)).toEqual([]),
  );
});
