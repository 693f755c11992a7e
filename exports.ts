/** The public interface of the package. */
export { environment, host } from "./stages/environment";
export type { Outputs } from "./stages/outputs";
export { dockerPlatform, type DockerPlatformArgs } from "./platforms/docker";
export type { Platform } from "./platforms/platform";
export { App, type AppArgs } from "./components/app";
export { AppImage, type AppImageArgs } from "./components/app-image";
export { Companion, type CompanionArgs } from "./components/companion";
export { Database, connectionTo, type Connection, type DatabaseArgs } from "./components/database";
export { DatabaseVolume, type DatabaseVolumeArgs } from "./components/database-volume";
export { Debugger, type DebuggerArgs } from "./components/debugger";
export { Demux, type DemuxArgs } from "./components/demux";
export { FilesVolume, type FilesVolumeArgs } from "./components/files-volume";
export { MailCatcher, type MailCatcherArgs } from "./components/mail-catcher";
export { MailRelay, type MailRelayArgs } from "./components/mail-relay";
export { Networks, type NetworksArgs } from "./components/networks";
export { Secrets, type SecretsArgs } from "./components/secrets";
