import { RunError } from "@pulumi/pulumi";
import { nearNames } from "../../mesh/manifests/near-names";
import { type ApplicationArgs } from "./args";

/**
 * The address of an application's front; undefined where none is named.
 *
 * @param addresses of its Services, by name or `namespace/name`.
 * @throws RunError where no Service has this name.
 */
export function frontAddress(
  { front, policy }: Pick<ApplicationArgs, "front" | "policy">,
  addresses: Readonly<Record<string, string>>,
): string | undefined {
  if (front === undefined) return undefined;
  const service = policy?.services[front];
  const name = front.includes("/") ? front : (service?.service ?? front);
  const qualified = service === undefined ? name : `${service.namespace}/${name}`;
  const found = addresses[qualified] ?? addresses[name] ?? addresses[name.slice(name.indexOf("/") + 1)];
  if (found !== undefined) return found;
  const near = nearNames(name.slice(name.indexOf("/") + 1), Object.keys(addresses));
  throw new RunError(
    `front: the application has no Service ${front} with a port; ${near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are ${Object.keys(addresses).join(", ") || "none"}.`}`,
  );
}
