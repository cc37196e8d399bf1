import { accessSync, constants } from "node:fs";
import path from "node:path";
import { ensureOptionalTool, type OptionalTool } from "../data-plane/build";

/** Paths of the programs. */
export interface MetricsTools {
  readonly prometheus: string;
  readonly alertmanager: string;
}

const source = (name: string) => path.join(__dirname, "..", "tools", name);

const builds: Readonly<Record<keyof MetricsTools, OptionalTool>> = {
  prometheus: {
    name: "prometheus",
    version: "3.14.0",
    packages: ["github.com/prometheus/prometheus/cmd/prometheus"],
    // Of the twenty clouds in which it can look for what to ask, the cluster alone: a third of the build.
    tags: ["remove_all_sd", "enable_kubernetes_sd"],
    seconds: 180,
    source: source("prometheus"),
    uses: [],
    title: "Prometheus",
  },
  alertmanager: {
    name: "alertmanager",
    version: "0.31.0",
    packages: ["github.com/prometheus/alertmanager/cmd/alertmanager"],
    seconds: 45,
    source: source("alertmanager"),
    uses: [],
    title: "Alertmanager",
  },
};

/** Those that are installed here, else built and kept in the cache. An installed Prometheus has its pages, which Go's module is without. */
export async function ensureMetricsTools(
  report: (message: string) => void,
  searched = process.env["PATH"] ?? "",
): Promise<MetricsTools> {
  const ensure = async (name: keyof MetricsTools): Promise<string> => {
    const installed = inPath(name, searched);
    if (installed === undefined) return path.join(await ensureOptionalTool(builds[name], report), name);
    report(`Using your own ${name}, ${installed}.`);
    return installed;
  };
  return { prometheus: await ensure("prometheus"), alertmanager: await ensure("alertmanager") };
}

function inPath(name: string, searched: string): string | undefined {
  return searched
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        // Not there, or not to be run.
        return false;
      }
    });
}
