import { apiDocument } from "../../web/api/document";
import { KeyOwner } from "../../web/api/schemas";
import type { ApiKeyVisit, Visit } from "../../web/visit";

/** GET /v1/me: whose key this is. */
export async function me({ res, apiKey }: ApiKeyVisit): Promise<void> {
  const { id: keyId, owner, name, firstName, lastName, roles } = apiKey;
  const names = owner.kind === "person" ? { email: name, firstName, lastName } : { name };
  res.json(KeyOwner.parse({ id: owner.id, kind: owner.kind, ...names, roles, keyId }));
}

/** GET /v1/openapi.json: everything programs may ask, described for programs. */
export async function openApi({ res, desk }: Visit): Promise<void> {
  res.json(apiDocument(desk));
}
