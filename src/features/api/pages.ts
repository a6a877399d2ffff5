import type { ApiKeyVisit } from "../../web/visit";

/** GET /v1/authentication/verify: a good key is answered by 200 and nothing else; the guard has refused the others. */
export async function verify({ res }: ApiKeyVisit): Promise<void> {
  res.status(200).set("Cache-Control", "no-store").end();
}

/** GET /v1/me: whose key this is. */
export async function me({ res, apiKey }: ApiKeyVisit): Promise<void> {
  const { personId, email, firstName, lastName, roles, id } = apiKey;
  res
    .set("Cache-Control", "no-store")
    .json({ id: personId, kind: "person", email, firstName, lastName, roles, keyId: id });
}
