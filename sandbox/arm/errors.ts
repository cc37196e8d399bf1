import { type Json, type JsonObject } from "./json";

/** What an error answer carries besides its code and message. */
export interface ArmErrorOptions {
  /** The property or resource at fault. */
  readonly target?: string;
  readonly details?: Json;
  /** What more Azure Resource Manager says, such as the policies that denied. */
  readonly additionalInfo?: Json;
  /** Extra answer headers, such as Retry-After. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * AKS answers `{code, message, details, subcode}` at the top where Azure Resource Manager itself wraps the same in `error`.
   * Default false: wrapped.
   */
  readonly bare?: boolean;
}

/** A refusal as Azure words it: HTTP status, machine-readable code, message for people. */
export class ArmError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly options: ArmErrorOptions = {},
  ) {
    super(message);
    this.name = "ArmError";
  }
}

/** The error's body in the shape its source uses. */
export function errorBody(error: ArmError): JsonObject {
  const { target, details, additionalInfo, bare } = error.options;
  if (bare) {
    return { code: error.code, details: details ?? null, message: error.message, subcode: "", target };
  }
  return { error: { code: error.code, message: error.message, target, details, additionalInfo } };
}

/** A refusal of the container service itself, in its bare shape. */
export function aksError(
  status: number,
  code: string,
  message: string,
  options: Omit<ArmErrorOptions, "bare"> = {},
): ArmError {
  return new ArmError(status, code, message, { ...options, bare: true });
}

/** Code and message of anything thrown, for operation records and logs. */
export function describeError(error: unknown): { code: string; message: string } {
  if (error instanceof ArmError) return { code: error.code, message: error.message };
  return { code: "InternalServerError", message: error instanceof Error ? error.message : String(error) };
}
