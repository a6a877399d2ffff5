import type { IncomingMessage, ServerResponse } from "node:http";
import helmet from "helmet";
import type { Desk } from "../web/desk";

// What a page could ask a browser for, as far as browsers know the name; none of ours does but one, which copies.
const POWERS = [
  "accelerometer",
  "autoplay",
  "browsing-topics",
  "camera",
  "clipboard-read",
  "display-capture",
  "encrypted-media",
  "fullscreen",
  "gamepad",
  "geolocation",
  "gyroscope",
  "hid",
  "identity-credentials-get",
  "idle-detection",
  "keyboard-map",
  "local-fonts",
  "magnetometer",
  "microphone",
  "midi",
  "otp-credentials",
  "payment",
  "picture-in-picture",
  "publickey-credentials-create",
  "publickey-credentials-get",
  "screen-wake-lock",
  "serial",
  "storage-access",
  "usb",
  "window-management",
  "xr-spatial-tracking",
];

/** The headers every answer starts with: nothing is kept by a cache unless its answer says so (ASVS 5.0, 14.3.2). */
export function securityHeaders(desk: Desk): Record<string, string> {
  const https = desk.baseUrl.protocol === "https:";
  const setHeaders = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        connectSrc: ["'self'"],
        // Browsers hold it also against where a form's answer redirects to.
        formAction: ["'self'", ...desk.returnOrigins],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
        trustedTypes: ["'none'"],
        ...(https && { upgradeInsecureRequests: [] }),
      },
    },
    strictTransportSecurity: https,
    // With "no-referrer" browsers send "Origin: null" with forms, which the forgery check could not tell from another site.
    referrerPolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
  });
  const headers: Record<string, string> = {
    "Cache-Control": "no-store",
    "Permissions-Policy": [...POWERS.map((power) => `${power}=()`), "clipboard-write=(self)"].join(", "),
  };
  const answer = { setHeader: (name: string, value: string) => (headers[name] = value), removeHeader() {} };
  setHeaders({} as IncomingMessage, answer as unknown as ServerResponse, () => {});
  return headers;
}
