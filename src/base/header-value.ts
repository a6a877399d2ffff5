/**
 * A text as the value of an HTTP header: printable ASCII stays as it is, but for the percent sign; every other character
 * is percent-encoded as UTF-8 (RFC 3986, section 2.1). Percent-decoding gives the text back.
 */
export function headerValue(text: string): string {
  return text.toWellFormed().replace(/%|[^\x20-\x7e]+|^ | $/g, encodeURIComponent);
}
