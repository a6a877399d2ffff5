import { countFailures } from "../../src/records/throttles";
import { openTestDatabase } from "../support/database";

let database: Awaited<ReturnType<typeof openTestDatabase>>;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

describe("failures counted together", () => {
  it("make the next one wait where they are more than fit, however many, and also where none was counted before", async () => {
    const limit = { most: 100, drainSeconds: 10 };
    const seconds = await countFailures(database.db, [
      { ...limit, key: "few", tries: 100 },
      { ...limit, key: "many", tries: 101 },
      { ...limit, key: "very many", tries: 5_000 },
    ]);
    expect(seconds).toEqual([0, 10, 10]);
    expect(await countFailures(database.db, [{ ...limit, key: "very many", tries: 5_000 }])).toEqual([10]);
  });
});
