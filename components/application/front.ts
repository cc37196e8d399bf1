import { RunError } from "@pulumi/pulumi";
import { type KubernetesObject } from "../../mesh/manifests";
import { didYouMean } from "../../mesh/manifests/near-names";
import { addressesOf, addressOf, isService } from "./addresses";
import { type ApplicationArgs } from "./args";

/**
 * The address of an application's front; undefined where none is named.
 *
 * @param plain the objects as the application names them.
 * @param deployed the same objects where they are deployed.
 * @throws RunError where no Service, or more than one, has this name.
 */
export function frontAddress(
  { front, policy }: Pick<ApplicationArgs, "front" | "policy">,
  plain: readonly KubernetesObject[],
  deployed: readonly KubernetesObject[],
): string | undefined {
  if (front === undefined) return undefined;
  const own = policy?.services[front];
  const [name = "", namespace] = front.includes("/")
    ? front.split("/").reverse()
    : [own?.service ?? front, own?.namespace];
  const found = deployed.filter((_, place) => {
    const object = plain[place];
    if (object === undefined || !isService(object) || object.metadata.name !== name) return false;
    return namespace === undefined || object.metadata.namespace === namespace;
  });
  if (found.length > 1)
    throw new RunError(`front: there are ${found.length} Services ${front}; write NAMESPACE/${front}.`);
  const address = found[0] && addressOf(found[0]);
  if (address !== undefined) return address;
  const known = Object.keys(addressesOf(plain, deployed));
  const remedy = didYouMean(name, known) ?? `there are ${known.join(", ") || "none"}.`;
  throw new RunError(`front: the application has no Service ${front} with a port; ${remedy}`);
}
