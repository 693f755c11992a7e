/**
 * The public interface of the package: the two programs, and the components for a Pulumi program of one's own. What is not here may
 * change with any release. `npm run docs` makes pages of it.
 *
 * @module
 */
export { environment, host } from "./stages/environment";
export type { Outputs, VariantOutputs } from "./stages/outputs";
export { dockerPlatform, type DockerPlatformArgs } from "./platforms/docker";
export type { Announced, Platform } from "./platforms/platform";
export type {
  BuildSource,
  Command,
  DatabaseChoice,
  DatabaseEngine,
  Description,
  HttpServer,
  ImageSource,
  Limits,
  PhpSource,
} from "./config/settings";
export type { Kind, Ref } from "./plan/records";
export type { Value } from "./plan/text";
export type { Placed } from "./components/component";
export { App, type AppArgs } from "./components/app";
export { AppImage, type AppImageArgs } from "./components/app-image";
export { Companion, type CompanionArgs } from "./components/companion";
export { Database, connectionTo, type Connection, type DatabaseArgs, type Schema } from "./components/database";
export { DatabaseVolume, type DatabaseVolumeArgs } from "./components/database-volume";
export { Debugger, type DebuggerArgs } from "./components/debugger";
export { Demux, type DemuxArgs } from "./components/demux";
export { FilesVolume, type FilesVolumeArgs } from "./components/files-volume";
export { MailCatcher, type MailCatcherArgs } from "./components/mail-catcher";
export { MailRelay, type MailRelayArgs } from "./components/mail-relay";
export { Networks, type NetworksArgs } from "./components/networks";
export { Secrets, type SecretsArgs } from "./components/secrets";
