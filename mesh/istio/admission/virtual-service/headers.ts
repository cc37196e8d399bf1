import { type HttpHeaders } from "../../kinds";
import { type Refuse } from "../webhook";
import { headerValueFault } from "./header-value";

/** What istiod's webhook refuses of changes to headers (pkg/config/validation, ValidateHTTPHeaderOperationName and ValidateHTTPHeaderValue). */
export function checkHeaders(headers: HttpHeaders | undefined, path: string, refuse: Refuse): void {
  for (const side of ["request", "response"] as const) {
    const { set = {}, add = {}, remove = [] } = headers?.[side] ?? {};
    for (const [operation, values] of Object.entries({ set, add })) {
      for (const [name, value] of Object.entries(values)) {
        const place = `${path}.${side}.${operation}.${name}`;
        // Requests may be given another host.
        if (!(side === "request" && isAuthority(name))) checkName(name, place, refuse);
        const fault = headerValueFault(value);
        if (fault !== undefined)
          refuse("route-headers", place, `${JSON.stringify(value)} ${fault}`, "write %% for a percent sign itself");
      }
    }
    remove.forEach((name, index) => checkName(name, `${path}.${side}.remove[${String(index)}]`, refuse));
  }
}

/** Whether a header is the name under which a Service is called. */
export function isAuthority(name: string): boolean {
  return ["host", ":authority"].includes(name.toLowerCase());
}

function checkName(name: string, path: string, refuse: Refuse): void {
  if (name === "") refuse("route-headers", path, "is a header without a name", "write its name");
  else if (name.startsWith(":") || isAuthority(name))
    refuse("route-headers", path, `${JSON.stringify(name)} is no header that can be changed`, "take it out");
}
