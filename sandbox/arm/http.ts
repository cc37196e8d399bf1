import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";

import { ArmError } from "./errors";
import { type Json, type JsonObject } from "./json";

/** A request, read whole. */
export interface ArmRequest {
  readonly method: string;
  /** Path as sent, still encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `x-ms-request-id` of the answer. */
  readonly id: string;
}

/** An answer: no body means none is sent. */
export interface ArmResponse {
  readonly status: number;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Reads a request's body as text. */
export async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_BODY_BYTES) {
      throw new ArmError(413, "RequestEntityTooLarge", `The request body is larger than ${MAX_BODY_BYTES} bytes.`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** The request's body as a JSON object. */
export function jsonBody(request: ArmRequest): JsonObject {
  const invalid = (detail: string): ArmError =>
    new ArmError(
      400,
      "InvalidRequestContent",
      `The request content was invalid and could not be deserialized: '${detail}'.`,
    );
  let parsed: unknown;
  try {
    parsed = JSON.parse(request.body);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw invalid("a JSON object is expected");
  return { ...parsed };
}

/** Sends an answer with the given extra headers. */
export function send(response: ServerResponse, answer: ArmResponse, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries({ ...headers, ...answer.headers })) response.setHeader(name, value);
  if (answer.body === undefined) {
    response.writeHead(answer.status, { "content-length": "0" }).end();
    return;
  }
  const text = JSON.stringify(answer.body);
  response
    .writeHead(answer.status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(text).toString(),
    })
    .end(text);
}
