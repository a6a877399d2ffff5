import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { openTestDatabase } from "../support/database";
import { type Program, runProgram } from "../support/program";

const APP_SECRET = "an operator's secret of more than thirty-two characters";
const ROUNDS = 2;
const CLIENTS = 40;

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeEach(async () => {
  database = await openTestDatabase();
});
afterEach(() => database.close());

/** How it ended for each of many who ask for one page after another while the program is told to stop. */
async function askUntilItStops(options: { keepAlive: boolean }): Promise<string[]> {
  const program = await runProgram({ DATABASE_URL: database.url, APP_SECRET });
  const clients = Array.from({ length: CLIENTS }, () => askOn(program, options));
  await pause(200);
  expect(await program.end("SIGTERM")).toBe(0);
  return Promise.all(clients);
}

/** Asks on one connection, or on another each time, and on another when told that it is closed. */
async function askOn({ origin }: Program, options: { keepAlive: boolean }): Promise<string> {
  for (let agent = new Agent({ ...options, maxSockets: 1 }); ; ) {
    const asked = request(`${origin}/sign-in`, { agent }).end();
    try {
      const [answer]: [IncomingMessage] = (await once(asked, "response")) as never;
      answer.resume();
      await once(answer, "close");
      if (options.keepAlive && answer.headers.connection === "close") agent = new Agent({ maxSockets: 1 });
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "ECONNREFUSED" ? "refused" : String(error);
    }
  }
}

describe("a program that is told to stop while it is busy", () => {
  it("answers whoever has connected, and refuses the connections after that", async () => {
    for (let round = 0; round < ROUNDS; round++)
      expect(await askUntilItStops({ keepAlive: false })).toEqual(Array(CLIENTS).fill("refused"));
  });

  it("waits for nobody who has connected and says nothing", async () => {
    const program = await runProgram({ DATABASE_URL: database.url, APP_SECRET });
    const silent = connect(Number(new URL(program.origin).port), "127.0.0.1").on("error", () => {});
    await once(silent, "connect");
    await pause(100);
    const began = performance.now();
    expect(await program.end("SIGTERM")).toBe(0);
    expect(performance.now() - began).toBeLessThan(8_000);
    silent.destroy();
  });

  it("answers on connections that are kept, and takes no others once it has closed one of them", async () => {
    for (let round = 0; round < ROUNDS; round++)
      expect(await askUntilItStops({ keepAlive: true })).toEqual(Array(CLIENTS).fill("refused"));
  });
});
