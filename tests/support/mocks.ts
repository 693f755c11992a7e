import * as pulumi from "@pulumi/pulumi";

/** One resource that a program registered under mocks, with everything the engine would be told. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly parent: string | undefined;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  /** Names of what it explicitly comes after. */
  readonly dependsOn: readonly (string | undefined)[];
}

interface Options {
  readonly type: string;
  readonly name: string;
  readonly opts: pulumi.ResourceOptions;
}

/** What computed outputs look like under mocks, by type. */
const COMPUTED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "dockstage:index:Image": {
    imageId: "sha256:image",
    tag: "tag",
    contentHash: "hash",
    bases: {},
    entrypoint: ["/entry"],
    command: ["cmd"],
    workdir: "/",
    uid: 1000,
    gid: 1000,
    shell: true,
  },
  "dockstage:index:Files": { volume: "files-volume" },
  "dockstage:index:Generation": { token: "abcd1234" },
  "dockstage:index:Lease": { value: "8080" },
  "dockstage:index:Password": { value: "password-canary" },
  "dockstage:index:External": { networkId: "external-id" },
};

/**
 * Runs a program under Pulumi's mocks and returns what it registered, in order. Options are read by a stack transform, because
 * mocks hide them.
 *
 * @param computed outputs beside those, by type
 */
export async function register(
  program: () => unknown,
  project = "guestbook",
  stack = "dev",
  computed: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {},
): Promise<readonly Registered[]> {
  const seen = new Map<string, Registered["inputs"]>();
  const options: Options[] = [];
  const names = new Map<pulumi.Resource, string>();
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, ...rest }) => {
        // Pulumi types it as any.
        const inputs = rest.inputs as Registered["inputs"];
        seen.set(`${type} ${name}`, inputs);
        return { id: `${name}-id`, state: { ...inputs, ...COMPUTED[type], ...computed[type] } };
      },
      call: () => ({}),
    },
    project,
    stack,
    false,
  );
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ resource, type, name, opts }) => {
      options.push({ type, name, opts });
      names.set(resource, name);
      return undefined;
    });
    program();
    return Promise.resolve({});
  });
  // Registrations go on after the program ended.
  await pulumi.runtime.disconnect();
  return options
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .map(({ type, name, opts }) => ({
      type,
      name,
      inputs: seen.get(`${type} ${name}`) ?? {},
      parent: opts.parent && names.get(opts.parent),
      protect: opts.protect ?? false,
      retainOnDelete: opts.retainOnDelete ?? false,
      deleteBeforeReplace:
        "deleteBeforeReplace" in opts && typeof opts.deleteBeforeReplace === "boolean" ? opts.deleteBeforeReplace : undefined,
      ignoreChanges: opts.ignoreChanges ?? [],
      dependsOn: Array.isArray(opts.dependsOn)
        ? opts.dependsOn.map((one) => (pulumi.Resource.isInstance(one) ? names.get(one) : undefined))
        : [],
    }));
}
