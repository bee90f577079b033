#include "svc/overlay/handshake_reason.hpp"

namespace ron::svc {

std::string_view handshake_reason(node::HandshakeFailure why) {
  using enum node::HandshakeFailure;
  switch (why) {
    case kTimeout: return "timeout";
    case kProto: return "proto";
    case kPq: return "pq_neg_fail";
    case kAuth: return "auth";
    case kNotReady: return "not_ready";
    case kIo: break;
  }
  return "io";
}

std::string_view handshake_reason(transport::FailureClass kind) {
  using enum transport::FailureClass;
  switch (kind) {
    case kCert: return "mtls";
    case kGroup: return "pq_neg_fail";
    case kIo: return "io";
    case kNone:
    case kVersion:
    case kCipher:
    case kAlpn:
    case kProtocol: break;
  }
  return "tls";
}

node::HandshakeFailure handshake_failure(const host::Event& event) {
  using enum node::CloseReason;
  switch (event.reason) {
    case kPeer:
    case kMesh: return node::HandshakeFailure::kIo;
    case kTimeout: return node::HandshakeFailure::kTimeout;
    case kDrained:
    case kCutOff: return node::HandshakeFailure::kNotReady;
    case kProtocol:
    case kSlow: return node::HandshakeFailure::kProto;
    case kRefused: break;  // by policy: the error says which
  }
  if (event.code == oap::Code::kUnauth) return node::HandshakeFailure::kAuth;
  return event.code == oap::Code::kBadVersion ? node::HandshakeFailure::kPq
                                              : node::HandshakeFailure::kNotReady;
}

}  // namespace ron::svc
