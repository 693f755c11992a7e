import { describe, expect, test } from "@jest/globals";
import { condenser } from "../../../cli/progress";

/** What is left of an output, with a clock that goes a second for each line. */
function left(lines: readonly string[], step = 1000): readonly string[] {
  let time = 0;
  const condense = condenser(() => time);
  return lines.flatMap((line) => {
    time += step;
    const shown = condense(line);
    return shown === undefined ? [] : [shown];
  });
}

describe("pulumi's output where nobody watches", () => {
  test("each finished resource is one line; components, starts and dots are none", () => {
    expect(
      left([
        "Updating (dev):",
        "",
        "@ updating....",
        " +  pulumi:pulumi:Stack portal-dev creating (0s) ",
        " +  dockstage:components:Demux door creating (0s) ",
        " +  docker:index:Volume routes creating (0s) ",
        " +  docker:index:Volume routes created (0.03s) ",
        " +- docker:index:Container portal-dev-web creating replacement (0s) [diff: ~envs]",
        " ++ docker:index:Container portal-dev-web created replacement (1m2s) [diff: ~envs]",
        " +- docker:index:Container portal-dev-web replaced (0.00s) [diff: ~envs]",
        " ~  dockstage:index:Route web-route updated (0.30s) ",
        " -- docker:index:Container portal-dev-web deleted original (12s) [diff: ~envs]",
        " +  dockstage:components:Demux door created (1s) ",
        "    dockstage:index:Lease edge-subnet  ",
        "    pulumi:pulumi:Stack portal-dev  ",
        "Resources:",
        "    + 4 created",
        "    45 unchanged",
        "",
        "Duration: 13s",
        "",
      ]),
    ).toEqual([
      "  created   Volume routes (0.03s)",
      "  created   Container portal-dev-web (1m2s)",
      "  updated   Route web-route (0.30s)",
      "  deleted   Container portal-dev-web (12s)",
      "Resources:",
      "    + 4 created",
      "    45 unchanged",
      "",
      "Duration: 13s",
      "",
    ]);
  });

  test("what takes long says so every five seconds", () => {
    const steps = Array.from({ length: 12 }, (_, i) => ` +  dockstage:index:Image app creating (${i}s) building app: step ${i}`);
    expect(left([...steps, " +  dockstage:index:Image app created (12s) building app: step 11"])).toEqual([
      "  ...       building app: step 4",
      "  ...       building app: step 9",
      "  created   Image app (12s)",
    ]);
    expect(left(steps, 100)).toEqual([]);
  });

  test("the properties that differ are no news", () => {
    expect(left([" ++ dockstage:index:Image app creating replacement (9s) [diff: ~contentHash]"], 9000)).toEqual([]);
    expect(left([" ++ dockstage:index:Image app creating replacement (9s) [diff: ~contentHash]; building app"], 9000)).toEqual([
      "  ...       building app",
    ]);
  });

  test("a failure is one line, and what pulumi says of it stays whole", () => {
    const diagnostics = [
      "Diagnostics:",
      "  dockstage:index:Ready (web-ready):",
      "    error: web did not get healthy within 60 s",
      "      last lines of web: listening on 3000",
      "    error: dockstage:index:Ready resource 'x' has a problem (1s)",
      "    docker:index:Container web creating (0s)",
    ];
    const failed = [
      " +  dockstage:index:Ready web-ready **creating failed (0.22s)** error: web did not",
      " ~  dockstage:index:Ready web-ready **updating failed** [diff: ~containers]; error: web did not",
      "    pulumi:pulumi:Stack portal-dev running error: update failed",
      "    pulumi:pulumi:Stack portal-dev **failed** 1 error",
    ];
    expect(left([...failed, ...diagnostics])).toEqual([
      "  FAILED    Ready web-ready (0.22s)",
      "  FAILED    Ready web-ready",
      ...diagnostics,
    ]);
  });

  test("lines of a form that it does not know are shown", () => {
    expect(left(["warning: something new", "+ docker:index:Volume"])).toEqual(["warning: something new", "+ docker:index:Volume"]);
  });
});
