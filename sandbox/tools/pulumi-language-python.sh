#!/bin/sh
# Pulumi's language host for Python. The newest one that Go can build as a module is older than the engine and knows no SDKs to generate;
# so those are asked of Pulumi's own generator, which `pulumi package gen-sdk` does in a folder without a Python program.
. "${0%/*}/places"
if grep -qsE '^(runtime: *python|  *name: *python) *$' Pulumi.yaml; then
  exec "$host" -use-executor "$host-exec" "$@"
fi
exec "$generator" "$@"
