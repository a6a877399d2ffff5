import { connect, type Socket } from "node:net";

/** An answer as it came over the wire; the body in Latin-1, so that no byte is lost. */
export type Answer = { status: number; headers: Record<string, string>; body: string };

/** A request as bytes; `head` when its answer has no body. */
export type Sent = { bytes: Buffer; head?: boolean };

const PATIENCE = 20_000;

/** One connection at a time that sends bytes as they are: what no well-behaved client would let through. */
export class Wire {
  #socket: Socket | undefined;
  constructor(readonly port: number) {}

  /** Sends a request and reads its answer to the end; rejects when nothing comes for 20 seconds. */
  async send({ bytes, head = false }: Sent): Promise<Answer> {
    const socket = this.#socket ?? (await this.#connect());
    return new Promise((resolve, reject) => {
      let read: Buffer = Buffer.alloc(0);
      const done = (answer: Answer | undefined, error?: Error) => {
        clearTimeout(patience);
        socket.off("data", onData).off("close", onClose);
        if (!answer || answer.headers.connection === "close") this.close();
        if (answer) resolve(answer);
        else reject(error);
      };
      const onData = (chunk: Buffer) => {
        read = read.length === 0 ? chunk : Buffer.concat([read, chunk]);
        const answer = readAnswer(read, head, false);
        if (answer) done(answer);
      };
      const onClose = () => {
        this.#socket = undefined;
        done(readAnswer(read, head, true), new Error(`The connection was closed after ${read.length} bytes`));
      };
      const patience = setTimeout(() => done(undefined, new Error("No answer came")), PATIENCE);
      socket.on("data", onData).once("close", onClose);
      socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, "127.0.0.1", () => {
        // A request that is refused before its body was read ends with a reset; the answer has come by then.
        socket.off("error", reject).on("error", () => {});
        this.#socket = socket;
        resolve(socket);
      }).once("error", reject);
      socket.setNoDelay(true);
    });
  }
}

function readAnswer(read: Buffer, head: boolean, closed: boolean): Answer | undefined {
  const end = read.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const [first = "", ...lines] = read.toString("latin1", 0, end).split("\r\n");
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}\n${value}`;
  }
  const status = Number(first.split(" ")[1]);
  const rest = read.subarray(end + 4);
  const answer = (body: Buffer) => ({ status, headers, body: body.toString("latin1") });
  if (head || status === 204 || status === 304) return answer(Buffer.alloc(0));
  if (headers["content-length"] !== undefined) {
    const length = Number(headers["content-length"]);
    return rest.length >= length ? answer(rest.subarray(0, length)) : undefined;
  }
  if (headers["transfer-encoding"] === "chunked") {
    return rest.subarray(-5).toString("latin1") === "0\r\n\r\n" ? answer(rest) : undefined;
  }
  return closed ? answer(rest) : undefined;
}

/** Sends all, on so many connections at once; the answers in the same order. */
export async function sendAll(wires: Wire[], requests: Sent[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  await Promise.all(
    wires.map(async (wire) => {
      for (let at = next++; at < requests.length; at = next++) {
        const request = requests[at];
        if (request) answers[at] = await wire.send(request);
      }
    }),
  );
  return answers;
}
