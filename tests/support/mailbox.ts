import { request, type Sandbox } from "./sandbox";

/** A mail as the catcher's API shows it. */
export interface Caught {
  readonly subject: string;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly envelope: { readonly from: { readonly address: string }; readonly to: readonly { readonly address: string }[] };
  readonly calculatedBcc: readonly { readonly address: string }[];
}

export const mailboxOf = async (sandbox: Sandbox): Promise<string> => ((await sandbox.outputs())["mail"] as { inbox: string }).inbox;

export const recipients = ({ envelope }: Caught): readonly string[] => envelope.to.map(({ address }) => address);

export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 500));

/** What the mailbox has under subjects that begin so, once `enough` says so; as it is after 90 s. */
export async function caught(inbox: string, subject: string, enough: (mails: readonly Caught[]) => boolean): Promise<readonly Caught[]> {
  for (const end = Date.now() + 90_000; ; await pause()) {
    const { status, body } = await request(`${inbox}/email`).catch(() => ({ status: 0, body: "" }));
    const mails = status === 200 ? (JSON.parse(body) as Caught[]).filter((mail) => mail.subject.startsWith(subject)) : [];
    if (enough(mails) || Date.now() > end) return mails;
  }
}

/** Runs a command in a component's container. */
export async function exec(sandbox: Sandbox, component: string, ...command: string[]): Promise<{ code: number; output: string }> {
  const [id = ""] = await sandbox.containers(component);
  return sandbox.run("docker", ["exec", id, ...command]);
}
