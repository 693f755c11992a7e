import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { summary } from "../../plan/summary";
import { hostPlan, plan } from "../../stages/plan";
import { guestbook } from "../support/settings";

// Run by a person who has decided that the plan is right, never by a test.
for (const stack of ["dev", "test", "staging", "live"]) writeFileSync(join(__dirname, `${stack}.txt`), summary(plan(guestbook({ stack }))));
writeFileSync(join(__dirname, "host.txt"), summary(hostPlan("dockstage-host", "local", "127.0.0.1")));
