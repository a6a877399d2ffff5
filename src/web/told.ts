import type { Desk } from "./desk";

/** For administrators: the sentence that says whether somebody else hears by mail of what is done here. */
export function told({ mail }: Pick<Desk, "mail">): string {
  return mail.configured
    ? "They are written to."
    : "This installation sends no mail, so tell them yourself: letters to them go to the server's log.";
}
