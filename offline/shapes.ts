/**
 * The shapes that the platforms emit, and that the offline docker plugin therefore knows: nothing else is accepted. The golden
 * tests hold the platforms to this list, and the plugin's tests hold it to the official plugin's schema
 * (pulumi/pulumi-docker 5.2.0 over kreuzwerker/terraform-provider-docker 4.5.0, see tests/unit/offline/fixtures/).
 */

import { labels, replace, timeouts, update, type Properties, type Shape } from "./shape";
import { container } from "./shape-container";

export { container };

export const network: Shape = {
  type: "docker:index/network:Network",
  autoname: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),
  properties: {
    name: { kind: "string", ...replace },
    driver: { kind: "string", use: "both", ...replace },
    internal: { kind: "boolean", use: "both", ...replace },
    ipamConfigs: {
      kind: "set",
      use: "both",
      of: {
        auxAddress: { kind: "map", use: "output", rest: {}, ...replace },
        gateway: { kind: "string", use: "output", rest: "", ...replace },
        ipRange: { kind: "string", use: "output", rest: "", ...replace },
        subnet: { kind: "string", rest: "", ...replace },
      },
      ...replace,
    },
    ipamDriver: { kind: "string", default: "default", ...replace },
    labels,
    options: { kind: "map", use: "both", ...replace },
    scope: { kind: "string", use: "output", ...replace },
  },
  rest: {
    attachable: false,
    driver: null,
    ingress: false,
    internal: false,
    ipamConfigs: [],
    ipamDriver: "default",
    ipamOptions: {},
    ipv6: false,
    labels: [],
    name: null,
    options: {},
    scope: null,
  },
};

export const volume: Shape = {
  type: "docker:index/volume:Volume",
  autoname: true,
  deleteBeforeReplace: false,
  meta: JSON.stringify({ schema_version: "1" }),
  properties: {
    name: { kind: "string", use: "both", ...replace },
    labels,
    driver: { kind: "string", use: "output", ...replace },
    mountpoint: { kind: "string", use: "output", ...replace },
  },
  rest: { cluster: null, driver: null, driverOpts: {}, labels: [], mountpoint: null, name: null },
};

export const remoteImage: Shape = {
  type: "docker:index/remoteImage:RemoteImage",
  autoname: false,
  deleteBeforeReplace: false,
  meta: JSON.stringify(timeouts),
  properties: {
    name: { kind: "string", ...replace },
    keepLocally: { kind: "boolean", ...update },
    imageId: { kind: "string", use: "output", ...replace },
    repoDigest: { kind: "string", use: "output", ...replace },
  },
  rest: {
    build: null,
    forceRemove: null,
    imageId: null,
    keepLocally: null,
    name: null,
    platform: null,
    pullTriggers: null,
    repoDigest: "",
    triggers: null,
  },
};

export const shapes: readonly Shape[] = [network, volume, remoteImage, container];

/** The names that a program may give to a property list, at its top level or in a block of it. */
export const inputNames = (properties: Properties): readonly string[] =>
  Object.keys(properties).filter((name) => properties[name]?.use !== "output");
