import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import { createConnection, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { FORMS } from "../support/mail-forms";
import { caught, exec, mailboxOf, pause, recipients, type Caught } from "../support/mailbox";
import { changed, ensureHost, request, Sandbox } from "../support/sandbox";

// The images are built where they are not there yet.
jest.setTimeout(900_000);

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly data: string;
}

const container = async (sandbox: Sandbox, component: string): Promise<string> => (await sandbox.containers(component))[0] ?? "";

describe("the guestbook's mail in DEV", () => {
  const sandbox = new Sandbox("mail");
  let url = "";
  let inbox = "";

  /** Sends by SMTP from inside the web container; the answers. */
  async function send(mails: readonly Mail[]): Promise<readonly { readonly to: readonly string[]; readonly data: string }[]> {
    sandbox.write("mails.json", JSON.stringify(mails));
    const { output } = await exec(sandbox, "web", "php", "/app/smtp.php", "mail", "25", "/app/mails.json");
    return JSON.parse(output) as { to: string[]; data: string }[];
  }
  const forms = (subject: string): readonly Mail[] =>
    FORMS.map(([to], index) => ({ from: "shop@shop.example", to: [to], data: `Subject: ${subject} ${index}\n\ntext` }));
  const arrived = (mails: readonly Caught[], subject: string): readonly (string | null)[] =>
    FORMS.map((_, index) => {
      const found = mails.filter((mail) => mail.subject === `${subject} ${index}`).flatMap(recipients);
      return found.length === 0 ? null : found.join(" and ");
    });
  const expected = FORMS.map(([, to]) => to);
  const possible = expected.filter((to) => to !== null).length;
  const queue = async (): Promise<string> => (await exec(sandbox, "relay", "postqueue", "-p")).output;
  const emptied = async (): Promise<string> => {
    for (const end = Date.now() + 60_000; ; await pause()) {
      const now = await queue();
      if (/Mail queue is empty/.test(now) || Date.now() > end) return now;
    }
  };
  /** Signs the guestbook; what the page says then. */
  async function sign(name: string, email: string): Promise<string> {
    const form = await request(url);
    const cookie = (form.headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ");
    const [, token = ""] = /name="token" value="([0-9a-f]+)"/.exec(form.body) ?? [];
    const sent = await request(`${url}/entries`, {
      method: "POST",
      headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ token, name, message: "Grüße\nfrom here", email }).toString(),
    });
    const session = (sent.headers["set-cookie"] ?? []).map((one) => one.split(";")[0]).join("; ");
    return (await request(url, { headers: { cookie: `${cookie}; ${session}` } })).body;
  }

  beforeAll(async () => {
    ensureHost();
    sandbox.copy("examples/guestbook");
    const file = join(sandbox.app, "dockstage.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace(/^name: .*$/m, `name: ${sandbox.project}`));
    sandbox.write("smtp.php", readFileSync(join(__dirname, "..", "support", "smtp.php"), "utf8"));
    await sandbox.init();
    await sandbox.mustUp();
    const { variants } = await sandbox.outputs();
    url = Object.values(variants as Record<string, { url: string }>)[0]?.url ?? "";
    inbox = await mailboxOf(sandbox);
  });
  afterAll(() => sandbox.clean());

  test("the mailbox is behind the door: page, API, and news for its own page only", async () => {
    expect((await sandbox.outputs())["mail"]).toEqual({ mode: "catch", inbox, redirectTo: null });
    expect(new URL(inbox).hostname).toBe(`mail.${sandbox.project}.dev.localhost`);
    expect((await request(inbox)).body).toContain("<title>MailDev");
    const socket = (origin: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const { host, port } = new URL(inbox);
        const headers = {
          host,
          origin,
          connection: "Upgrade",
          upgrade: "websocket",
          "sec-websocket-version": "13",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        };
        const asked = http.request({ host: "127.0.0.1", port, path: "/socket.io/?EIO=4&transport=websocket", headers, agent: false });
        asked.on("upgrade", ({ statusCode }, stream) => (stream.destroy(), resolve(statusCode)));
        asked.on("response", ({ statusCode }) => (asked.destroy(), resolve(statusCode)));
        asked.on("error", reject);
        asked.end();
      });
    expect([await socket(inbox), await socket("http://elsewhere.example"), await socket("null")]).toEqual([101, 400, 400]);
    expect((await request(`${inbox}/email`, { headers: { origin: "http://elsewhere.example" } })).headers).not.toHaveProperty(
      "access-control-allow-origin",
    );
  });

  test("an author gets a mail and the editor a Bcc; a header cannot be smuggled in; a mail that fails loses no entry", async () => {
    expect(await sign("Ada", "ada@real.example")).toContain("Thank you for your entry.");
    expect(await sign("Eve", "eve@real.example\nBcc: all@real.example")).toContain("This is not an e-mail address that we can write to.");
    expect(await caught(inbox, "Thank you", ({ length }) => length > 0)).toHaveLength(1);
    const relay = sandbox.engine.getContainer(await container(sandbox, "relay"));
    await relay.stop({ t: 10 });
    expect(await sign("Bob", "bob@real.example")).toContain("Thank you for your entry.");
    // With the relay away mail() says so, by PHP of the web server and of the command line, and sendmail has its own code.
    sandbox.write("public/mail.php", "<?php var_dump(mail('ada@real.example', 'by the server', 'text'));");
    const [web, cli, sendmail] = await Promise.all([
      request(`${url}/mail.php`, { timeoutMs: 30_000 }),
      exec(sandbox, "web", "php", "-r", "var_dump(mail('ada@real.example', 'by hand', 'text'));"),
      exec(sandbox, "web", "/bin/sh", "-c", "echo | /usr/sbin/sendmail ada@real.example"),
    ]);
    expect([web.body.trim(), cli.output]).toEqual([expect.stringMatching(/bool\(false\)$/), expect.stringContaining("bool(false)")]);
    expect(sendmail.code).toBeGreaterThan(0);
    await relay.start();
    const mails = await caught(inbox, "Thank you", (found) => found.length === 2);
    expect(mails.map(({ envelope }) => envelope.from.address)).toEqual(Array(2).fill("editor@guestbook.example.com"));
    expect(mails.map((mail) => [...recipients(mail)].sort())).toEqual([
      ["ada@real.example", "editor@guestbook.example.com"],
      ["bob@real.example", "editor@guestbook.example.com"],
    ]);
    expect(mails[0]?.calculatedBcc.map(({ address }) => address)).toEqual(["editor@guestbook.example.com"]);
    expect(mails[0]?.headers).not.toHaveProperty("bcc");
    expect(mails[0]?.text).toContain("Hello Ada,\n\nthank you for your entry in our guestbook:\n\n> Grüße\n> from here\n");
    expect((await request(`${url}/mail.php`)).body).toContain("bool(true)");
    expect(await caught(inbox, "by the server", ({ length }) => length > 0)).toHaveLength(1);
  });

  test("every form of an address ends in the catcher, with the rule, without it, and with the lock's ways bent", async () => {
    const answers = await send(forms("rule"));
    const refused = answers.flatMap(({ to }, index) => (to[0]?.startsWith("2") ? [] : [[FORMS[index]?.[0], to[0]?.slice(0, 3)]]));
    expect(refused).toEqual(FORMS.filter(([, to]) => to === null).map(([written]) => [written, "501"]));
    expect(arrived(await caught(inbox, "rule", ({ length }) => length >= possible), "rule")).toEqual(expected);

    const relay = (...command: string[]): Promise<{ code: number }> => exec(sandbox, "relay", "/bin/sh", "-c", command.join(" && "));
    expect(await relay("postconf -X transport_maps", "postconf -e virtual_alias_maps=", "postfix reload")).toMatchObject({ code: 0 });
    await send(forms("unruled"));
    expect(arrived(await caught(inbox, "unruled", ({ length }) => length >= possible), "unruled")).toEqual(expected);

    // With every way bent to Postfix's own transports nothing leaves, as there are none: it stays in the queue.
    const bent = ["default_transport=smtp:", "relay_transport=relay:", "local_transport=local:", "virtual_transport=smtp:[192.0.2.7]:25"];
    expect(await relay(...bent.map((way) => `postconf -e '${way}'`), "postfix reload")).toMatchObject({ code: 0 });
    await send(forms("bent").slice(0, 5));
    for (const end = Date.now() + 30_000; !/transport unavailable/.test(await queue()) && Date.now() < end;) await pause();
    expect((await queue()).match(/mail transport unavailable/g)?.length).toBeGreaterThan(0);
    await sandbox.engine.getContainer(await container(sandbox, "relay")).restart({ t: 10 });
    expect(await caught(inbox, "bent", ({ length }) => length >= 5)).toHaveLength(5);
  });

  test("Cc, Bcc, a group, the null sender: one mail, with the envelope as it was sent", async () => {
    const to = ["ada@real.example", "cc@real.example", "hidden@real.example", "root"];
    const headers = "Subject: envelope\nTo: team: ada@real.example, other@real.example;\nCc: cc@real.example\nBcc: hidden@real.example\n";
    await send([{ from: "", to, data: `${headers}\ntext` }]);
    const [mail, ...more] = await caught(inbox, "envelope", ({ length }) => length > 0);
    expect(more).toEqual([]);
    expect(mail && [mail.envelope.from.address, [...recipients(mail)].sort()]).toEqual([
      "",
      ["ada@real.example", "cc@real.example", "hidden@real.example", "root@no-domain.invalid"],
    ]);
  });

  test("1,000 mails over an outage of the catcher with two kill -9 of the relay: each once, also after the catcher's restart", async () => {
    const mails = Array.from({ length: 1000 }, (_, index) => ({
      from: "shop@shop.example",
      to: [`one${index}@real.example`, `bcc${index}@real.example`],
      data: `Subject: outage ${index}\nTo: one${index}@real.example\n\ntext`,
    }));
    const catcher = sandbox.engine.getContainer(await container(sandbox, "catcher"));
    const relay = sandbox.engine.getContainer(await container(sandbox, "relay"));
    const killed = async (): Promise<void> => {
      await relay.kill({ signal: "SIGKILL" });
      await relay.start();
    };
    await catcher.stop({ t: 10 });
    expect((await send(mails)).filter(({ data }) => data.startsWith("250")).length).toBe(1000);
    await killed();
    await catcher.start();
    // In the middle of handing over.
    expect((await caught(inbox, "outage", ({ length }) => length > 0)).length).toBeLessThan(1000);
    await killed();
    await caught(inbox, "outage", ({ length }) => length >= 1000);
    expect(await emptied()).toContain("Mail queue is empty");
    await catcher.restart({ t: 10 });
    const found = await caught(inbox, "outage", ({ length }) => length >= 1000);
    const sorted = (list: readonly string[]): readonly string[] => [...list].sort();
    expect(sorted(found.flatMap(recipients))).toEqual(sorted(mails.flatMap(({ to }) => to)));
    expect(found).toHaveLength(1000);
  });

  describe("the walls", () => {
    const network = `${sandbox.project}-outside`;
    const ports = [25, 465, 587];
    const listeners: Server[] = [];
    let outside = "";
    let connections = 0;

    beforeAll(async () => {
      // A network that is not ours: its gateway is an address of the machine, on which something listens.
      const made = await sandbox.engine.createNetwork({ Name: network });
      const { IPAM } = (await made.inspect()) as { IPAM: { Config: { Gateway: string }[] } };
      outside = IPAM.Config[0]?.Gateway ?? "";
      for (const port of ports) {
        const listener = createServer((socket) => (connections++, socket.end("220 outside\r\n")));
        await new Promise<void>((resolve, reject) => listener.once("error", reject).listen(port, outside, resolve));
        listeners.push(listener);
      }
    });
    afterAll(async () => {
      for (const listener of listeners) listener.close();
      await sandbox.engine.getNetwork(network).remove();
    });

    test("neither the app nor the relay nor the catcher reaches a mail port of the machine, of a gateway or of the door's network", async () => {
      // What listens can be reached: from the machine itself.
      await new Promise<void>((resolve, reject) =>
        createConnection(25, outside)
          .on("data", () => undefined)
          .on("end", resolve)
          .on("error", reject),
      );
      expect(connections).toBe(1);
      const addresses = async (component: string): Promise<readonly { Gateway: string; IPAddress: string }[]> => {
        const { NetworkSettings } = await sandbox.engine.getContainer(await container(sandbox, component)).inspect();
        return Object.values(NetworkSettings.Networks);
      };
      const gateways = (await Promise.all(["web", "relay", "catcher", "door"].map(addresses))).flat().map(({ Gateway }) => Gateway);
      const subnets = ["web", "relay", "catcher"].map(async (component) =>
        (await addresses(component)).map(({ IPAddress }) => IPAddress.replace(/\d+$/, (last) => String((Number(last) & ~31) + 1))),
      );
      const hosts = [...new Set([outside, "192.0.2.7", ...gateways, ...(await Promise.all(subnets)).flat()])].filter(Boolean);
      const targets = hosts.flatMap((host) => ports.map((port) => `${host} ${port}`));
      expect(targets.length).toBeGreaterThan(8);
      // All at once: where there is no route it fails at once, where nobody answers it takes the time.
      const one = 'timeout 5 bash -c "exec 3<>/dev/tcp/${target% *}/${target#* }" 2>/dev/null && echo "reached $target"';
      const script = `for target in "$@"; do { ${one}; } & done; wait; echo done`;
      const components = ["web", "worker", "relay", "catcher"];
      const answers = components.map((component) => exec(sandbox, component, "bash", "-c", script, "walls", ...targets));
      expect((await Promise.all(answers)).map(({ output }) => output)).toEqual(components.map(() => "done\n"));
      expect(connections).toBe(1);
    });
  });

  test("nothing of a mail's content is in the relay's or the catcher's log, and a second up changes nothing", async () => {
    for (const component of ["relay", "catcher"]) {
      const { output } = await sandbox.run("docker", ["logs", await container(sandbox, component)]);
      expect(output.length).toBeGreaterThan(50);
      expect(output).not.toMatch(/Subject|outage \d|thank you/i);
    }
    expect(changed(await sandbox.mustUp())).toEqual({});
    expect(changed(await sandbox.refresh())).toEqual({});
  });
});
