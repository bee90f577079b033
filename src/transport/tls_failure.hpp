// Sorts TLS handshake failures into the classes of tls_handshake_failures_total.
#pragma once

#include "transport/stream.hpp"

struct ssl_st;

namespace ron::transport {

/// Of a session whose handshake just failed; takes the library's error queue with it. `alert` is
/// the last fatal alert that was sent or received, -1 when none was.
Failure tls_failure(const ssl_st& ssl, int alert);

/// The class an alert stands for; kProtocol for those that say nothing special.
FailureClass class_of_alert(int alert);

}  // namespace ron::transport
