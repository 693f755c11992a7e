import type * as pulumi from "@pulumi/pulumi";
import { appImageName } from "../components/app-image";
import { serverName } from "../components/database";
import type { Settings } from "../config/settings";
import type { Platform } from "../platforms/platform";
import { capabilitiesOf } from "./matrix";
import { cellsOf, inboxOf } from "./plan";

/** The stack's outputs: other stacks, the command line and the tests read them. What a stage does not have is null. */
export interface Outputs {
  readonly schema: 1;
  readonly variants: Readonly<Record<string, VariantOutputs>>;
  readonly portal: null;
  readonly mail: {
    readonly mode: "catch";
    /** URL of the mailbox; its API lies below it. */
    readonly inbox: string;
    /** The one address that mail goes to instead of its own. */
    readonly redirectTo: null;
  } | null;
  readonly ssh: null;
  readonly data: { readonly source: "generated" | "synced" | "master"; readonly lastSync: null; readonly lastBackup: null };
  readonly release: null;
}

export interface VariantOutputs {
  readonly url: string;
  readonly database: {
    readonly engine: string;
    readonly version: string;
    readonly volume: pulumi.Output<string>;
    readonly schema: string;
  } | null;
  /** Component to digest, or to the local image ID where there is none. */
  readonly images: Readonly<Record<string, pulumi.Output<string>>>;
}

/** The outputs that the contract in docs/architecture.md names. */
export function outputsOf(settings: Settings, platform: Pick<Platform, "output">): Outputs {
  const capabilities = capabilitiesOf(settings.stage.stage);
  const variants = cellsOf(settings, capabilities).map(({ variant, suffix, url, schema }): readonly [string, VariantOutputs] => {
    const { database } = variant;
    const server = database && serverName(database);
    return [
      variant.name,
      {
        url,
        database:
          database && schema
            ? {
                engine: database.engine,
                version: database.series,
                volume: platform.output(`volume:data-${serverName(database)}`),
                schema: schema.name,
              }
            : null,
        images: {
          app: platform.output(`image:${appImageName(suffix)}`),
          ...(server && { [server]: platform.output(`image:${server}`) }),
          ...Object.fromEntries(Object.keys(settings.app.services).map((name) => [name, platform.output(`image:${name}`)])),
        },
      },
    ];
  });
  return {
    schema: 1,
    variants: Object.fromEntries(variants),
    portal: null,
    mail: capabilities.mail.mode === "catch" ? { mode: "catch", inbox: inboxOf(settings).url, redirectTo: null } : null,
    ssh: null,
    data: { source: capabilities.data.from, lastSync: null, lastBackup: null },
    release: null,
  };
}
