import { expect, it } from "vitest";
import { parse } from "yaml";
import { prometheusConfig, ruleFile } from "../../../sandbox/metrics/configuration";

const surroundings = { kubeconfig: "/k", proxy: "127.0.0.1:1", alertmanager: "127.0.0.1:2", rules: "/r" };

it("gives jobs the way to the pods, and leaves the rest of them as it is", () => {
  const job = {
    job_name: "mesh",
    kubernetes_sd_configs: [{ role: "pod", namespaces: { names: ["shop"] } }],
    metric_relabel_configs: [{ source_labels: ["__name__"], regex: "a|b", action: "keep" }],
  };
  const config = parse(prometheusConfig(JSON.stringify({ scrape_configs: [job] }), surroundings)) as {
    scrape_configs: unknown[];
  };
  expect(config.scrape_configs).toEqual([
    expect.objectContaining({
      ...job,
      proxy_url: "http://127.0.0.1:1",
      kubernetes_sd_configs: [{ ...job.kubernetes_sd_configs[0], kubeconfig_file: "/k" }],
    }),
  ]);
});

it.each(["", "global: {}", "scrape_configs: 3"])("refuses %j, which has no jobs", (text) => {
  expect(() => prometheusConfig(text, surroundings)).toThrow("no scrape_configs");
});

it("writes Azure's rules as Prometheus reads them, without those that are off", () => {
  const groups = [
    {
      name: "mesh",
      rules: [
        { record: "a:b:sum", expression: "sum(b)" },
        { alert: "Down", expression: "up == 0", for: "PT1H30M", severity: 0, annotations: { summary: "down" } },
        { alert: "Off", expression: "up", enabled: false },
      ],
    },
  ];
  expect(parse(ruleFile(groups))).toEqual({
    groups: [
      {
        name: "mesh",
        rules: [
          { record: "a:b:sum", expr: "sum(b)" },
          { alert: "Down", expr: "up == 0", for: "1h30m", labels: { severity: "0" }, annotations: { summary: "down" } },
        ],
      },
    ],
  });
});
