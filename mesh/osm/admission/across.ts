import { type OsmObject } from "../kinds";
import { type Surroundings } from "./context";
import { type Finding } from "../../analysis/object-finding";
import { reportOn } from "../../analysis/object-report";
import { hostParts } from "./values";

/** Pairs each item with the first one of the same key, where there is one before it. Cost: O(n). */
function repeats<T>(items: readonly T[], key: (item: T) => string): { first: T; repeat: T }[] {
  const firsts = new Map<string, T>();
  const pairs: { first: T; repeat: T }[] = [];
  for (const item of items) {
    const first = firsts.get(key(item));
    if (first === undefined) {
      firsts.set(key(item), item);
    } else {
      pairs.push({ first, repeat: item });
    }
  }
  return pairs;
}

/** Name of an object in a message about another of its kind. */
function named({ metadata }: OsmObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Findings about objects that are right by themselves but not beside each other. */
export function acrossFindings(objects: readonly OsmObject[], around: Surroundings): Finding[] {
  const findings: Finding[] = [];
  const add = (object: OsmObject, check: string, path: string, problem: string, remedy: string) => {
    const report = reportOn(object);
    report.error(check, path, problem, remedy);
    findings.push(...report.findings);
  };
  for (const { repeat } of repeats(objects, (object) => `${object.kind} ${named(object)}`)) {
    add(repeat, "object-duplicate", "metadata.name", "there are two objects of this kind and name", "rename one");
  }
  const splits = repeats(
    around.all("TrafficSplit"),
    ({ metadata, spec }) => `${metadata.namespace}/${hostParts(spec.service).service}`,
  );
  for (const { first, repeat } of splits) {
    add(
      repeat,
      "split-twice",
      "spec.service",
      `TrafficSplit ${named(first)} splits the same Service, and which of them wins is not defined`,
      "keep one TrafficSplit for each root Service",
    );
  }
  const backends = around.all("IngressBackend").flatMap((object) =>
    object.spec.backends.map((backend, index) => ({
      object,
      index,
      key: `${object.metadata.namespace}/${backend.name}:${backend.port.number}`,
    })),
  );
  for (const { first, repeat } of repeats(backends, ({ key }) => key)) {
    if (first.object !== repeat.object) {
      add(
        repeat.object,
        "ingress-twice",
        `spec.backends[${repeat.index}]`,
        `${named(first.object)} lets traffic in to ${repeat.key} as well, and only one of them counts`,
        "keep one IngressBackend for each backend and port",
      );
    }
  }
  const settings = repeats(
    around.all("UpstreamTrafficSetting"),
    ({ metadata, spec }) => `${metadata.namespace}/${spec.host}`,
  );
  for (const { first, repeat } of settings) {
    add(
      repeat,
      "setting-twice",
      "spec.host",
      `${named(first)} has the same host, and only one of them counts`,
      "keep one UpstreamTrafficSetting for each host",
    );
  }
  return findings;
}
