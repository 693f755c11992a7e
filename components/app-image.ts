import type * as pulumi from "@pulumi/pulumi";
import { catalogue } from "../config/catalogue";
import type { BuildSource, HttpServer, ImageSource, PhpSource } from "../config/settings";
import type { ImageRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";
import { appSecret } from "./secrets";

export interface AppImageArgs {
  readonly source: PhpSource | BuildSource | ImageSource;
  /** Runtime and HTTP server, for the PHP recipe. */
  readonly php?: { readonly version: string; readonly server: HttpServer };
  /** The debugger is in the recipe's image. */
  readonly debugger: boolean;
  /** A layer with /usr/sbin/sendmail goes on top. */
  readonly sendmail: boolean;
  /** The person's folder is mounted where the code would be: the image leaves it out. */
  readonly mounted: boolean;
  /** Paths relative to the app's folder that are writable volumes: the recipe makes them. */
  readonly writable: readonly string[];
  readonly variant?: string;
}

/** Name of the app's image record. */
export const appImageName = (variant?: string): string => (variant ? `app-${variant}` : "app");

function recipe(source: PhpSource, php: NonNullable<AppImageArgs["php"]>, args: AppImageArgs): ImageRecord["source"] {
  const { mounted } = args;
  return {
    from: "build",
    context: [
      { path: "package:images/php", to: "recipe" },
      { path: "package:images/sendmail", to: "sendmail" },
      ...(mounted ? [] : [{ path: "app:." as const, to: "app" }]),
    ],
    dockerfile: "recipe/Dockerfile",
    args: {
      SUITE: catalogue.php[php.version],
      PHP: php.version,
      SERVER: php.server,
      DOCROOT: source.docroot,
      EXTENSIONS: source.extensions.join(" "),
      PACKAGES: source.packages.join(" "),
      INI: Object.entries(source.ini)
        .map(([key, value]) => `${key}=${value}`)
        .join("\n"),
      DIRS: args.writable.join(" "),
      MOUNTED: mounted ? "1" : "",
      DEBUGGER: args.debugger ? "1" : "",
      ...(!mounted && { BUILD: source.build.join("\n") }),
    },
    secrets: {},
  };
}

/** The app's image: by the PHP recipe, by the team's Dockerfile, or a ready one. */
export function appImage(args: AppImageArgs): readonly ImageRecord[] {
  const name = appImageName(args.variant);
  if (!args.sendmail) return sourceImage(name, args);
  const context = [{ path: "package:images/sendmail" as const, to: "" }];
  return [
    ...sourceImage(`${name}-base`, args),
    { kind: "image", name, source: { from: "derive", base: `image:${name}-base`, context, dockerfile: "Dockerfile" } },
  ];
}

function sourceImage(name: string, args: AppImageArgs): readonly ImageRecord[] {
  const { source, php } = args;
  switch (source.from) {
    case "php":
      if (!php) throw new Error(`${name}: the PHP recipe needs a version and an HTTP server`);
      return [{ kind: "image", name, source: recipe(source, php, args) }];
    case "build":
      return [
        {
          kind: "image",
          name,
          source: {
            from: "build",
            context: [{ path: `app:${source.context}`, to: "" }],
            dockerfile: source.dockerfile,
            ...(source.target && { target: source.target }),
            args: source.args,
            secrets: Object.fromEntries(source.secrets.map((secret) => [secret, appSecret(secret)])),
          },
        },
      ];
    case "image":
      return [{ kind: "image", name, source: { from: "reference", reference: source.reference } }];
    default:
      return source satisfies never;
  }
}

/**
 * The image that web, processes and jobs of an app share.
 *
 * @example
 * new AppImage("image", { platform, source: { from: "image", reference: "portal:1" }, mounted: false, debugger: false, sendmail: false,
 *   writable: [] });
 */
export class AppImage extends PlannedComponent {
  constructor(name: string, args: AppImageArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("AppImage", name, appImage(args), args, opts);
    this.registerOutputs({});
  }
}
