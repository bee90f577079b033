#include <cerrno>
#include <system_error>

#include "ops/admin_server.hpp"

namespace ron::ops {
namespace {

std::string remedy(const std::string& address, int error_number, const std::string& flag,
                   const std::string& key) {
  const std::string port = address.substr(address.rfind(':') + 1);
  const std::string other =
      "choose another with " + flag + " or " + key + " (port 0 picks a free one)";
  switch (error_number) {
    case EADDRINUSE:
      return "`ss -ltnp 'sport = :" + port + "'` shows who has it; stop that process or " + other;
    case EACCES: return "ports below 1024 need CAP_NET_BIND_SERVICE; " + other;
    case EADDRNOTAVAIL:
      return "this machine does not have that address (`ip address` lists them); " + other;
    case EAFNOSUPPORT: return "this machine has no IPv6 (or IPv4); " + other;
    default: return other;
  }
}

}  // namespace

std::string bind_failure_text(const std::string& address, int error_number, const std::string& flag,
                              const std::string& key) {
  return "cannot listen on " + address + ": " + std::generic_category().message(error_number) +
         "; " + remedy(address, error_number, flag, key);
}

}  // namespace ron::ops
