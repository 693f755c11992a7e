import { describe, expect, test } from "@jest/globals";
import { Progress } from "../../../cli/progress";

/** What is shown of an output, with a clock that goes on by `step` before each line and is looked at after it. */
function shown(lines: readonly string[], step = 1000, good = true): { readonly lines: readonly string[]; readonly trouble: string } {
  let time = 0;
  const out: string[] = [];
  const progress = new Progress(
    (line) => out.push(line),
    () => time,
  );
  for (const line of lines) {
    time += step;
    progress.line(line);
    progress.waiting();
  }
  progress.ended(good);
  return { lines: out, trouble: progress.trouble() };
}

describe("pulumi's output where nobody watches", () => {
  test("each finished resource is one line with its time and part; components, starts, dots and the summary are none", () => {
    expect(
      shown([
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
      ]).lines,
    ).toEqual([
      "   7.0 s  data      created   Volume routes (0.03s)",
      "   9.0 s  app       created   Container portal-dev-web (1m2s)",
      "  11.0 s  app       updated   Route web-route (0.30s)",
      "  12.0 s  app       deleted   Container portal-dev-web (12s)",
    ]);
  });

  test("a resource that is finished stays so, also where its provider's last word comes late", () => {
    expect(
      shown([
        " +  dockstage:index:Ready web-ready creating (0s) ",
        " +  dockstage:index:Ready web-ready created (1s) ",
        " +  dockstage:index:Ready web-ready created (1s) waiting for web: 503",
        " ++ docker:index:Container web created replacement (1s) ",
        " -- docker:index:Container web deleted original (1s) ",
      ]).lines,
    ).toEqual([
      "   2.0 s  ready     created   Ready web-ready (1s)",
      "   4.0 s  app       created   Container web (1s)",
      "   5.0 s  app       deleted   Container web (1s)",
    ]);
  });

  test("every five seconds it says what has been waited for longest", () => {
    const steps = [
      " +  dockstage:index:Image app creating (0s) building app: step 1",
      " +  dockstage:index:Ready mariadb-10.11-ready creating (0s) ",
      ...Array.from({ length: 5 }, () => "@ updating....."),
      " +  dockstage:index:Image app created (7s) ",
      " +  dockstage:index:Ready mariadb-10.11-ready creating (6s) waiting for mariadb-10.11: exit code 1",
      ...Array.from({ length: 4 }, () => "@ updating....."),
    ];
    expect(shown(steps).lines).toEqual([
      "   5.0 s  images    waiting for Image app, 4 s: building app: step 1",
      "   8.0 s  images    created   Image app (7s)",
      "  13.0 s  ready     waiting for mariadb-10.11 to be healthy, 11 s: exit code 1",
    ]);
    expect(shown(steps, 100).lines).toEqual(["   0.8 s  images    created   Image app (7s)"]);
  });

  test("the properties that differ are no news", () => {
    const line = " ++ dockstage:index:Image app creating replacement (9s) [diff: ~contentHash]";
    expect(shown([line, line], 3000).lines).toEqual(["   6.0 s  images    waiting for Image app, 3 s"]);
    expect(shown([line, `${line}; building app`], 3000).lines).toEqual(["   6.0 s  images    waiting for Image app, 3 s: building app"]);
  });

  const output = [
    " +  dockstage:index:Ready web-ready **creating failed (0.22s)** error: web did not",
    "    pulumi:pulumi:Stack portal-dev running error: update failed",
    "    pulumi:pulumi:Stack portal-dev **failed** 1 error",
    "Diagnostics:",
    "  pulumi:pulumi:Stack (portal-dev):",
    "    error: update failed",
    "",
    "  dockstage:index:Ready (web-ready):",
    "    error: web did not get healthy within 60 s",
    "      last lines of web: listening on 3000",
    "    docker:index:Container web creating (0s)",
    "",
    "Resources:",
    "    + 3 created",
    "",
  ];
  const said = output.slice(7, 11).join("\n");

  test("a failure is one line, and what pulumi says of it waits for the end, whole", () => {
    expect(shown(output, 1000, false)).toEqual({ lines: ["   1.0 s  ready     FAILED    Ready web-ready (0.22s)"], trouble: said });
  });

  test("of a run that went well, warnings are shown, and what was only for information is not", () => {
    const info = ["Diagnostics:", "  dockstage:index:Generation (web):", "    1 of 1 containers are gone", ""];
    expect(shown(info)).toEqual({ lines: [], trouble: "" });
    const warning = [
      "    dockstage:index:Stamp data  warning: the volume data is gone",
      "Diagnostics:",
      "  dockstage:index:Stamp (data):",
      "    warning: the volume data is gone",
      "    warning: the volume data is gone",
    ];
    expect(shown(warning)).toEqual({ lines: [warning.slice(2, 4).join("\n")], trouble: "" });
  });

  test("lines of a form that it does not know are shown", () => {
    expect(shown(["warning: something new", "+ docker:index:Volume"]).lines).toEqual(["warning: something new", "+ docker:index:Volume"]);
  });
});
