import { nearNames } from "../../../mesh/manifests/near-names";
import { must, quoted } from "../validation/problem";
import { listed, type Question } from "./question";

interface Region {
  readonly name: string;
  readonly metadata?: { readonly regionType?: string };
  /** Absent in a region without availability zones. */
  readonly availabilityZoneMappings?: readonly { readonly logicalZone: string }[];
}

/** Whether the region exists, and has the zones that pools ask for. */
export const regions: Question = {
  subject: "the region",
  async ask({ settings, location, azure }) {
    const path = `/subscriptions/${azure.subscriptionId}/locations`;
    const all = (await azure.list("Reading the regions", path, "2022-12-01")) as Region[];
    const physical = all.filter(({ metadata }) => metadata?.regionType !== "Logical");
    const found = physical.find(({ name }) => name === location);
    if (found === undefined) {
      const near = nearNames(
        location,
        physical.map(({ name }) => name),
      );
      const remedy = near.length > 0 ? listed(near, "or") : "one of those that `az account list-locations` lists";
      return {
        problems: must(false, "location", `is ${quoted(location)}, and Azure has no such region. Write ${remedy}.`),
      };
    }
    const zones = (found.availabilityZoneMappings ?? []).map(({ logicalZone }) => logicalZone);
    return {
      problems: settings.nodePools.flatMap((pool, index) =>
        must(
          pool.zones.every((zone) => zones.includes(zone)),
          `nodePools[${index}].zones`,
          zones.length === 0
            ? `is ${quoted(pool.zones)}, and ${location} has no availability zones. Write [], or a location with zones.`
            : `is ${quoted(pool.zones)}, and ${location} has ${listed(zones, "and")}. Write some of them.`,
        ),
      ),
    };
  },
};
