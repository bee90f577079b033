#include "setup/server_tls.hpp"

namespace ron::setup {

static_assert(static_cast<int>(config::PqMode::kRequire) ==
              static_cast<int>(crypto::PqMode::kRequire));
static_assert(static_cast<int>(config::PqMode::kHybrid) ==
              static_cast<int>(crypto::PqMode::kHybrid));

std::optional<crypto::ServerTls> server_tls(const config::Settings& settings) {
  const auto& tls = settings.tls;
  if (!tls.enabled || settings.overlay.listen.empty()) return std::nullopt;
  crypto::ServerTls out;
  out.cert_path = tls.cert_path;
  out.key_path = tls.key_path;
  out.client_ca_path = tls.client_ca_path;
  out.require_client_cert = tls.require_client_cert;
  out.client_names = tls.allowed_sans;
  out.policy.pq = static_cast<crypto::PqMode>(settings.overlay.pq_mode);
  out.policy.allow_aes128 = tls.aes_128;
  return out;
}

}  // namespace ron::setup
