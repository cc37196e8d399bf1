package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	corev1 "k8s.io/api/core/v1"

	"istio.io/istio/pilot/pkg/model/credentials"

	"aks-mesh/judge/istio/internal/verdict"
)

// authority issues the workloads' certificates, in istiod's place.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	serial      int64
}

func newAuthority() (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := validNow(1)
	template.Subject = pkix.Name{Organization: []string{"cluster.local"}}
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	encoded, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(encoded)
	return &authority{key: key, certificate: certificate, serial: 1}, err
}

func validNow(serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
}

// credential is a certificate that Gateways name, for any server: no caller looks at it.
func (a *authority) credential(name string) (*tlsv3.Secret, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a.serial++
	template := validNow(a.serial)
	template.DNSNames = []string{"*.example"}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return a.issue(credentials.ToResourceName(name), template, key)
}

// issue is a certificate with its key, under a name that proxies ask for.
func (a *authority) issue(name string, template *x509.Certificate, key *ecdsa.PrivateKey) (*tlsv3.Secret, error) {
	encoded, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{
		CertificateChain: inline("CERTIFICATE", encoded), PrivateKey: inline("PRIVATE KEY", private),
	}}}, nil
}

// secrets are the pod's certificate, with its SPIFFE identity, and the mesh's root, under the names that sidecars ask for.
func (a *authority) secrets(pod *corev1.Pod) ([]*tlsv3.Secret, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	identity, err := url.Parse(verdict.Identity(pod))
	if err != nil {
		return nil, err
	}
	a.serial++
	template := validNow(a.serial)
	template.URIs = []*url.URL{identity}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	own, err := a.issue("default", template, key)
	if err != nil {
		return nil, err
	}
	return []*tlsv3.Secret{
		own,
		{Name: "ROOTCA", Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
			TrustedCa: inline("CERTIFICATE", a.certificate.Raw),
		}}},
	}, nil
}

func inline(kind string, content []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{
		InlineBytes: pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}),
	}}
}
