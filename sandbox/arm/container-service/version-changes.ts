import { aksError } from "../errors";

/**
 * Control planes go forward only, one minor version at a time.
 *
 * @throws ArmError 400 OperationNotAllowed.
 */
export function checkVersionChange(before: string, after: string): void {
  const [fromMajor = 0, fromMinor = 0, fromPatch = 0] = before.split(".").map(Number);
  const [toMajor = 0, toMinor = 0, toPatch = 0] = after.split(".").map(Number);
  const steps = (toMajor - fromMajor) * 1000 + (toMinor - fromMinor);
  if (steps < 0 || (steps === 0 && toPatch < fromPatch)) {
    throw aksError(
      400,
      "OperationNotAllowed",
      `Downgrading the Kubernetes version from ${before} to ${after} is not allowed. See https://aka.ms/aks-k8s-version-skew`,
      { target: "properties.kubernetesVersion" },
    );
  }
  if (steps > 1) {
    throw aksError(
      400,
      "OperationNotAllowed",
      `Upgrading Kubernetes version ${before} to ${after} is not allowed: minor versions cannot be skipped. Please see https://aka.ms/aks-supported-k8s-ver for more details.`,
      { target: "properties.kubernetesVersion" },
    );
  }
}
