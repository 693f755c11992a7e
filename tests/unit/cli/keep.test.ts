import { describe, expect, test } from "@jest/globals";
import type { StateResource } from "../../../cli/deployment";
import { kept, untied } from "../../../cli/keep";

const urn = (type: string, name: string): string => `urn:pulumi:dev::portal::${type}::${name}`;
const stack = { urn: urn("pulumi:pulumi:Stack", "portal-dev"), type: "pulumi:pulumi:Stack", outputs: { schema: 1 } };
const provider = { urn: urn("pulumi:providers:docker", "default"), type: "pulumi:providers:docker", id: "p1", parent: stack.urn };
const parent = { urn: urn("dockstage:components:DatabaseVolume", "data"), type: "dockstage:components:DatabaseVolume", parent: stack.urn };
const lease = { urn: urn("dockstage:index:Lease", "edge-subnet"), type: "dockstage:index:Lease", id: "10.213.0.0/27", parent: stack.urn };

const volume = (name: string, more: Partial<StateResource> = {}): StateResource => ({
  urn: urn("docker:index/volume:Volume", name),
  type: "docker:index/volume:Volume",
  id: `portal-dev-${name}`,
  parent: parent.urn,
  provider: `${provider.urn}::p1`,
  inputs: { labels: [{ label: "dockstage.component", value: name }] },
  ...more,
});
const stamp = (name: string): StateResource => ({
  urn: urn("dockstage:index:Stamp", `${name}-stamp`),
  type: "dockstage:index:Stamp",
  id: `portal-dev-${name}`,
  parent: stack.urn,
});
const other = (type: string, name: string): StateResource => ({ urn: urn(type, name), type, id: name, parent: stack.urn });

const password = other("dockstage:index:Password", "root-password");
const seed = other("dockstage:index:Job", "seed");
const container = other("docker:index/container:Container", "web");
const names = (urns: ReadonlySet<string>): readonly string[] => [...urns].map((name) => name.split("::").at(-1) ?? "").sort();

describe("what stays when an environment goes down", () => {
  const resources = [
    stack,
    provider,
    parent,
    lease,
    volume("data"),
    stamp("data"),
    volume("routes"),
    stamp("routes"),
    volume("environments"),
    stamp("environments"),
    password,
    seed,
    container,
    other("dockstage:index:Announcement", "announcement"),
  ];

  test("data, its stamp, passwords, what was done on it, and their parents and providers; no routes, nothing that runs", () => {
    expect(names(kept(resources, { data: false }))).toEqual(
      ["data", "data", "data-stamp", "default", "portal-dev", "root-password", "seed"].sort(),
    );
  });

  test("with --data nothing, unless it is protected", () => {
    expect(kept(resources, { data: true })).toEqual(new Set());
    const isData = ({ type, urn }: { type: string; urn: string }): boolean => type.endsWith(":Volume") && urn.endsWith("::data");
    const protectedOne = resources.map((resource) => (isData(resource) ? { ...resource, protect: true } : resource));
    expect(kept(protectedOne, { data: true })).toEqual(kept(resources, { data: false }));
  });

  test("without data nothing; what waits to be deleted is no data", () => {
    expect(kept([stack, password, seed, container], { data: false })).toEqual(new Set());
    expect(kept([stack, volume("data", { delete: true })], { data: false })).toEqual(new Set());
  });
});

describe("the state that destroy starts from", () => {
  const tied = volume("data", {
    dependencies: [lease.urn, stamp("data").urn],
    propertyDependencies: { labels: [stamp("data").urn], name: [lease.urn], driver: null },
    deletedWith: container.urn,
  });
  const resources = [stack, provider, parent, lease, { ...container, dependencies: [lease.urn] }, stamp("data"), tied];
  const state = { version: 3, deployment: { resources, secrets_providers: { type: "passphrase" } } };

  test("has no tie from what stays to what goes, no outputs, and is otherwise the same", () => {
    const after = untied(state, kept(resources, { data: false }));
    expect(after).toEqual({
      version: 3,
      deployment: {
        secrets_providers: { type: "passphrase" },
        resources: [
          { ...stack, outputs: {} },
          provider,
          parent,
          lease,
          { ...container, dependencies: [lease.urn] },
          stamp("data"),
          {
            ...volume("data"),
            dependencies: [stamp("data").urn],
            propertyDependencies: { labels: [stamp("data").urn], name: [], driver: [] },
          },
        ],
      },
    });
  });
});
