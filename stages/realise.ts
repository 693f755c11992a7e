import type * as pulumi from "@pulumi/pulumi";
import { App } from "../components/app";
import { AppImage } from "../components/app-image";
import { Companion } from "../components/companion";
import { Database } from "../components/database";
import { DatabaseVolume } from "../components/database-volume";
import { Debugger } from "../components/debugger";
import { Demux } from "../components/demux";
import { FilesVolume } from "../components/files-volume";
import { MailCatcher } from "../components/mail-catcher";
import { MailRelay } from "../components/mail-relay";
import { Networks } from "../components/networks";
import { Secrets } from "../components/secrets";
import type { Platform } from "../platforms/platform";
import type { Part } from "./plan";

/** Makes one component of the plan. */
export function realise(part: Part, platform: Platform): pulumi.ComponentResource {
  const { name } = part;
  switch (part.type) {
    case "Networks":
      return new Networks(name, { ...part.args, platform });
    case "Secrets":
      return new Secrets(name, { ...part.args, platform });
    case "Demux":
      return new Demux(name, { ...part.args, platform });
    case "DatabaseVolume":
      return new DatabaseVolume(name, { ...part.args, platform });
    case "Database":
      return new Database(name, { ...part.args, platform });
    case "MailCatcher":
      return new MailCatcher(name, { ...part.args, platform });
    case "MailRelay":
      return new MailRelay(name, { ...part.args, platform });
    case "Debugger":
      return new Debugger(name, { ...part.args, platform });
    case "Companion":
      return new Companion(name, { ...part.args, platform });
    case "AppImage":
      return new AppImage(name, { ...part.args, platform });
    case "FilesVolume":
      return new FilesVolume(name, { ...part.args, platform });
    case "App":
      return new App(name, { ...part.args, platform });
    default:
      return part satisfies never;
  }
}
