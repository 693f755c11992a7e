import { z } from "zod";
import { cpus, imageReference, memory, oneOf, says, section, whole } from "./words";

/** The form of `<project>:settings` in Pulumi.<stack>.yaml: only what this stage's servers differ in. */

export const STAGES = ["dev", "test", "staging", "live"] as const;

/** A private range with room for a few subnets; the address is the range's first. */
function isPool(written: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(written);
  if (!match) return false;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((part) => part > 255) || prefix < 8 || prefix > 24) return false;
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const aligned = (address & (2 ** (32 - prefix) - 1)) === 0;
  const isPrivate =
    (a === 10 && prefix >= 8) ||
    (a === 172 && b >= 16 && b < 32 && prefix >= 12) ||
    (a === 192 && b === 168 && prefix >= 16) ||
    (a === 100 && b >= 64 && b < 128 && prefix >= 10);
  return aligned && isPrivate;
}

const POOL = says(
  "must be a private range of addresses, from /8 to /24",
  'write for example "10.213.0.0/16" (the first address of the range)',
);

/** Every section of the settings, by its key. */
export const STAGE_SECTIONS = {
  stage: oneOf(STAGES, "there is no such stage", "use dev, test, staging or live")
    .optional()
    .meta({ description: "Default: the stack's name." }),
  web: section({ memory: memory().optional(), cpus: cpus().optional() }, "write for example web: { memory: 512MiB }").optional(),
  data: section({ size: whole(1, 1_000_000, "for example size: 100").optional() }, "write for example data: { size: 100 }").optional(),
  network: section(
    { pool: z.string(POOL).refine(isPool, POOL).optional() },
    'write for example network: { pool: "10.213.0.0/16" }',
  ).optional(),
  debugger: oneOf(["request", "all", "off"], "there is no such mode", "use request (only where it is asked for), all or off")
    .optional()
    .meta({ description: "Which requests the debugger looks at, in a stage that has one." }),
  mail: section(
    {
      catcher: section(
        {
          image: imageReference,
          smtpPort: whole(1, 65535, "for example smtpPort: 1025").optional(),
          webPort: whole(1, 65535, "for example webPort: 8025").optional(),
        },
        'write for example catcher: { image: "axllent/mailpit:v1.27" }',
      ).optional(),
    },
    'write for example mail: { catcher: { image: "axllent/mailpit:v1.27", webPort: 8025 } }',
  )
    .optional()
    .meta({ description: "Another mail catcher, for the stages whose mail stays local." }),
};

export const stageSchema = section(STAGE_SECTIONS, "write the settings as a map");
export type WrittenStage = z.output<typeof stageSchema>;
