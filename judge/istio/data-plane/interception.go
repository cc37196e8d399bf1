package main

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"sync"

	"istio.io/istio/pkg/log"
	"istio.io/istio/tools/common/config"
	"istio.io/istio/tools/istio-iptables/pkg/capture"
	"istio.io/istio/tools/istio-iptables/pkg/constants"
	"istio.io/istio/tools/istio-iptables/pkg/dependencies"
)

// interception are the netfilter rules that istio-iptables gives every pod, with the arguments that the injector starts it with.
var interception = sync.OnceValues(func() (string, error) {
	settings := config.DefaultConfig()
	settings.ProxyUID, settings.ProxyGID = strconv.Itoa(proxyUser), strconv.Itoa(proxyUser)
	settings.InboundInterceptionMode = "REDIRECT"
	settings.InboundPortsInclude, settings.InboundPortsExclude = "*", "15090,15021,15020"
	settings.OutboundIPRangesInclude = "*"
	settings.ForceApply = true
	kept := &rules{}
	tool, err := capture.NewIptablesConfigurator(settings, kept)
	if err != nil {
		return "", err
	}
	if err := tool.Run(); err != nil {
		return "", err
	}
	if kept.text == "" {
		return "", errors.New("istio-iptables wrote no rules")
	}
	return kept.text, nil
})

// rules keeps what istio-iptables would have done.
type rules struct{ text string }

func (r *rules) Run(_ *log.Scope, _ bool, command constants.IptablesCmd, _ *dependencies.IptablesVersion, input io.ReadSeeker, _ ...string) (*bytes.Buffer, error) {
	if command != constants.IPTablesRestore {
		return &bytes.Buffer{}, nil // it looks for rules that are there already
	}
	text, err := io.ReadAll(input)
	r.text = string(text)
	return &bytes.Buffer{}, err
}

func (r *rules) DetectIptablesVersion(bool) (dependencies.IptablesVersion, error) {
	return dependencies.IptablesVersion{
		DetectedBinary: "iptables", DetectedSaveBinary: "iptables-save", DetectedRestoreBinary: "iptables-restore",
	}, nil
}
