/** A "no" to this request: an HTTP status and a sentence that is safe to show to anybody. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly sentence: string,
  ) {
    super(sentence);
  }
}
