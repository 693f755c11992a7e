import { catalogue } from "../../config/catalogue";

/** What is known of PHP frameworks: where they serve from, read their variables, and write. */
export interface Framework {
  readonly name: string;
  /** Packages of Composer that only it has. */
  readonly packages: readonly string[];
  /** `type` in .ddev/config.yaml. */
  readonly ddev: RegExp;
  readonly docroot: string;
  readonly extensions: readonly string[];
  /** `engine` is what the framework calls the driver. */
  readonly env: (engine: "mariadb" | "postgresql" | undefined) => Readonly<Record<string, string>>;
  /** With the docroot as `<docroot>`. */
  readonly writable: Readonly<Record<string, "data" | "scratch">>;
  /** Runs where the package or file is there. */
  readonly migrate?: { readonly needs: string; readonly run: string; readonly files?: string };
  readonly hints: readonly string[];
}

const driver = (engine: "mariadb" | "postgresql" | undefined): string => (engine === "postgresql" ? "pgsql" : "mysql");

export const frameworks: readonly Framework[] = [
  {
    name: "Laravel",
    packages: ["laravel/framework"],
    ddev: /^laravel$/,
    docroot: "public",
    extensions: ["mbstring", "xml", "curl"],
    env: (engine) => ({
      APP_URL: "${url}",
      ...(engine && {
        DB_CONNECTION: driver(engine),
        DB_HOST: "${database.host}",
        DB_PORT: "${database.port}",
        DB_DATABASE: "${database.name}",
        DB_USERNAME: "${database.user}",
        DB_PASSWORD: "${database.password}",
      }),
      MAIL_MAILER: "smtp",
      MAIL_HOST: "${mail.host}",
      MAIL_PORT: "${mail.port}",
    }),
    // Not storage as a whole: a new volume would hide the folders in it that Laravel does not make itself.
    writable: {
      "storage/app": "data",
      "storage/framework/cache": "scratch",
      "storage/framework/sessions": "scratch",
      "storage/framework/views": "scratch",
      "storage/logs": "scratch",
      "bootstrap/cache": "scratch",
    },
    migrate: { needs: "artisan", run: "php artisan migrate --force", files: "database/migrations" },
    hints: ["Laravel reads APP_KEY from .env, which DEV mounts; for the other stages declare it: secrets: { APP_KEY: required }"],
  },
  {
    name: "Symfony",
    packages: ["symfony/framework-bundle"],
    ddev: /^symfony$/,
    docroot: "public",
    extensions: ["mbstring", "xml", "intl"],
    env: (engine) => ({ ...(engine && { DATABASE_URL: "${database.url}" }), DEFAULT_URI: "${url}", MAILER_DSN: "${mail.dsn}" }),
    writable: { var: "scratch" },
    migrate: {
      needs: "migrations",
      run: "php bin/console doctrine:migrations:migrate --no-interaction --allow-no-migration",
      files: "migrations",
    },
    hints: [],
  },
  {
    name: "Drupal",
    packages: ["drupal/core", "drupal/core-recommended"],
    ddev: /^drupal/,
    docroot: "web",
    extensions: ["gd", "mbstring", "xml"],
    env: (engine) => (engine ? partsAs("DB") : {}),
    writable: { "<docroot>/sites/default/files": "data" },
    hints: ["Drupal's settings.php must take the database from the variables: getenv('DB_HOST') and so on"],
  },
  {
    name: "TYPO3",
    packages: ["typo3/cms-core"],
    ddev: /^typo3$/,
    docroot: "public",
    extensions: ["gd", "intl", "mbstring", "xml", "zip"],
    env: (engine) => (engine ? partsAs("DB") : {}),
    writable: { var: "scratch", "<docroot>/typo3temp": "scratch", "<docroot>/fileadmin": "data" },
    hints: ["TYPO3's config/system/additional.php must take the database from the variables: getenv('DB_HOST') and so on"],
  },
  {
    name: "WordPress",
    packages: ["johnpbloch/wordpress", "roots/wordpress"],
    ddev: /^wordpress$/,
    docroot: ".",
    extensions: ["curl", "gd", "intl", "mbstring", "xml", "zip"],
    env: (engine) => ({
      ...(engine && {
        WORDPRESS_DB_HOST: "${database.host}:${database.port}",
        WORDPRESS_DB_NAME: "${database.name}",
        WORDPRESS_DB_USER: "${database.user}",
        WORDPRESS_DB_PASSWORD: "${database.password}",
      }),
      WP_HOME: "${url}",
    }),
    writable: { "<docroot>/wp-content/uploads": "data" },
    hints: ["WordPress's wp-config.php must take the database from the variables: getenv('WORDPRESS_DB_HOST') and so on"],
  },
];

/** What a program of no known framework most likely reads. */
const partsAs = (prefix: string): Readonly<Record<string, string>> => ({
  [`${prefix}_HOST`]: "${database.host}",
  [`${prefix}_PORT`]: "${database.port}",
  [`${prefix}_NAME`]: "${database.name}",
  [`${prefix}_USER`]: "${database.user}",
  [`${prefix}_PASSWORD`]: "${database.password}",
});

/** Extensions of composer.json that Debian packages under another name; what is not here has its own. */
const PACKAGES: Readonly<Record<string, string>> = {
  pdo_mysql: "mysql", mysqli: "mysql", mysqlnd: "mysql", pdo_pgsql: "pgsql", pdo_sqlite: "sqlite3", sqlite: "sqlite3",
  dom: "xml", simplexml: "xml", xmlreader: "xml", xmlwriter: "xml", xsl: "xml",
}; // prettier-ignore
/** In every PHP of Debian. */
const BUILT_IN =
  /^(calendar|ctype|date|exif|ffi|fileinfo|filter|ftp|gettext|hash|iconv|json|libxml|opcache|openssl|pcntl|pcre|pdo|phar|posix|random|reflection|session|shmop|sockets|sodium|spl|standard|sysv(msg|sem|shm)|tokenizer|zend[-_ ]opcache|zlib)$/;

/** `ext-pdo_mysql` to `mysql`; undefined for what PHP always has. */
export function extensionOf(name: string): string | undefined {
  const plain = name.replace(/^ext-/, "").toLowerCase().replaceAll("-", "_");
  return BUILT_IN.test(plain) ? undefined : (PACKAGES[plain] ?? plain);
}

/** PHP's extension for the engine of an entry of `database.engines`. */
export const databaseExtension = (entry: string): string => (entry.startsWith("postgresql") ? "pgsql" : "mysql");

export const engineOf = (entry: unknown): "mariadb" | "postgresql" | undefined =>
  typeof entry !== "string"
    ? undefined
    : entry.startsWith("postgresql")
      ? "postgresql"
      : entry.startsWith("mariadb")
        ? "mariadb"
        : undefined;

/** What a person may name: `mariadb`, `mariadb:10.11`. */
export const databaseForms: readonly string[] = Object.entries(catalogue.databases).flatMap(([engine, table]) => [
  engine,
  ...Object.keys(table).map((one) => `${engine}:${one}`),
]);
