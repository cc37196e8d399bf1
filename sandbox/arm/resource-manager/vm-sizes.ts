/** A family of virtual machine sizes: they share a quota, and differ in their number of vCPUs. */
export interface VmFamily {
  /** The family's name in quotas. */
  readonly family: string;
  /** What stands before and after the number of vCPUs in a size's name. */
  readonly name: readonly [before: string, after: string];
  readonly vcpus: readonly number[];
  readonly memoryPerVcpuGiB: number;
  /** Whether the operating system's disk may lie on the machine itself. */
  readonly ephemeralOsDisk: boolean;
  readonly encryptionAtHost: boolean;
  /** Such machines need Azure's consent: no subscription has it by itself. */
  readonly restricted?: boolean;
}

/** The families that the emulator's regions offer. Azure has some hundred more. */
export const vmFamilies: readonly VmFamily[] = [
  family("standardDSv5Family", "Standard_D", "s_v5", [2, 4, 8, 16, 32, 48, 64, 96], 4, false),
  family("standardDDSv5Family", "Standard_D", "ds_v5", [2, 4, 8, 16, 32, 48, 64, 96], 4, true),
  family("standardDASv5Family", "Standard_D", "as_v5", [2, 4, 8, 16, 32, 48, 64, 96], 4, false),
  family("standardDADSv5Family", "Standard_D", "ads_v5", [2, 4, 8, 16, 32, 48, 64, 96], 4, true),
  family("standardDSv4Family", "Standard_D", "s_v4", [2, 4, 8, 16, 32, 48, 64], 4, false),
  family("standardDSv3Family", "Standard_D", "s_v3", [2, 4, 8, 16, 32, 48, 64], 4, true),
  family("standardEDSv5Family", "Standard_E", "ds_v5", [2, 4, 8, 16, 20, 32, 48, 64, 96], 8, true),
  family("standardFSv2Family", "Standard_F", "s_v2", [2, 4, 8, 16, 32, 48, 64, 72], 2, true),
  family("standardBsv2Family", "Standard_B", "s_v2", [2, 4, 8, 16, 32], 4, false),
  family("standardBSFamily", "Standard_B", "s", [1], 1, false),
  { ...family("standardNCADSA100v4Family", "Standard_NC", "ads_A100_v4", [24, 48, 96], 9, true), restricted: true },
];

function family(
  name: string,
  before: string,
  after: string,
  vcpus: readonly number[],
  memoryPerVcpuGiB: number,
  ephemeralOsDisk: boolean,
): VmFamily {
  return { family: name, name: [before, after], vcpus, memoryPerVcpuGiB, ephemeralOsDisk, encryptionAtHost: true };
}

/** The family of a size and its number of vCPUs; undefined for a size that the emulator does not offer. */
export function vmSize(name: string): { readonly family: VmFamily; readonly vcpus: number } | undefined {
  for (const candidate of vmFamilies) {
    const vcpus = candidate.vcpus.find((count) => sizeName(candidate, count).toLowerCase() === name.toLowerCase());
    if (vcpus !== undefined) return { family: candidate, vcpus };
  }
  return undefined;
}

/**
 * Whether Azure may have such a size: one of the families here with that number of vCPUs, or a name of the right form of which the
 * emulator knows no more.
 */
export function mayBeVmSize(name: string): boolean {
  if (vmSize(name) !== undefined) return true;
  const isKnownFamily = vmFamilies.some(({ name: [before, after] }) =>
    new RegExp(`^${before}\\d+${after}$`, "i").test(name),
  );
  // Family, vCPUs (constrained ones after a hyphen), features, accelerator, generation.
  return (
    !isKnownFamily && /^(?:Standard|Basic)_[A-Z]{1,3}\d+(?:-\d+)?[a-z]*(?:_[A-Z]+\d+)*(?:_v\d)?(?:_Promo)?$/i.test(name)
  );
}

/** `Standard_D4ds_v5`. */
export function sizeName({ name: [before, after] }: VmFamily, vcpus: number): string {
  return `${before}${vcpus}${after}`;
}
