import { describe, expect, test } from "@jest/globals";
import { described, folderIn } from "../../../cli/verbs/completion";
import { subnetFindings } from "../../../cli/verbs/doctor";
import { differences, type Compared } from "../../../cli/drift";
import { finding, FINDINGS } from "../../../cli/findings";
import { merged } from "../../../cli/verbs/logs";
import { messagesIn, queueIn } from "../../../cli/verbs/mail";
import { verbs } from "../../../cli/verbs";

describe("drift that a refresh does not see", () => {
  const same: Compared = {
    inputs: {
      image: "sha256:1",
      envs: ["A=1", "B=2"],
      labels: [{ label: "dockstage.stack", value: "dev" }],
      volumes: [{ containerPath: "/tmp" }, { containerPath: "/data", volumeName: "data" }, { containerPath: "/app", hostPath: "/home/me" }],
      networksAdvanced: [{ name: "net-1" }],
      memory: 256,
      restart: "unless-stopped",
    },
    inspected: {
      Name: "/web",
      Image: "sha256:1",
      Config: { Env: ["PATH=/bin", "B=2", "A=1"], Labels: { "dockstage.stack": "dev", more: "of the image" } },
      HostConfig: { Memory: 256 * 1024 * 1024, RestartPolicy: { Name: "unless-stopped" } },
      Mounts: [
        { Type: "volume", Destination: "/tmp", Name: "0a1b", Source: "/var/x" },
        { Type: "volume", Destination: "/data", Name: "data", Source: "/var/y" },
        { Type: "bind", Destination: "/app", Source: "/home/me" },
      ],
      NetworkSettings: { Networks: { edge: { NetworkID: "net-1" } } },
    },
    ofImage: ["PATH=/bin"],
  };
  const with_ = (more: Partial<Compared["inspected"]>): readonly string[] =>
    differences({ ...same, inspected: { ...same.inspected, ...more } });
  const { Config, HostConfig } = same.inspected;

  test("there is none", () => expect(differences(same)).toEqual([]));

  test.each([
    [{ Image: "sha256:2" }, "its image is another one"],
    [{ Config: { ...Config, Env: ["PATH=/bin", "B=secret", "A=1"] } }, "its variables B are not as defined"],
    [{ Config: { ...Config, Env: ["PATH=/bin", "B=2", "A=1", "C=secret"] } }, "it has variables that nobody defined: C"],
    [{ Config: { ...Config, Labels: {} } }, "its labels dockstage.stack are not as defined"],
    [{ Mounts: same.inspected.Mounts.slice(0, 2) }, "its mounts at /app are not as defined"],
    [{ NetworkSettings: { Networks: {} } }, "it was taken out of a network"],
    [
      { NetworkSettings: { Networks: { edge: { NetworkID: "net-1" }, bridge: { NetworkID: "net-2" } } } },
      "it is in networks that nobody defined: bridge",
    ],
    [{ HostConfig: { ...HostConfig, Memory: 512 * 1024 * 1024 } }, "its memory limit is 512 MiB, defined is 256 MiB"],
    [{ HostConfig: { ...HostConfig, RestartPolicy: { Name: "no" } } }, 'its restart policy is "no", defined is "unless-stopped"'],
  ])("%j", (more, says) => expect(with_(more)).toEqual([says]));
});

describe("logs", () => {
  async function* source(...at: readonly string[]): AsyncGenerator<{ at: string }> {
    for (const time of at) yield { at: time };
  }
  test("of several containers come in the order of time", async () => {
    const all: string[] = [];
    for await (const { at } of merged([source("1", "4", "5"), source(), source("2", "3", "6")])) all.push(at);
    expect(all).toEqual(["1", "2", "3", "4", "5", "6"]);
  });
});

describe("mail", () => {
  test("that waits, as Postfix tells it", () => {
    const line = {
      queue_name: "deferred",
      queue_id: "5B85",
      arrival_time: 1_700_000_000,
      message_size: 300,
      sender: "",
      recipients: [{ address: "a@b.example", delay_reason: "connection refused" }, { address: "c@d.example" }],
    };
    expect(queueIn(`${JSON.stringify(line)}\n`)).toEqual([
      {
        id: "5B85",
        queue: "deferred",
        since: "2023-11-14T22:13:20.000Z",
        from: "",
        to: [
          { address: "a@b.example", reason: "connection refused" },
          { address: "c@d.example", reason: null },
        ],
      },
    ]);
    expect(queueIn("")).toEqual([]);
  });

  test("that came, newest first, with whom the envelope names", () => {
    const message = (id: string, time: string, from: unknown): object => ({
      id,
      time,
      subject: null,
      envelope: { from, to: [{ address: "bcc@b.example", args: false }] },
    });
    const list = [
      message("1", "2026-01-01T00:00:00Z", { address: "a@b.example" }),
      message("2", "2026-01-02T00:00:00Z", false),
      message("3", "2025-01-01T00:00:00Z", null),
    ];
    expect(messagesIn(list, 2)).toEqual([
      { id: "2", at: "2026-01-02T00:00:00.000Z", from: "", to: ["bcc@b.example"], subject: "" },
      { id: "1", at: "2026-01-01T00:00:00.000Z", from: "a@b.example", to: ["bcc@b.example"], subject: "" },
    ]);
  });
});

describe("doctor", () => {
  const lease = { project: "portal", stack: "dev", kind: "subnet", value: "10.213.0.0/27" } as const;
  const table = (...routes: readonly string[]): string => ["Iface Destination Gateway Flags RefCnt Use Metric Mask", ...routes].join("\n");
  // 10.213.0.0/27 and 10.0.0.0/8, little-endian.
  const bridge = "br0 0000D50A 00000000 0001 0 0 0 E0FFFFFF";
  const vpn = "tun0 0000000A 00000000 0001 0 0 0 000000FF";

  test("finds a route into an environment's network, and takes the engine's own for none", () => {
    expect(subnetFindings([lease], ["10.213.0.0/27"], table(bridge))).toEqual([]);
    expect(subnetFindings([lease], ["10.213.0.0/27"], table(bridge, vpn))).toEqual([
      finding("subnet-overlap", "portal dev", "10.213.0.0/27", "10.0.0.0/8"),
    ]);
  });

  test("every finding has a message, a fix and an anchor of its own", () => {
    expect(FINDINGS.length).toBeGreaterThan(10);
    expect(FINDINGS.filter((id) => !/^[a-z]+(-[a-z]+)*$/.test(id))).toEqual([]);
    expect(finding("disk-full", "0.5 GiB", "/var/lib/docker")).toEqual({
      id: "disk-full",
      message: "only 0.5 GiB are free where the engine keeps its data (/var/lib/docker)",
      fix: "docker image prune, and docker builder prune for the build cache",
    });
  });
});

describe("completion", () => {
  test("every verb, option and value", () => {
    const values = described(verbs, (completes) => (typeof completes === "string" ? [`a ${completes}`] : completes));
    expect(values.find((verb) => "name" in verb && verb.name === "logs")).toMatchObject({
      arguments: [{ name: "[component]", values: ["a component"], variadic: false }],
      options: [
        { name: "follow", alias: "f" },
        { name: "since", values: [] },
        { name: "stack", values: ["a stack"] },
        { name: "folder", values: [] },
        { name: "help" },
      ],
    });
    expect(values).toHaveLength(verbs.length);
  });

  test("finds the folder that is named", () => {
    expect(folderIn(["logs", "--folder", "/app", ""])).toBe("/app");
    expect(folderIn(["logs", "--folder=/app", ""])).toBe("/app");
    expect(folderIn(["logs"])).toBe(process.cwd());
  });
});
