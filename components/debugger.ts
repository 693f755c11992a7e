import type * as pulumi from "@pulumi/pulumi";
import type { Mount, PlanRecord } from "../plan/records";
import { PlannedComponent, type Placed } from "./component";

/** Where IDEs wait for Xdebug, unless somebody tells them otherwise. */
export const DEBUGGER_PORT = 9003;

export interface DebuggerArgs {
  /** Port of this machine's loopback on which an IDE waits for the debugger. @default 9003 */
  readonly port?: number;
}

/** What a container needs to reach the IDE: a folder with one Unix socket in it. */
export const debuggerMount: Mount = { from: "volume:debugger", path: "/run/debugger", readOnly: true };

/**
 * The way from the app to the IDE of the person at this machine, and to nothing else: a Unix socket in a volume, and behind it a program
 * that passes each connection on to one port of the machine's loopback. So the environment's networks stay closed, no firewall stands
 * between, and nothing new listens on the machine.
 */
export function ideBridge({ port = DEBUGGER_PORT }: DebuggerArgs): readonly PlanRecord[] {
  return [
    {
      kind: "image",
      name: "debugger",
      source: { from: "build", context: [{ path: "package:images/debugger", to: "" }], dockerfile: "Dockerfile", args: {}, secrets: {} },
    },
    { kind: "volume", name: "debugger", protect: false, disposable: true },
    {
      kind: "service",
      name: "debugger",
      image: "image:debugger",
      command: [String(port)],
      env: {},
      secrets: [],
      files: {},
      mounts: [{ ...debuggerMount, readOnly: false }],
      scratch: [],
      networks: [],
      hostNetwork: true,
      readOnlyRoot: true,
      capabilities: [],
      limits: { memory: 32, cpus: 0.2 },
      after: [],
      replicas: 1,
      // Two of them would fight over the socket.
      update: "stop-first",
      health: { probe: { command: ["test", "-S", "/run/debugger/ide.sock"] }, timeoutSeconds: 30, intervalSeconds: 60 },
      stop: { graceSeconds: 2 },
      publish: [],
    },
  ];
}

/**
 * The way from an app's debugger to the IDE at this machine's port 9003.
 *
 * @example
 * new Debugger("debugger", { platform });
 */
export class Debugger extends PlannedComponent {
  constructor(name: string, args: DebuggerArgs & Placed, opts?: pulumi.ComponentResourceOptions) {
    super("Debugger", name, ideBridge(args), args, opts);
    this.registerOutputs({});
  }
}
