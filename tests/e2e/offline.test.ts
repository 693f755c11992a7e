import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { credentials } from "@grpc/grpc-js";
import Dockerode from "dockerode";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import type { Values } from "../../offline/docker/values";

/** The offline docker plugin as the Pulumi engine uses it, in a process of its own, on the machine's engine. */

const IMAGE = "debian:bookworm-slim";
const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const CONTAINER = "docker:index/container:Container";

const docker = new Dockerode();
const tag = `offline-${randomBytes(3).toString("hex")}`;
const made: { type: string; id: string; state: Values }[] = [];
let plugin: ChildProcess;
let client: ResourceProviderClient;
let started: number;

const urn = (type: string) => `urn:pulumi:dev::app::${type}::${tag}`;
const values = (struct: Struct | undefined): Values => struct?.toJavaScript() ?? {};
const call = <R>(send: (done: (error: Error | null, response: R) => void) => void): Promise<R> =>
  new Promise((resolve, reject) => send((error, response) => (error ? reject(error) : resolve(response))));

async function check(type: string, news: Values): Promise<Values> {
  const request = new messages.CheckRequest();
  request.setUrn(urn(type));
  request.setNews(Struct.fromJavaScript(news));
  const response = await call<messages.CheckResponse>((done) => client.check(request, done));
  expect(response.getFailuresList().map((failure) => failure.getReason())).toEqual([]);
  return values(response.getInputs());
}

async function create(type: string, news: Values) {
  const inputs = await check(type, news);
  const request = new messages.CreateRequest();
  request.setUrn(urn(type));
  request.setProperties(Struct.fromJavaScript(inputs));
  const response = await call<messages.CreateResponse>((done) => client.create(request, done));
  const object = { type, id: response.getId(), state: values(response.getProperties()), inputs };
  made.push(object);
  return object;
}

async function read(object: {
  type: string;
  id: string;
  state: Values;
  inputs: Values;
}): Promise<{ id: string; state: Values; inputs: Values }> {
  const request = new messages.ReadRequest();
  request.setUrn(urn(object.type));
  request.setId(object.id);
  request.setProperties(Struct.fromJavaScript(object.state));
  request.setInputs(Struct.fromJavaScript(object.inputs));
  const response = await call<messages.ReadResponse>((done) => client.read(request, done));
  return { id: response.getId(), state: values(response.getProperties()), inputs: values(response.getInputs()) };
}

async function update(object: { type: string; id: string; state: Values }, inputs: Values): Promise<Values> {
  const request = new messages.UpdateRequest();
  request.setUrn(urn(object.type));
  request.setId(object.id);
  request.setOlds(Struct.fromJavaScript(object.state));
  request.setNews(Struct.fromJavaScript(inputs));
  return values((await call<messages.UpdateResponse>((done) => client.update(request, done))).getProperties());
}

async function remove(object: { type: string; id: string; state: Values }): Promise<void> {
  const request = new messages.DeleteRequest();
  request.setUrn(urn(object.type));
  request.setId(object.id);
  request.setProperties(Struct.fromJavaScript(object.state));
  await call((done) => client.delete(request, done));
}

