/** A "no" to this request: an HTTP status and a sentence that is safe to show to anybody. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly sentence: string,
    /** When it is worth asking again (`Retry-After`, RFC 9110 section 10.2.3). */
    readonly retryAfterSeconds?: number,
  ) {
    super(sentence);
  }
}
