import { type ArmContext, methodAndPath } from "./context";
import { aksError, ArmError } from "./errors";
import { type ArmRequest } from "./http";

/** @throws ArmError where one of the faults that answer in the resource provider's stead strikes. */
export function refuseByFault(context: ArmContext, request: ArmRequest): void {
  const where = methodAndPath(request);
  const { faults } = context;
  if (faults.strikes("throttle", where)) {
    throw new ArmError(
      429,
      "TooManyRequests",
      "The request is being throttled as the limit has been reached. (Fault throttle of the sandbox.)",
      {
        headers: { "retry-after": "1", "x-ms-ratelimit-remaining-subscription-writes": "0" },
      },
    );
  }
  if (faults.strikes("unavailable", where)) {
    throw new ArmError(
      503,
      "ServiceUnavailable",
      "The service is temporarily unavailable. (Fault unavailable of the sandbox.)",
      {
        headers: { "retry-after": "1" },
      },
    );
  }
  if (faults.strikes("server-error", where)) {
    throw new ArmError(500, "InternalServerError", "An internal error occurred. (Fault server-error of the sandbox.)");
  }
  const writes = ["PUT", "PATCH", "DELETE", "POST"].includes(request.method);
  if (writes && faults.strikes("conflict", where)) {
    throw aksError(
      409,
      "OperationNotAllowed",
      "Operation is not allowed because there's an in progress operation on the managed cluster, please wait for it to finish before starting a new operation. See https://aka.ms/aks-pending-operation for more details (Fault conflict of the sandbox.)",
    );
  }
}
