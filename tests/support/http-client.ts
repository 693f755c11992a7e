import { randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: http.IncomingHttpHeaders;
  /** When each part of the body came, in milliseconds after the first. */
  readonly parts: readonly number[];
}

export interface Asked {
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Iterable<Buffer>;
  /** In milliseconds. @default 5000 */
  readonly timeout?: number;
  readonly agent?: http.Agent;
}

/** One request to 127.0.0.1 under a host name. */
export function ask({ port, host, path = "/", method = "GET", headers, body, timeout = 5000, agent }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: "127.0.0.1", port, path, method, headers: { Host: host, ...headers }, agent, timeout },
      (response) => {
        const chunks: Buffer[] = [];
        const parts: number[] = [];
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          parts.push(Date.now());
        });
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks).toString(),
            headers: response.headers,
            parts: parts.map((at) => at - (parts[0] ?? at)),
          }),
        );
      },
    );
    request.on("timeout", () => request.destroy(new Error(`no answer within ${timeout} ms`)));
    request.on("error", reject);
    if (!body) return void request.end();
    const pieces = body[Symbol.iterator]();
    const send = (): void => {
      for (let piece = pieces.next(); !piece.done; piece = pieces.next()) {
        if (!request.write(piece.value)) return void request.once("drain", send);
      }
      request.end();
    };
    send();
  });
}

/** Sends texts over a WebSocket, one after the other's echo; the echoes. */
export function echo(port: number, host: string, texts: readonly string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1");
    const heard: string[] = [];
    let data = Buffer.alloc(0);
    let open = false;
    const say = (text: string): void => {
      const [mask, body] = [randomBytes(4), Buffer.from(text)];
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | body.length]), mask, body.map((byte, at) => byte ^ (mask[at % 4] ?? 0))]));
    };
    socket.setTimeout(10_000, () => socket.destroy(new Error("the WebSocket is silent")));
    socket.on("error", reject);
    socket.on("close", () => reject(new Error(`the WebSocket was closed after ${JSON.stringify(heard)}: ${data.toString()}`)));
    socket.on("data", (chunk) => {
      data = Buffer.concat([data, chunk]);
      if (!open) {
        const end = data.indexOf("\r\n\r\n");
        if (end < 0) return;
        const head = data.subarray(0, end).toString();
        if (!head.startsWith("HTTP/1.1 101")) return void socket.destroy(new Error(head));
        open = true;
        data = data.subarray(end + 4);
        say(texts[0] ?? "");
      }
      const length = data[1] ?? 0;
      if (data.length < 2 + length || data.length === 0) return;
      heard.push(data.subarray(2, 2 + length).toString());
      data = data.subarray(2 + length);
      const next = texts[heard.length];
      if (next !== undefined) return say(next);
      socket.removeAllListeners("close").destroy();
      resolve(heard);
    });
    socket.write(
      `GET /ws HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${randomBytes(16).toString("base64")}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
    );
  });
}