beforeAll(async () => {
  const begin = performance.now();
  plugin = spawn(join(__dirname, "../../offline/docker/pulumi-resource-docker"), [], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<string>((resolve) => plugin.stdout?.once("data", (line: Buffer) => resolve(line.toString().trim())));
  started = performance.now() - begin;
  client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
  await call<messages.ConfigureResponse>((done) => client.configure(new messages.ConfigureRequest(), done));
});

afterAll(async () => {
  for (const object of made.reverse()) await remove(object).catch(() => undefined);
  client.close();
  plugin.kill();
});

const sleeper: Values = { image: IMAGE, command: ["sleep", "600"], destroyGraceSeconds: 0 };

test("the plugin is there at once", () => expect(started).toBeLessThan(2000));

test("what was created reads back without a difference, and deleting it twice succeeds", async () => {
  const network = await create(NETWORK, { internal: true, labels: [{ label: "dockstage.test", value: tag }] });
  const volume = await create(VOLUME, { name: tag });
  const container = await create(CONTAINER, {
    ...sleeper,
    networksAdvanced: [{ name: network.id, aliases: ["db"] }],
    mounts: [{ type: "volume", source: tag, target: "/data" }],
    capabilities: { drops: ["ALL"], adds: ["CAP_CHOWN"] },
    readOnly: true,
    memory: 64,
    memorySwap: 64,
    cpus: "0.5",
  });
  for (const object of [network, volume, container])
    expect(await read(object)).toEqual({ id: object.id, state: object.state, inputs: object.inputs });
  const { NetworkSettings: settings } = await docker.getContainer(container.id).inspect();
  expect(Object.keys(settings.Networks)).toEqual([network.state.name]);
  for (const object of [container, volume, network, container, volume, network]) await remove(object);
  expect((await read(container)).id).toBe("");
  expect((await read(volume)).id).toBe("");
  expect((await read(network)).id).toBe("");
});

test("a container that was stopped from outside is started again in place", async () => {
  const container = await create(CONTAINER, sleeper);
  await docker.getContainer(container.id).kill();
  const stopped = await read(container);
  expect(stopped.state).toMatchObject({ mustRun: false, exitCode: 137 });
  expect(await update({ ...container, state: stopped.state }, container.inputs)).toMatchObject({ mustRun: true });
  expect((await docker.getContainer(container.id).inspect()).State.Running).toBe(true);
});

test("memory and restart policy change in the running container", async () => {
  const container = await create(CONTAINER, { ...sleeper, memory: 64, memorySwap: 64 });
  const inputs = await check(CONTAINER, { ...sleeper, name: container.inputs.name ?? null, memory: 96, memorySwap: 96, restart: "always" });
  expect(await update(container, inputs)).toMatchObject({ memory: 96, memorySwap: 96, restart: "always" });
  const { HostConfig: host } = await docker.getContainer(container.id).inspect();
  expect([host.Memory, host.MemorySwap, host.RestartPolicy?.Name]).toEqual([96 * 2 ** 20, 96 * 2 ** 20, "always"]);
});

describe("removal waits for what is still in use", () => {
  test("a network goes as soon as its last container has gone", async () => {
    const network = await create(NETWORK, {});
    const container = await create(CONTAINER, { ...sleeper, networksAdvanced: [{ name: network.id }] });
    const removing = remove(network);
    expect(await Promise.race([removing.then(() => "gone"), read(network).then(({ id }) => id)])).toBe(network.id);
    await remove(container);
    await removing;
    expect((await read(network)).id).toBe("");
  });
  test("a volume goes as soon as its last container has gone", async () => {
    const volume = await create(VOLUME, {});
    const container = await create(CONTAINER, { ...sleeper, mounts: [{ type: "volume", source: volume.id, target: "/data" }] });
    const removing = remove(volume);
    await read(volume);
    await remove(container);
    await removing;
    expect((await read(volume)).id).toBe("");
  });
});

describe("what cannot be started leaves nothing behind", () => {
  const left = async () => (await docker.listContainers({ all: true, filters: JSON.stringify({ name: [tag] }) })).map(({ Names }) => Names);
  test.each([
    ["an unknown network", { networksAdvanced: [{ name: "nowhere" }] }, "network nowhere not found"],
    ["an unknown command", { command: ["/nope"] }, "/nope"],
    ["an unknown image", { image: `sha256:${"0".repeat(64)}` }, "is not on the engine any more, and an image ID cannot be pulled"],
  ])("%s", async (_, change, message) => {
    const before = await left();
    await expect(create(CONTAINER, { ...sleeper, ...change })).rejects.toThrow(message);
    expect(await left()).toEqual(before);
  });
});
