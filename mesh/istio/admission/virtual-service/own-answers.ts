import { type HttpRoute } from "../../kinds";
import { byteLength } from "../../../regex/bytes";
import { isPort } from "../names";
import { type Refuse } from "../webhook";

/** 600 is let through. */
export function isAnswerStatus(status: number): boolean {
  return status >= 200 && status <= 600;
}

const check = "route-redirect";

/** What istiod's webhook refuses of answers that send callers elsewhere (pkg/config/validation, validateHTTPRedirect). */
export function checkRedirect({ redirect, match = [] }: HttpRoute, path: string, refuse: Refuse): void {
  if (redirect === undefined) return;
  const place = `${path}.redirect`;
  const { uri = "", prefixRewrite = "", authority = "", port, derivePort, scheme = "", redirectCode = 0 } = redirect;
  if ([uri, prefixRewrite, authority, scheme].every((text) => text === "") && (port ?? derivePort) === undefined)
    refuse(check, place, "leads to the same address", "write uri, prefixRewrite, authority, scheme or port");
  if (uri !== "" && prefixRewrite !== "") refuse(check, place, "has uri and prefixRewrite", "keep one of them");
  if (prefixRewrite !== "") {
    match.forEach((one, index) => {
      if (one.uri !== undefined && one.uri.prefix === undefined)
        refuse(
          check,
          `${path}.match[${String(index)}].uri`,
          "is no prefix, and redirect has prefixRewrite",
          "write prefix, or redirect with uri",
        );
    });
  }
  if (redirectCode !== 0 && !(redirectCode >= 300 && redirectCode <= 399))
    refuse(check, `${place}.redirectCode`, `${String(redirectCode)} redirects nobody`, "write 301, 302, 307 or 308");
  if (!["", "http", "https"].includes(scheme))
    refuse(check, `${place}.scheme`, `is ${JSON.stringify(scheme)}`, "write http or https");
  if (port !== undefined && port !== 0 && !isPort(port))
    refuse(check, `${place}.port`, `${String(port)} is no port`, "write 1 to 65535");
}

const mostBytes = 1024 * 1024;

/** What istiod's webhook refuses of answers that sidecars give themselves (validateHTTPDirectResponse). */
export function checkDirectResponse({ directResponse }: HttpRoute, path: string, refuse: Refuse): void {
  if (directResponse === undefined) return;
  const { status, body = {} } = directResponse;
  const place = `${path}.directResponse`;
  if (!isAnswerStatus(status))
    refuse("route-response", `${place}.status`, `${String(status)} is no status of an answer`, "write 200 to 599");
  const { string = "", bytes = "" } = body;
  // Of base64 four characters are three bytes.
  const size = byteLength(string) + Math.floor((bytes.replace(/=+$/, "").length * 3) / 4);
  if (size > mostBytes)
    refuse("route-response", `${place}.body`, "is larger than 1 MiB", "write less: a Service may send it");
}
