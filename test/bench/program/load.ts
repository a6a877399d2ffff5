import { type Ask, Connection } from "./connection";

/** What one slice of load came to: how many answers, over how many seconds, and each one's time in milliseconds. */
export type Slice = { answers: number; seconds: number; times: Float64Array };

/**
 * Asks one server over `connections` kept-open connections, each one of `asks` in turn, and anew as soon as it is answered, for
 * `seconds`. Every answer's status is checked. Throws for a wrong answer, or a connection that closes.
 */
export async function load(port: number, asks: Ask[], connections: number, seconds: number): Promise<Slice> {
  const times: number[] = [];
  const until = performance.now() + seconds * 1000;
  const began = performance.now();
  const open = await Promise.all(Array.from({ length: connections }, () => Connection.open(port)));
  // Each connection asks its share of them over and over.
  const shareOf = (i: number) => asks.filter((_ask, n) => n % connections === i % asks.length);
  await Promise.all(open.map((connection, i) => askAgain(connection, shareOf(i), until, times)));
  const took = (performance.now() - began) / 1000;
  for (const connection of open) connection.close();
  return { answers: times.length, seconds: took, times: Float64Array.from(times).sort() };
}

function askAgain(connection: Connection, asks: Ask[], until: number, times: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let turn = 0;
    let sentAt = performance.now();
    const ask = () => connection.ask(asks[turn] as Ask, done);
    function done(error?: Error): void {
      const now = performance.now();
      if (error) reject(error);
      else times.push(now - sentAt);
      if (now >= until) resolve();
      if (error || now >= until) return;
      sentAt = now;
      turn = (turn + 1) % asks.length;
      ask();
    }
    ask();
  });
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
  const idle: Connection[] = [];
  const underWay = new Set<Promise<void>>();
  let turn = 0;
  async function askOnce(): Promise<void> {
    const began = performance.now();
    const connection = idle.pop() ?? (await Connection.open(port));
    await askAgain(connection, [asks[turn++ % asks.length] as Ask], 0, []);
    times.push(performance.now() - began);
    idle.push(connection);
  }
  const timer = setInterval(() => {
    const asked = askOnce();
    underWay.add(asked);
    asked.finally(() => underWay.delete(asked)).catch(() => {});
  }, 1000 / perSecond);
  await until;
  clearInterval(timer);
  await Promise.all(underWay);
  for (const connection of idle) connection.close();
  return Float64Array.from(times).sort();
}
