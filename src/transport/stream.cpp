#include "transport/stream.hpp"

namespace ron::transport {

std::string_view name(FailureClass kind) {
  switch (kind) {
    case FailureClass::kNone: return "none";
    case FailureClass::kCert: return "cert";
    case FailureClass::kVersion: return "version";
    case FailureClass::kCipher: return "cipher";
    case FailureClass::kGroup: return "group";
    case FailureClass::kAlpn: return "alpn";
    case FailureClass::kProtocol: return "protocol";
    case FailureClass::kIo: break;
  }
  return "io";
}

const Failure& Stream::failure() const {
  static const Failure none;
  return failure_ == nullptr ? none : *failure_;
}

}  // namespace ron::transport
