module aks-mesh/judge/pods

go 1.25.0

require (
	aks-mesh/sandbox/data-plane/pods v0.0.0
	golang.org/x/sys v0.5.0
)

replace aks-mesh/sandbox/data-plane/pods => ../../sandbox/data-plane/pods
