/** What a virtual machine of a size offers. */
export interface VmCapacity {
  readonly cpus: number;
  readonly memoryGiB: number;
}

/** GiB of memory per vCPU by the first letter of the family; D's ratio for all others. */
const memoryPerCpu: Readonly<Record<string, number>> = { A: 2, D: 4, E: 8, F: 2, L: 8, M: 16, N: 7 };

/** Sizes of the first generations, whose number is not that of their vCPUs. */
const oldSizes: Readonly<Record<string, VmCapacity>> = {
  ds1_v2: { cpus: 1, memoryGiB: 3.5 },
  ds2_v2: { cpus: 2, memoryGiB: 7 },
  ds3_v2: { cpus: 4, memoryGiB: 14 },
  ds4_v2: { cpus: 8, memoryGiB: 28 },
  ds5_v2: { cpus: 16, memoryGiB: 56 },
  d1_v2: { cpus: 1, memoryGiB: 3.5 },
  d2_v2: { cpus: 2, memoryGiB: 7 },
  d3_v2: { cpus: 4, memoryGiB: 14 },
  d4_v2: { cpus: 8, memoryGiB: 28 },
  d5_v2: { cpus: 16, memoryGiB: 56 },
  b2s: { cpus: 2, memoryGiB: 4 },
};

/**
 * About what a size such as "Standard_D4s_v5" offers, read from its name: Azure's naming convention has the number of vCPUs in it.
 * A name that does not follow it counts as the smallest size that AKS takes for a system pool.
 */
export function vmCapacity(vmSize: string): VmCapacity {
  const name = vmSize.replace(/^(Standard|Basic)_/i, "").toLowerCase();
  const old = oldSizes[name];
  if (old !== undefined) return old;
  const match = /^([a-z])[a-z]*(\d+)/.exec(name);
  if (match === null) return { cpus: 2, memoryGiB: 4 };
  const cpus = Number(match[2]);
  return { cpus, memoryGiB: cpus * (memoryPerCpu[(match[1] ?? "").toUpperCase()] ?? 4) };
}

/**
 * What of it pods may use: AKS keeps some CPU and memory for the kubelet and the system.
 * See https://learn.microsoft.com/azure/aks/node-resource-reservations.
 */
export function allocatable(capacity: VmCapacity, maxPods: number): { cpuMillis: number; memoryMiB: number } {
  const reservedCpu = [60, 100, 140, 180, 260, 420, 740][Math.min(Math.ceil(Math.log2(capacity.cpus)), 6)] ?? 740;
  const totalMiB = capacity.memoryGiB * 1024;
  const reservedMiB = Math.min(20 * maxPods + 50, totalMiB * 0.25) + 100;
  return { cpuMillis: capacity.cpus * 1000 - reservedCpu, memoryMiB: Math.floor(totalMiB - reservedMiB) };
}
