import { connect, type Socket } from "node:net";

/** What one slice of load came to: how many answers, over how many seconds, and each one's time in milliseconds. */
export type Slice = { answers: number; seconds: number; times: Float64Array };

/** What is asked for: the whole request as it goes over the wire, and what every answer must be. */
export type Ask = { request: Buffer; status: number; orElse?: number[]; bodyHolds?: string };

/**
 * Asks one server over `connections` kept-open connections, each one of `asks` in turn, and anew as soon as it is answered, for
 * `seconds`. Every answer's status is checked. Throws for a wrong answer, or a connection that closes.
 */
export async function load(port: number, asks: Ask[], connections: number, seconds: number): Promise<Slice> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)));
  // Each connection asks its share of them over and over.
  const shareOf = (i: number) => asks.filter((_ask, n) => n % connections === i % asks.length);
  await Promise.all(sockets.map((socket, i) => askAgain(socket, shareOf(i), until, times)));
  const took = (performance.now() - began) / 1000;
  for (const socket of sockets) socket.destroy();
  return { answers: times.length, seconds: took, times: Float64Array.from(times).sort() };
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => resolve(socket));
    socket.once("error", reject);
  });
}

function askAgain(socket: Socket, asks: Ask[], until: number, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let turn = 0;
    let ask = asks[0] as Ask;
    let sentAt = performance.now();
    let held = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const answer = readAnswer(held);
      if (!answer) return;
      if (answer.status !== ask.status && !ask.orElse?.includes(answer.status))
        return reject(new Error(`Answered ${answer.status}: ${held}`));
      if (ask.bodyHolds && !answer.body().includes(ask.bodyHolds)) {
        return reject(new Error(`The answer does not hold ${ask.bodyHolds}: ${held}`));
      }
      const now = performance.now();
      times.push(now - sentAt);
      if (now >= until) return resolve();
      held = Buffer.alloc(0);
      sentAt = now;
      turn = (turn + 1) % asks.length;
      ask = asks[turn] as Ask;
      socket.write(ask.request);
    });
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("The server closed a connection")));
    socket.write(ask.request);
  });
}

/** One whole answer with a Content-Length, or undefined until it is complete. */
function readAnswer(bytes: Buffer): { status: number; body: () => string } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end === -1) return undefined;
  const head = bytes.toString("latin1", 0, end);
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`An answer without a length: ${head}`);
  if (bytes.length < end + 4 + Number(length)) return undefined;
  return { status: Number(head.slice(9, 12)), body: () => bytes.toString("utf8", end + 4) };
}

/**
 * Asks one server `perSecond` times a second, whatever the answers take, until a promise is settled; each of `asks` in
 * turn, over as many connections as are needed. Returns each answer's time in milliseconds, sorted.
 */
export async function paced(
  port: number,
  asks: Ask[],
  perSecond: number,
  until: Promise<unknown>,
): Promise<Float64Array> {
  const times: number[] = [];
  const idle: Socket[] = [];
  const underWay = new Set<Promise<void>>();
  let turn = 0;
  async function askOnce(): Promise<void> {
    const began = performance.now();
    const socket = idle.pop() ?? (await open(port));
    await askAgain(socket, [asks[turn++ % asks.length] as Ask], 0, []);
    times.push(performance.now() - began);
    socket.removeAllListeners();
    idle.push(socket);
  }
  const timer = setInterval(() => {
    const asked = askOnce();
    underWay.add(asked);
    asked.finally(() => underWay.delete(asked)).catch(() => {});
  }, 1000 / perSecond);
  await until;
  clearInterval(timer);
  await Promise.all(underWay);
  for (const socket of idle) socket.destroy();
  return Float64Array.from(times).sort();
}
