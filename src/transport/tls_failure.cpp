#include "transport/tls_failure.hpp"

#include "crypto/openssl.hpp"

namespace ron::transport {
namespace {

FailureClass class_of_reason(int reason) {
  switch (reason) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_WRONG_SSL_VERSION: return FailureClass::kVersion;
    case SSL_R_NO_SHARED_CIPHER: return FailureClass::kCipher;
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
    case SSL_R_NO_SHARED_GROUPS: return FailureClass::kGroup;
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return FailureClass::kCert;
    case SSL_R_NO_APPLICATION_PROTOCOL: return FailureClass::kAlpn;
    default: return FailureClass::kNone;
  }
}

}  // namespace

FailureClass class_of_alert(int alert) {
  switch (alert) {
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case TLS13_AD_CERTIFICATE_REQUIRED: return FailureClass::kCert;
    case SSL_AD_PROTOCOL_VERSION: return FailureClass::kVersion;
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_INSUFFICIENT_SECURITY: return FailureClass::kCipher;
    case SSL_AD_NO_APPLICATION_PROTOCOL: return FailureClass::kAlpn;
    default: return FailureClass::kProtocol;
  }
}

Failure tls_failure(const ssl_st& ssl, int alert) {
  Failure failure{.alert = alert};
  const unsigned long code = ERR_peek_error();
  // A refused certificate may leave with the general alert 40, so the verdict comes first.
  const long verdict = SSL_get_verify_result(&ssl);
  failure.kind = class_of_reason(ERR_GET_REASON(code));
  if (verdict != X509_V_OK) failure.kind = FailureClass::kCert;
  if (failure.kind == FailureClass::kNone) failure.kind = class_of_alert(alert);
  failure.text = crypto::take_error();
  if (verdict != X509_V_OK) {
    failure.text += std::string(": ") + X509_verify_cert_error_string(verdict);
  }
  if (alert >= 0) failure.text += std::string(", alert ") + SSL_alert_desc_string_long(alert);
  return failure;
}

}  // namespace ron::transport
