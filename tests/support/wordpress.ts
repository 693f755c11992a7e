import { readFileSync } from "node:fs";
import { request as send } from "./sandbox";

/** A person with a browser at a WordPress: keeps cookies, follows no redirect. */
export class Visitor {
  readonly #cookies = new Map<string, string>();
  readonly #login = { user: "editor", password: "Corr3ct-horse-battery" };

  /** @param url public URL, without a slash at the end */
  constructor(readonly url: string) {}

  async get(path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
    return this.#ask(path, { headers });
  }

  /** The last page of the installer that WordPress shows at the first visit. */
  async install(title: string, email: string): Promise<string> {
    const { user, password } = this.#login;
    const form = { weblog_title: title, user_name: user, admin_password: password, admin_password2: password, pw_weak: "1" };
    return (await this.#ask("/wp-admin/install.php?step=2", { body: new URLSearchParams({ ...form, admin_email: email }) })).body;
  }

  /** @returns where WordPress sends the browser */
  async logIn(): Promise<string> {
    await this.get("/wp-login.php");
    const { user, password } = this.#login;
    return (await this.#ask("/wp-login.php", { body: new URLSearchParams({ log: user, pwd: password, testcookie: "1" }) })).location;
  }

  async askForNewPassword(): Promise<string> {
    return (await this.#ask("/wp-login.php?action=lostpassword", { body: new URLSearchParams({ user_login: this.#login.user }) })).location;
  }

  /** Uploads a picture as the media library does, and returns its public URL or what WordPress says of it. */
  async upload(file: string, name: string): Promise<string> {
    const [, nonce = ""] = /"_wpnonce":"([0-9a-f]+)"/.exec((await this.get("/wp-admin/media-new.php")).body) ?? [];
    const form = new FormData();
    form.set("action", "upload-attachment");
    form.set("_wpnonce", nonce);
    form.set("name", name);
    form.set("async-upload", new Blob([readFileSync(file)], { type: "image/png" }), name);
    const said = JSON.parse((await this.#ask("/wp-admin/async-upload.php", { body: form })).body) as {
      data: { url?: string; message?: string };
    };
    return said.data.url ?? said.data.message ?? "";
  }

  /** A route of the REST API, as the person who has logged in. */
  async rest(route: string, body?: URLSearchParams): Promise<unknown> {
    const nonce = (await this.get("/wp-admin/admin-ajax.php?action=rest-nonce")).body;
    return JSON.parse((await this.#ask(`/index.php?rest_route=${route}`, { headers: { "x-wp-nonce": nonce }, body })).body) as unknown;
  }

  async #ask(
    path: string,
    { headers = {}, body }: { headers?: Record<string, string>; body?: URLSearchParams | FormData },
  ): Promise<{ status: number; body: string; location: string }> {
    const { host, port } = new URL(this.url);
    // fetch has no way to loopback under another name, and may not set Host: what it would send is made by a Request.
    const request = new Request(`http://127.0.0.1:${port}${path}`, { method: body ? "POST" : "GET", body });
    const answer = await send(`${this.url}${path}`, {
      method: request.method,
      headers: {
        host,
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(body && { "content-type": request.headers.get("content-type") ?? "" }),
        ...headers,
      },
      body: Buffer.from(await request.arrayBuffer()),
    });
    for (const cookie of answer.headers["set-cookie"] ?? []) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      this.#cookies.set(name, value);
    }
    return { status: answer.status, body: answer.body, location: answer.headers.location ?? "" };
  }
}
