import { once } from "node:events";
import path from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { Ask } from "./connection";
import { load } from "./load";

type Flood = { port: number; asks: Ask[] };

/**
 * Each of `asks` once and all at the same time, from a thread of its own: whoever measures what others notice must not
 * be held up by it. Resolves to the seconds it took, and rejects for a wrong answer.
 */
export async function flood(port: number, asks: Ask[]): Promise<number> {
  const worker = new Worker(path.join(__dirname, "flood.js"), { workerData: { port, asks } });
  const [seconds] = await once(worker, "message");
  return seconds;
}

if (!isMainThread) {
  const { port, asks } = workerData as Flood;
  // A buffer comes over as plain bytes.
  const again = asks.map((ask) => ({ ...ask, request: Buffer.from(ask.request) }));
  load(port, again, again.length, 0).then(({ seconds }) => parentPort?.postMessage(seconds));
}
