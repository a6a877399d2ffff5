import { environmentOn } from "../hold/crowd";
import { describeJourney } from "../support/account-journey";
import { byMouse } from "../support/browser-hand";
import { carry } from "../support/carry";
import { runProgram } from "../support/program";
import { findPostgres15, openPostgres15 } from "./postgres-15";

jest.setTimeout(180_000);

const programs = findPostgres15();

if (programs === undefined) {
  const reason = "skipped: there is no Postgres 15 on this machine";
  console.warn(`on Postgres 15 (${reason})`);
  it.skip(`on Postgres 15 (${reason})`, () => {});
} else {
  describeJourney("on Postgres 15", { javaScriptEnabled: true, hand: byMouse }, async () => {
    const postgres = await openPostgres15(programs);
    const program = await runProgram(environmentOn(postgres.url));
    return {
      origin: program.setUpAddresses()[0]?.split("/setup")[0] ?? "",
      setUpAddress: program.setUpAddresses()[0] ?? "",
      log: program.printed,
      databaseUrl: async () => postgres.url,
      async stop() {
        expect(await program.end("SIGTERM")).toBe(0);
        await postgres.stop();
      },
    };
  });

  describe("between Postgres 15 and the one that comes along", () => {
    let postgres: Awaited<ReturnType<typeof openPostgres15>>;
    beforeAll(async () => {
      postgres = await openPostgres15(programs);
    });
    afterAll(() => postgres?.stop());

    it("a backup of the older is restored on the newer", () => carry(postgres.url, undefined));
    it("a backup of the newer is restored on the older", () => carry(undefined, postgres.url));
  });
}
