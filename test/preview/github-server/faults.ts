import { type ServerResponse } from "node:http";

/** Something that goes wrong on GitHub's side. */
export type Fault = FaultKind & {
  /** Which requests it hits: part of `METHOD /path`. Default: all. */
  readonly on?: string;
  /** How many requests it hits. */
  times: number;
};

type FaultKind =
  /** The hour's limit is used up, until so many seconds from now. */
  | { readonly kind: "rate-limit"; readonly seconds: number }
  /** Too many requests at once: 403, or 429 as GitHub also says it. */
  | { readonly kind: "secondary-limit"; readonly seconds: number; readonly status: 403 | 429 }
  | { readonly kind: "error"; readonly status: 500 | 502 | 503 | 504 }
  /** Done, but the answer is 502. */
  | { readonly kind: "lost-answer" }
  /** The connection ends without an answer. */
  | { readonly kind: "hang-up" };

/** The fault that hits a request; each hit is counted. */
export function nextFault(faults: readonly Fault[], request: string): Fault | undefined {
  const fault = faults.find(({ on = "", times }) => times > 0 && request.includes(on));
  if (fault !== undefined) fault.times -= 1;
  return fault;
}

/** Answers with the fault. */
export function answerFault(fault: Fault, response: ServerResponse): void {
  const json = (status: number, message: string, headers: Record<string, string> = {}): void => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ message, documentation_url: "https://docs.github.com/rest" }));
  };
  switch (fault.kind) {
    case "rate-limit":
      json(403, "API rate limit exceeded for installation.", {
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + fault.seconds),
      });
      return;
    case "secondary-limit":
      json(fault.status, "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", {
        "retry-after": String(fault.seconds),
      });
      return;
    case "error":
    case "lost-answer":
      response.writeHead(fault.kind === "error" ? fault.status : 502, { "content-type": "text/html" });
      response.end("<html><body><h1>Whoa there!</h1></body></html>");
      return;
    case "hang-up":
      response.destroy();
  }
}
