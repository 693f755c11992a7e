import fs from "node:fs";
import tls from "node:tls";
import type { Instruction } from "dockerfile-ast";
import { Problem } from "./resource";

/**
 * Certificates for builds. Behind a proxy that inspects TLS a Dockerfile as teams write it (`RUN npm ci`) trusts nobody that it meets. So
 * the Dockerfile that is sent differs from the file: each RUN has the certificates as a build secret, and each stage tells the tools where
 * they are. ARG and not ENV, so that the image keeps nothing of it.
 */

/** The secret's id, and where a RUN finds it. */
export const CA = "ca";
const PLACE = `/run/secrets/${CA}`;
/** Readable for a USER that is not root. */
export const MOUNT = `--mount=type=secret,id=${CA},mode=0444`;

/** What tools read to find certificates, beside OpenSSL, Go, Ruby, .NET and uv, which all read SSL_CERT_FILE. */
const VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "COMPOSER_CAFILE",
  "CARGO_HTTP_CAINFO",
  "BUNDLE_SSL_CA_CERT",
  "DENO_CERT",
  "HEX_CACERTS_PATH",
  "PERL_LWP_SSL_CA_FILE",
  "AWS_CA_BUNDLE",
];

/** Where systems keep the certificates that they trust: Debian and Alpine, Red Hat, SUSE, macOS. */
const STORES = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

/** PEM file of the certificates that the person's machine needs to get out, if it has some of its own. `DOCKSTAGE_CA_BUNDLE=""`: none. */
export function caBundle(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const explicit = env["DOCKSTAGE_CA_BUNDLE"];
  if (explicit === "") return undefined;
  if (explicit !== undefined) {
    if (!fs.existsSync(explicit))
      throw new Problem(`DOCKSTAGE_CA_BUNDLE names ${explicit}, which is not there: give the path of a PEM file`);
    return explicit;
  }
  return [env["SSL_CERT_FILE"], env["NODE_EXTRA_CA_CERTS"]].find((file) => file !== undefined && file !== "" && fs.existsSync(file));
}

/**
 * The certificates of a file and those that the machine trusts: most tools take what SSL_CERT_FILE names instead of the image's own store,
 * and a company's file may hold nothing but the company's certificate.
 */
export function wholeStore(bundle: string, stores: readonly string[] = STORES): string {
  const own = fs.readFileSync(bundle, "utf8");
  const store = stores.find((file) => fs.existsSync(file));
  const trusted = store === undefined ? tls.rootCertificates : certificatesIn(fs.readFileSync(store, "utf8"));
  const there = new Set(certificatesIn(own));
  return [own.trimEnd(), ...trusted.filter((certificate) => !there.has(certificate)), ""].join("\n");
}

const certificatesIn = (pem: string): readonly string[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map((found) => found.replace(/\r/g, ""));

/**
 * The Dockerfile as it is sent; undefined where there is nothing to add. A variable that an instruction other than RUN names (ENV, ARG),
 * or that the build is given, is the Dockerfile's own business and stays; a RUN that has something at that place already stays as it is.
 */
export function trusting(text: string, args: Readonly<Record<string, string>>): string | undefined {
  const { DockerfileParser } = require("dockerfile-ast") as typeof import("dockerfile-ast"); // only a build behind such a proxy needs it
  const file = DockerfileParser.parse(text);
  const syntax = file.getDirectives().find((directive) => directive.getName().toLowerCase() === "syntax");
  if (syntax && !mountsSecrets(syntax.getValue())) return undefined;
  const starts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const offset = ({ line, character }: { line: number; character: number }): number => (starts[line] ?? text.length) + character;
  const instructions = file.getInstructions();
  const others = instructions.filter((instruction) => word(instruction) !== "RUN").map((instruction) => instruction.getTextContent());
  const names = VARIABLES.filter(
    (name) => !Object.hasOwn(args, name) && !others.some((other) => new RegExp(`\\b${name}\\b`).test(other)),
  ).map((name) => `${name}=${PLACE}`);
  const inserts: { readonly at: number; readonly text: string }[] = [];
  let from: Instruction | undefined;
  let runs = 0;
  for (const instruction of instructions) {
    if (word(instruction) === "FROM") from = instruction;
    if (word(instruction) !== "RUN") continue;
    runs += 1;
    if (from) {
      const end = text.indexOf("\n", offset(from.getRange().end));
      if (names.length > 0) inserts.push({ at: end < 0 ? text.length : end, text: `\nARG ${names.join(" ")}` });
      from = undefined;
    }
    const at = offset(instruction.getInstructionRange().end);
    if (!isMounted(text.slice(at, offset(instruction.getRange().end)))) {
      inserts.push({ at, text: ` ${MOUNT}${/\s/.test(text[at] ?? "") ? "" : " "}` });
    }
  }
  if (runs === 0) return undefined;
  return inserts.reduceRight((sent, { at, text: added }) => sent.slice(0, at) + added + sent.slice(at), text);
}

const word = (instruction: Instruction): string => instruction.getKeyword().toUpperCase();

/** Whether a RUN (what stands behind that word) has something mounted where the certificates would be. */
function isMounted(run: string): boolean {
  const flags = /^\s*(?:--\S+\s+)*/.exec(run.replace(/[\\`][ \t]*\r?\n/g, " "))?.[0] ?? "";
  return [...flags.matchAll(/--mount=(\S+)/g)].some(([, options = ""]) => {
    const option = new Map(options.split(",").map((pair) => [pair.split("=", 1)[0] ?? "", pair.slice(pair.indexOf("=") + 1)] as const));
    const target = option.get("target") ?? option.get("dst") ?? option.get("destination");
    const id = option.get("id") ?? option.get("source") ?? option.get("src");
    return target === PLACE || (target === undefined && option.get("type") === "secret" && id === CA);
  });
}

/** A Dockerfile frontend that knows `RUN --mount=type=secret`: any of the Dockerfile's own, but for its first two releases. */
const mountsSecrets = (syntax: string): boolean =>
  /dockerfile/.test(syntax) && (!/dockerfile:1\.[01](\.|-|@|$)/.test(syntax) || syntax.includes("experimental"));
