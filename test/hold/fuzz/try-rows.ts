import { isForPrograms } from "../../../src/web/api/addresses";
import { takeChanges } from "./changes";
import { type Drawn, oddParameters, parametersOf, requestOf, write } from "./draw";
import type { Row } from "./rows";
import { inBatches, ODD_VALUES, READ_VALUES, SEED } from "./trial";
import { faultsOf, takeLog } from "./watch";
import { type Answer, sendAll } from "./wire";
import { openWorld, putBack, type World } from "./world";

/** An answer as rows describe it: the status, then where it leads or what its page is called. */
function nameOf({ status, headers, body }: Answer): string {
  if (headers.location !== undefined) return `${status} ${headers.location}`;
  return `${status} ${/<title>([^<]*)/.exec(body)?.[1] ?? ""}`.trim();
}

let sent = 0;

/** Tries a row with odd values until each parameter had enough of them; says how many requests that took. */
export async function tryRow(row: Row, world: World): Promise<{ requests: number; done: number }> {
  const odd = new Map<string, number>();
  const counts = { requests: 0, done: 0 };
  const parameters = parametersOf(row);
  const values = isForPrograms(row.path) ? READ_VALUES : ODD_VALUES;
  const enough = () => {
    // A form without parameters has its token, which all forms have, its shape and whatever else is sent along.
    if (parameters.length === 0) return counts.requests >= values / 4;
    return parameters.every((name) => (odd.get(name) ?? 0) >= values);
  };
  await inBatches(
    requestOf(row),
    async (drawn) => {
      counts.done += await tryBatch(row, drawn, world);
      counts.requests += drawn.length;
      for (const name of drawn.flatMap((each) => oddParameters(row, each)))
        odd.set(name, (odd.get(name) ?? 0) + 1);
    },
    enough,
  );
  return counts;
}

/** Sends these at once and throws for whatever none of them may do; says how many did what the row is for. */
async function tryBatch(row: Row, drawn: Drawn[], world: World): Promise<number> {
  const { desk, wires } = world;
  await putBack(world);
  desk.log.length = 0;
  const agents = drawn.map(() => `fuzz/${sent++}`);
  const requests = drawn.map((each, i) => write(row, each, world, agents[i] ?? ""));
  const answers = await sendAll(wires, requests);
  const done = answers.map((answer) => row.done.test(nameOf(answer)));
  const told = (i: number) => {
    const answer = answers[i];
    return `"${answer && nameOf(answer)}", the answer to\n${requests[i]?.bytes.toString("latin1").slice(0, 3000)}`;
  };
  const faults = answers.flatMap((answer, i) => faultsOf(answer).map((fault) => `${fault}: ${told(i)}`));
  const leftOut = answers.findIndex(({ headers }, i) => !done[i] && headers.location?.startsWith("/sign-in"));
  if (leftOut !== -1 && row.by !== "stranger") faults.push(`No longer let in: ${told(leftOut)}`);
  const changes = await takeChanges(desk);
  world.disturbed = changes.length > 0;
  let untold = 0;
  for (const change of changes) {
    if (change.clients.length === 0 && String(change.tables) === row.quiet) untold += 1;
    else if (change.clients.length === 0)
      faults.push(`Something changed in ${change.tables}, and nothing tells of it: ${told(0)}`);
    for (const client of change.clients) {
      const i = agents.indexOf(client);
      if (!done[i]) faults.push(`Something changed in ${change.tables} by ${told(i)}`);
    }
  }
  if (untold > done.filter(Boolean).length)
    faults.push(`${untold} changes, and fewer answers that tell of one`);
  if (faults.length > 0) throw new Error(faults.slice(0, 3).join("\n\n"));
  // The line of a request is written when its answer is closed, which may be after it has arrived.
  await new Promise((resolve) => setImmediate(resolve));
  takeLog(desk, drawn.length);
  return done.filter(Boolean).length;
}

/** Makes a test of each row, on one desk, and tells at the end how much was tried. */
export function tryEach(whose: string, rows: Row[], open: () => Promise<World> = openWorld): void {
  let world: World;
  const tried = { rows: 0, requests: 0, done: 0 };
  beforeAll(async () => {
    world = await open();
  });
  afterAll(async () => {
    const { rows, requests, done } = tried;
    // One line: where a row fails, what is said of that is what has to be seen.
    console.info(
      `${whose}, FUZZ=${ODD_VALUES} FUZZ_SEED=${SEED}: ${rows} rows, ${requests} requests, ${done} accepted`,
    );
    await world.close();
  });

  describe(`odd values from ${whose} (FUZZ_SEED=${SEED})`, () => {
    it.each(rows)("do nothing but what $method $path is for", async (row) => {
      const { requests, done } = await tryRow(row, world);
      tried.rows += 1;
      tried.requests += requests;
      tried.done += done;
    });
  });
}
