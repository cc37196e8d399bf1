import { isJsonObject } from "../../mesh/manifests";

/** Where Azure publishes its list prices, for everybody. */
export const retailPrices = "https://prices.azure.com/api/retail/prices";

/** How long the price list may take, in milliseconds; a comment without a price is better than none. */
const timeout = 10_000;

/** One meter of the price list. */
export interface Meter {
  readonly product: string;
  readonly meter: string;
  readonly sku: string;
  readonly unit: string;
  readonly price: number;
  readonly currency: string;
}

/** The meters that are paid by use in one region, by the service's name and more terms of OData; undefined where nobody answers. */
export async function meters(
  baseUrl: string,
  terms: Readonly<Record<string, string>>,
): Promise<readonly Meter[] | undefined> {
  const filter = Object.entries({ ...terms, priceType: "Consumption" })
    .map(([name, value]) => `${name} eq '${value.replaceAll("'", "''")}'`)
    .join(" and ");
  let page: unknown;
  try {
    const answer = await fetch(`${baseUrl}?$filter=${encodeURIComponent(filter)}`, {
      signal: AbortSignal.timeout(timeout),
    });
    if (!answer.ok) return undefined;
    page = await answer.json();
  } catch {
    // Offline, too slow or no JSON: the price is unknown, and that is what the comment says.
    return undefined;
  }
  // One meter has a handful of entries. More than a page means that the question was wrong.
  if (!isJsonObject(page) || !Array.isArray(page["Items"]) || page["NextPageLink"]) return undefined;
  return page["Items"].flatMap((item: unknown) => {
    const meter = readMeter(item);
    return meter === undefined ? [] : [meter];
  });
}

function readMeter(item: unknown): Meter | undefined {
  if (!isJsonObject(item)) return undefined;
  const { productName, meterName, skuName, unitOfMeasure, retailPrice, currencyCode } = item;
  if (typeof productName !== "string" || typeof meterName !== "string" || typeof skuName !== "string") return undefined;
  if (typeof unitOfMeasure !== "string" || typeof retailPrice !== "number" || typeof currencyCode !== "string") {
    return undefined;
  }
  return {
    product: productName,
    meter: meterName,
    sku: skuName,
    unit: unitOfMeasure,
    price: retailPrice,
    currency: currencyCode,
  };
}
