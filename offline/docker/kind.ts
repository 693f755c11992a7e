import type Dockerode from "dockerode";
import type { Shape } from "../shape";
import type { Values } from "./values";

/** What the plugin does for one type of resource. State and inputs are as on the wire; see outputs.ts for what a state holds. */
export interface Kind {
  readonly shape: Shape;
  /** The id and what the engine says about the new object. Leaves nothing behind when it fails. */
  create(docker: Dockerode, inputs: Values, signal: AbortSignal): Promise<{ readonly id: string; readonly state: Values }>;
  /** Undefined when the object is gone. `state` is the last known one, empty for an import. */
  read(docker: Dockerode, id: string, state: Values): Promise<{ readonly id: string; readonly state: Values } | undefined>;
  /** Only for changes that Diff calls updates. */
  update(docker: Dockerode, id: string, state: Values, inputs: Values): Promise<void>;
  /** Gone already is success. */
  delete(docker: Dockerode, id: string, state: Values, signal: AbortSignal): Promise<void>;
}
