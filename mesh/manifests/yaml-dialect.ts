import { type DocumentOptions, type ParseOptions, type ScalarTag, type SchemaOptions, type Tags } from "yaml";

const integer = (test: RegExp, base: number, prefix: RegExp): ScalarTag => ({
  tag: "tag:yaml.org,2002:int",
  default: true,
  test,
  resolve: (text) => parseInt(text.replaceAll("_", "").replace(prefix, "$1"), base),
});

/** What YAML 1.1 reads out of plain text and YAML 1.2 does not, as far as kubectl's parser does: no dates, no base 60. */
const olderScalars: readonly ScalarTag[] = [
  {
    tag: "tag:yaml.org,2002:bool",
    default: true,
    test: /^(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$/,
    resolve: (text) => /^(?:y|on)/i.test(text),
  },
  integer(/^[-+]?0[0-7_]+$/, 8, /^([-+]?)0/),
  integer(/^[-+]?0b[01_]+$/, 2, /^([-+]?)0b/),
  integer(/^[-+]?[1-9][0-9]*_[0-9_]*$/, 10, /^([-+]?)/),
];

/**
 * YAML as kubectl reads it (sigs.k8s.io/yaml on go-yaml 2, resolve.go): `yes`, `no`, `on` and `off` are booleans and `0777` is an
 * octal number.
 */
export const kubectlYaml: ParseOptions & DocumentOptions & SchemaOptions = {
  merge: true,
  customTags: (tags: Tags): Tags => [...olderScalars, ...tags],
};
