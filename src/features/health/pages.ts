import type { Visit } from "../../web/visit";

/** GET /healthz: the process answers. */
export async function alive({ res }: Visit): Promise<void> {
  res.type("text").send("ok\n");
}

/** GET /readyz: the database answers too; 503 when it does not. */
export async function ready({ res, desk }: Visit): Promise<void> {
  const answer = await desk.db.query("select 1").then(
    () => true,
    () => false,
  );
  res
    .status(answer ? 200 : 503)
    .type("text")
    .send(answer ? "ready\n" : "the database does not answer\n");
}
