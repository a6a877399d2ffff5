import { apiDocument } from "../../web/api/document";
import { inWords } from "../../web/api/in-words";
import { liveSessionOf } from "../../web/live-session-of";
import { drawPage } from "../../web/page";
import type { Visit } from "../../web/visit";

/** GET /docs/api: what programs may ask, drawn from the document that describes it to programs. */
export async function show(visit: Visit): Promise<void> {
  const person = liveSessionOf(visit)?.person;
  await drawPage(person ? { ...visit, person } : visit, "api-docs/api", {
    title: "API for programs",
    wide: true,
    api: inWords(apiDocument(visit.desk)),
  });
}
