import { at, listAt, type Part, textAt } from "./inputs";
import { everyPool, type Rule, shown, Undecidable } from "./rule";

/** What stands between the resources of one cluster. */
export const poolVersionRules: readonly Rule[] = [
  {
    name: "aks-pool-version",
    title: "Pools follow the cluster's version",
    ids: ["AZR-000016"],
    level: "advisory",
    about: "deployment",
    problems: ({ cluster, pools }) =>
      everyPool(pools, (pool) => {
        const version = at(pool, "orchestratorVersion");
        if (version === undefined || version === at(cluster, "kubernetesVersion")) return [];
        return [shown("orchestratorVersion", version)];
      }),
    remedy: "Write the cluster's `kubernetesVersion` in `orchestratorVersion`, or take it out.",
  },
];

/** Logs of the control plane's own parts. */
const platformLogs = ["cluster-autoscaler", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];

/** Logs of the control plane that Azure's groups of categories stand for. */
const logGroups: Readonly<Record<string, readonly string[]>> = {
  audit: ["kube-audit", "kube-audit-admin", "guard"],
  allLogs: ["kube-audit", "kube-audit-admin", "guard", ...platformLogs],
};

function categories(setting: Part, kind: "logs" | "metrics"): readonly unknown[] {
  return listAt(setting, kind).flatMap((entry): readonly unknown[] => {
    if (at(entry, "enabled") !== true) return [];
    const group = textAt(entry, "categoryGroup");
    return group === undefined ? [at(entry, "category")] : (logGroups[group] ?? []);
  });
}

/** What the diagnostic settings do not keep of what is wanted. */
function missing(settings: readonly Part[], kind: "logs" | "metrics", wanted: readonly string[]): readonly string[] {
  const kept = settings.flatMap((setting) => categories(setting, kind));
  return wanted.filter((category) => !kept.includes(category));
}

/** What is kept of what happens, and when AKS may upgrade. */
export const surroundingRules: readonly Rule[] = [
  {
    name: "aks-audit-logs",
    title: "Audit and guard logs are kept",
    ids: ["AZR-000022", "245fc9df"],
    level: "advisory",
    about: "deployment",
    problems: ({ diagnostics }) => {
      const audit = missing(diagnostics, "logs", ["kube-audit", "kube-audit-admin"]).length < 2;
      const guard = missing(diagnostics, "logs", ["guard"]).length === 0;
      return [
        ...(audit ? [] : ["no diagnostic setting keeps `kube-audit-admin` or `kube-audit`"]),
        ...(guard ? [] : ["no diagnostic setting keeps `guard`"]),
      ];
    },
    remedy: "Make a `monitor.DiagnosticSetting` for the cluster with both categories in `logs`, `enabled: true`.",
  },
  {
    name: "aks-audit-admin",
    title: "The audit log without reads",
    ids: ["AZR-000445"],
    level: "advisory",
    about: "deployment",
    problems: ({ diagnostics }) =>
      missing(diagnostics, "logs", ["kube-audit"]).length === 0 ? ["a diagnostic setting keeps `kube-audit`"] : [],
    remedy: "Keep `kube-audit-admin` instead: it leaves out reads, which are nine tenths of the volume.",
  },
  {
    name: "aks-platform-logs",
    title: "Logs and metrics of the control plane are kept",
    ids: ["AZR-000023"],
    level: "advisory",
    about: "deployment",
    problems: ({ diagnostics }) => {
      const lost = [...missing(diagnostics, "logs", platformLogs), ...missing(diagnostics, "metrics", ["AllMetrics"])];
      return lost.length === 0 ? [] : [`no diagnostic setting keeps \`${lost.join("`, `")}\``];
    },
    remedy: "Make a `monitor.DiagnosticSetting` for the cluster with them in `logs` and `metrics`, `enabled: true`.",
  },
  {
    name: "aks-maintenance-windows",
    title: "Both maintenance windows",
    ids: ["AZR-000446", "e1352e44"],
    level: "advisory",
    about: "deployment",
    problems: ({ windows }) =>
      ["aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule"].flatMap((name) =>
        windows.some((window) => at(window, "configName") === name) ? [] : [`there is no window \`${name}\``],
      ),
    remedy: "Make a `containerservice.MaintenanceConfiguration` for the cluster with this `configName`.",
  },
  {
    name: "aks-node-subnet-size",
    title: "Node subnet is /23 or larger",
    ids: ["AZR-000020"],
    level: "advisory",
    about: "deployment",
    problems: ({ subnets, foreignSubnets }) => {
      const small = subnets.flatMap((subnet) => {
        const prefix = String(textAt(subnet, "addressPrefix") ?? listAt(subnet, "addressPrefixes")[0]);
        const bits = Number(/\/(\d+)$/.exec(prefix)?.[1] ?? 0);
        return bits > 23 ? [`the subnet ${String(at(subnet, "subnetName"))} is ${prefix}`] : [];
      });
      if (small.length > 0 || foreignSubnets.length === 0) return small;
      throw new Undecidable(`The program does not say how large the subnet of ${foreignSubnets.join(", ")} is.`);
    },
    remedy: "Give the nodes a subnet of at least /23, or none: AKS then makes one of /16.",
  },
];
