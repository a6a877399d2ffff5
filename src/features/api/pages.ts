import type { ApiKeyVisit } from "../../web/visit";

/** GET /v1/me: whose key this is. */
export async function me({ res, apiKey }: ApiKeyVisit): Promise<void> {
  const { id: keyId, owner, name, firstName, lastName, roles } = apiKey;
  const names = owner.kind === "person" ? { email: name, firstName, lastName } : { name };
  res.json({ id: owner.id, kind: owner.kind, ...names, roles, keyId });
}
