import { setTimeout as sleep } from "node:timers/promises";
import { ArmError, retryAfter, type ArmClient, type ArmResponse } from "./arm-client";
import { isJsonObject, type JsonValue } from "./json";

/** What is to be waited for. */
export interface StartedOperation {
  /** The answer that started it. */
  readonly response: ArmResponse;
  /** The resource, with its query: asked where the answer names no other place to ask. */
  readonly resourceUrl: string;
  /** Pause between two questions where no Retry-After is given, in milliseconds. */
  readonly interval: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until an operation has come to its end, by whichever of ARM's ways the answer points to: Azure-AsyncOperation (a status to
 * ask for), Location (202 until it is done), or the resource's own `provisioningState`.
 *
 * @throws ArmError when the operation failed or was cancelled.
 */
export async function waitForCompletion(client: ArmClient, operation: StartedOperation): Promise<void> {
  const { headers } = operation.response;
  const statusUrl = headers.get("azure-asyncoperation") ?? headers.get("operation-location");
  const location = headers.get("location");
  if (statusUrl !== null) return poll(client, operation, statusUrl, statusOfOperation);
  if (operation.response.status === 202 && location !== null)
    return poll(client, operation, location, statusOfLocation);
  if (statusOfResource(operation.response) === "Succeeded") return;
  return poll(client, operation, operation.resourceUrl, statusOfResource);
}

async function poll(
  client: ArmClient,
  { interval, response, signal }: StartedOperation,
  url: string,
  statusOf: (answer: ArmResponse) => string,
): Promise<void> {
  let answer = response;
  for (;;) {
    await sleep(retryAfter(answer.headers) ?? interval, undefined, { signal });
    answer = await client.send({ method: "GET", url, signal });
    if (answer.status >= 400) throw new ArmError(answer);
    const status = statusOf(answer).toLowerCase();
    if (status === "succeeded") return;
    if (status === "failed" || status === "canceled" || status === "cancelled") throw new ArmError(answer);
  }
}

function statusOfOperation(answer: ArmResponse): string {
  return textMember(answer.body, "status");
}

function statusOfLocation(answer: ArmResponse): string {
  return answer.status === 202 ? "InProgress" : statusOfResource(answer);
}

/** A resource that reports no state is done. */
function statusOfResource(answer: ArmResponse): string {
  const properties = isJsonObject(answer.body) ? answer.body["properties"] : undefined;
  return textMember(properties, "provisioningState") || "Succeeded";
}

function textMember(value: JsonValue | undefined, key: string): string {
  const member = isJsonObject(value) ? value[key] : undefined;
  return typeof member === "string" ? member : "";
}
