import { type Bouncer, openBouncer } from "./pgbouncer";
import { describeWith } from "./process";

// The races of test/hold, each on two replicas, with PgBouncer between them and the database: fewer rounds than there.
process.env.RACES ??= "8";

describeWith(["pgbouncer"], "with the database behind PgBouncer", () => {
  let bouncer: Bouncer;
  const direct = process.env.TEST_POSTGRES_URL ?? "";
  beforeAll(async () => {
    bouncer = await openBouncer(direct);
    process.env.TEST_POSTGRES_BY = bouncer.to(direct);
  });
  afterAll(async () => {
    delete process.env.TEST_POSTGRES_BY;
    await bouncer?.stop();
  });
  require("../hold/races.test");
});
