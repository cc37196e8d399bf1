import { grpcStatuses } from "../../grpc-statuses";
import { type HttpFaultInjection, type Percent } from "../../kinds";
import { type Refuse } from "../webhook";
import { checkDuration } from "../durations";
import { isAnswerStatus } from "./own-answers";

const check = "route-fault";

/** What istiod's webhook refuses of delays and errors that sidecars make up (pkg/config/validation, validateHTTPFaultInjection). */
export function checkFault(fault: HttpFaultInjection | undefined, path: string, refuse: Refuse): void {
  if (fault === undefined) return;
  const { delay, abort } = fault;
  if (delay === undefined && abort === undefined)
    refuse(check, path, "says nothing", "write delay or abort, or take it out");
  checkPercentage(delay?.percentage, `${path}.delay`, refuse);
  checkDuration(delay?.fixedDelay, `${path}.delay.fixedDelay`, refuse);
  if (delay?.exponentialDelay !== undefined)
    refuse(check, `${path}.delay.exponentialDelay`, "is nothing that Istio can do", "write fixedDelay");
  checkPercentage(abort?.percentage, `${path}.abort`, refuse);
  const { httpStatus, grpcStatus, http2Error } = abort ?? {};
  if (httpStatus !== undefined && !isAnswerStatus(httpStatus))
    refuse(check, `${path}.abort.httpStatus`, `${String(httpStatus)} is no status of an answer`, "write 200 to 599");
  if (grpcStatus !== undefined && !grpcStatuses.has(grpcStatus))
    refuse(
      check,
      `${path}.abort.grpcStatus`,
      `${JSON.stringify(grpcStatus)} is no status of gRPC`,
      "write one such as UNAVAILABLE",
    );
  if (http2Error !== undefined)
    refuse(check, `${path}.abort.http2Error`, "is nothing that Istio can do", "write httpStatus or grpcStatus");
}

/** Sidecars count in millionths. */
function checkPercentage(percentage: Percent | undefined, path: string, refuse: Refuse): void {
  const { value = 0 } = percentage ?? {};
  if (value !== 0 && !(value >= 0.0001 && value <= 100))
    refuse(check, `${path}.percentage.value`, `${String(value)} is no share in percent`, "write 0, or 0.0001 to 100");
}
