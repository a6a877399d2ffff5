import { connect, type Socket } from "node:net";

/** What is asked for: the whole request as it goes over the wire, and what every answer must be. */
export type Ask = { request: Buffer; status: number; orElse?: number[]; bodyHolds?: string };

const READ_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * A kept-open connection that asks one thing after another. It shares a core with the database, so it does no more than it
 * must: bytes are read into one buffer, and looked at where they are.
 */
export class Connection {
  #socket!: Socket;
  #held = NOTHING;
  #ask: Ask | undefined;
  #done: (error?: Error) => void = () => {};

  static open(port: number): Promise<Connection> {
    const connection = new Connection();
    const onread = {
      buffer: Buffer.alloc(READ_BYTES),
      callback: (length: number, buffer: Uint8Array) => {
        connection.#read(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    };
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true, onread }, () => resolve(connection));
      socket.once("error", (error) => {
        reject(error);
        connection.#done(error);
      });
      socket.once("close", () => connection.#done(new Error("The server closed a connection")));
      connection.#socket = socket;
    });
  }

  /** Asks; `done` hears when it was answered, with an error for a wrong answer or none. */
  ask(ask: Ask, done: (error?: Error) => void): void {
    this.#ask = ask;
    this.#done = done;
    this.#socket.write(ask.request);
  }

  close(): void {
    this.#done = () => {};
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = bytes.indexOf("\r\n\r\n");
    const length = end === -1 ? 0 : end + 4 + contentLength(bytes, end);
    if (end === -1 || bytes.length < length) {
      // The next chunk is read into the same buffer.
      this.#held = Buffer.from(bytes);
      return;
    }
    this.#held = NOTHING;
    this.#done(this.#ask && whatIsWrong(bytes, end, this.#ask));
  }
}

function whatIsWrong(bytes: Buffer, end: number, { status, orElse, bodyHolds }: Ask): Error | undefined {
  const answered = Number(bytes.toString("latin1", 9, 12));
  if (answered !== status && !orElse?.includes(answered)) return new Error(`Answered ${answered}: ${bytes}`);
  if (bodyHolds && bytes.indexOf(bodyHolds, end) === -1)
    return new Error(`The answer does not hold ${bodyHolds}: ${bytes}`);
  return undefined;
}

function contentLength(bytes: Buffer, end: number): number {
  const at = bytes.indexOf("\r\nContent-Length: ");
  if (at === -1 || at > end) throw new Error(`An answer without a length: ${bytes}`);
  return Number.parseInt(bytes.toString("latin1", at + 18, at + 28), 10);
}
