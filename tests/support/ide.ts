import net from "node:net";

/** The port on which an IDE waits for Xdebug. */
const PORT = 9003;

/** One debugged run of PHP, as an IDE sees it (DBGp, https://xdebug.org/docs/dbgp). */
export interface Session {
  /** What PHP said first. */
  readonly init: { readonly fileuri: string; readonly idekey: string };
  /** Sends a command such as `run`; resolves to the XML of its answer, or `undefined` if PHP ended the session first. */
  send(command: string): Promise<string | undefined>;
  /** Lets PHP run to its end; it waits for one more word there. */
  finish(): Promise<void>;
}

/** An attribute of the first element that has it. */
export const attribute = (xml: string, name: string): string => new RegExp(`\\s${name}="([^"]*)"`).exec(xml)?.[1] ?? "";

/** An IDE that waits for the debugger on loopback, as VS Code and PhpStorm do. */
export class Ide {
  /** Connections so far. */
  connections = 0;
  private readonly server = net.createServer((socket) => this.accept(socket));
  private readonly waiting: ((session: Session) => void)[] = [];
  private readonly sessions: Session[] = [];
  private readonly sockets = new Set<net.Socket>();

  /** @throws Error if another program has the port: usually the IDE of the person who runs the tests */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "EADDRINUSE"
            ? new Error(
                `127.0.0.1:${PORT} is taken, usually by an IDE that waits for Xdebug: let it stop listening for as long as this test runs`,
              )
            : error,
        ),
      );
      this.server.listen(PORT, "127.0.0.1", resolve);
    });
  }

  /** The next session that nobody has taken yet. */
  session(): Promise<Session> {
    const next = this.sessions.shift();
    return next ? Promise.resolve(next) : new Promise((resolve) => this.waiting.push(resolve));
  }

  close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }

  private accept(socket: net.Socket): void {
    this.connections++;
    this.sockets.add(socket);
    const answers: ((xml: string | undefined) => void)[] = [];
    let buffer = Buffer.alloc(0);
    let number = 0;
    const send = (command: string): Promise<string | undefined> => {
      const [name = "", ...rest] = command.split(" ");
      if (socket.destroyed) return Promise.resolve(undefined);
      socket.write(`${[name, "-i", ++number, ...rest].join(" ")}\0`);
      return new Promise((resolve) => answers.push(resolve));
    };
    const session = (xml: string): Session => ({
      init: { fileuri: attribute(xml, "fileuri"), idekey: attribute(xml, "idekey") },
      send,
      finish: async () => {
        while ((await send("run")) !== undefined);
      },
    });
    let first = true;
    socket.on("data", (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      // "length NUL xml NUL"
      for (;;) {
        const start = buffer.indexOf(0);
        if (start < 0) return;
        const end = start + 1 + Number(buffer.subarray(0, start).toString());
        if (buffer.length <= end) return;
        const xml = buffer.subarray(start + 1, end).toString();
        buffer = buffer.subarray(end + 1);
        if (first) {
          first = false;
          const taker = this.waiting.shift();
          if (taker) taker(session(xml));
          else this.sessions.push(session(xml));
        } else answers.shift()?.(xml);
      }
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.sockets.delete(socket);
      for (const answer of answers.splice(0)) answer(undefined);
    });
  }
}
