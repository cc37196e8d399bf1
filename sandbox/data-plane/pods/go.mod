module aks-mesh/sandbox/data-plane/pods

go 1.25.0

require golang.org/x/sys v0.5.0
