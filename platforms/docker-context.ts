import { posix, resolve } from "node:path";
import type * as pulumi from "@pulumi/pulumi";
import { physicalName } from "../plan/names";
import type { Kind, Ref } from "../plan/records";
import type { Image, Job, Route } from "../provider/resources";

export interface DockerPlatformArgs {
  readonly project: string;
  readonly stack: string;
  /** Absolute folders that `app:` and `package:` stand for. */
  readonly folders: { readonly app: string; readonly package: string };
  /** CIDR that the environment's subnets are taken from. @default "10.213.0.0/16" */
  readonly pool?: string;
  /** The value of a secret that the stack's config holds. @default there is none, and using one is an error */
  readonly secret?: (key: string) => pulumi.Output<string>;
}

/** What later records need of realised ones, by kind. */
export interface Handles {
  image: Image;
  network: pulumi.Output<string>;
  /** `stamp` changes where the volume was made anew; `adopted` says that its data was there before the stack's state. */
  volume: {
    readonly name: pulumi.Output<string>;
    readonly stamp: pulumi.Output<string>;
    readonly adopted: pulumi.Output<boolean | undefined>;
    readonly ready: pulumi.Resource;
  };
  secret: pulumi.Output<string>;
  file: { readonly content: string; readonly executable: boolean };
  service: {
    readonly ids: pulumi.Output<string>[];
    readonly upstream: pulumi.Output<string>;
    /** What other services wait for: that it is ready or, where nothing tells that, that it was started. */
    readonly started: pulumi.Resource[];
    readonly ready: pulumi.Resource[];
    readonly port?: pulumi.Output<string>;
  };
  job: Job;
  route: Route;
}

/** One environment on one engine: what was asked for, and what was made so far. */
export class DockerContext {
  readonly handles: { readonly [K in Kind]: Map<string, Handles[K]> } = {
    image: new Map(),
    network: new Map(),
    volume: new Map(),
    secret: new Map(),
    file: new Map(),
    service: new Map(),
    job: new Map(),
    route: new Map(),
  };
  /** Files volumes by what is in them: runs of one image with the same files share one. */
  readonly filesOf = new Map<string, { readonly name: string; readonly volume: pulumi.Output<string> }>();
  /** What the description calls the ready images, by the image record's name. */
  readonly references = new Map<string, string>();
  /** Ready images by what the description calls them. */
  readonly ready = new Map<string, Image>();
  /** What must be there before a volume is: the leases, which refuse a second environment of the same name. */
  readonly first: pulumi.Resource[] = [];
  /** Jobs that opened a folder of the person's, by folder. */
  readonly opened = new Map<string, Job>();
  toolsImage?: Image;

  constructor(readonly args: DockerPlatformArgs) {}

  handle<K extends Kind>(kind: K, ref: Ref): Handles[K] {
    const found = this.handles[kind].get(ref.slice(ref.indexOf(":") + 1));
    if (!found) throw new Error(`${ref} is not in this plan, or comes later: pass the component that makes it first`);
    return found;
  }

  labels(record: { readonly name: string; readonly variant?: string }): Record<string, string> {
    const { project, stack } = this.args;
    return {
      "dockstage.project": project,
      "dockstage.stack": stack,
      "dockstage.component": record.name,
      ...(record.variant && { "dockstage.variant": record.variant }),
    };
  }

  /** A path in a container of this image: what is relative starts at its WORKDIR. */
  inside(image: Image, path: string): pulumi.Input<string> {
    return posix.isAbsolute(path) ? path : image.workdir.apply((workdir) => posix.resolve("/", workdir, path));
  }

  path(path: string): string {
    const [anchor, ...rest] = path.split(":");
    return resolve(anchor === "package" ? this.args.folders.package : this.args.folders.app, rest.join(":"));
  }

  physical(name: string): string {
    return physicalName(this.args.project, this.args.stack, name);
  }
}
