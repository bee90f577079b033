// ronctl doctor: is the node there, is it ready, is it the same version; are its ports free or its.
#include <sys/socket.h>

#include <cerrno>

#include "doctor.hpp"
#include "doctor_settings.hpp"
#include "http_get.hpp"
#include "net_address.hpp"
#include "version.hpp"

namespace ron::cli {
namespace {

constexpr const char* kAdminDefault = "127.0.0.1:9600";

bool is_local(const std::string& url) {
  return url.starts_with("unix:") || url.find("://127.") != std::string::npos ||
         url.find("://localhost") != std::string::npos || url.find("://[::1]") != std::string::npos;
}

void check_session(const Context& context, Patient& patient, Findings& out) {
  const bool by_socket = context.url.starts_with("unix:");
  try {
    sdk::Client client = by_socket ? connect_operator(context) : connect(context);
    const auto round = must(client.flush({context.timeout(), context.stop}));
    const sdk::SessionInfo info = client.info();
    patient.reached = true;
    out.ok("node", context.url + " answers in " + time_text(round) +
                       (info.group.empty() ? "" : ", key exchange " + info.group));
    if (!by_socket) return;
    patient.status = ask(context, client, "status").json;
    if (!patient.settings) patient.settings = settings_of(ask(context, client, "config").json);
  } catch (const Failed& failed) {
    out.fail("node", failed.text,
             "start the node, or name it: --url, RON_NODE_URL, or 'ronctl context'");
  }
}

std::string admin_address(const Context& context, const DoctorArgs& args, const Patient& patient) {
  if (!args.admin.empty()) return args.admin;
  if (const std::string told = text_at(patient.status, "admin"); !told.empty()) return told;
  if (!is_local(context.url)) return {};
  if (patient.settings && !patient.settings->observability.metrics_addr.ends_with(":0"))
    return patient.settings->observability.metrics_addr;
  return kAdminDefault;
}

void check_ready(const std::string& admin, std::chrono::milliseconds timeout, Findings& out) {
  const auto answer = http_get(admin, "/readyz", timeout);
  if (!answer) {
    out.fail("ready", "/readyz of " + admin + ": " + answer.error(), "read the node's log");
    return;
  }
  if (answer->status == 200) {
    out.ok("ready", "the node takes sessions");
    return;
  }
  const Json body = Json::parse(answer->body, nullptr, false);
  out.fail("ready", "the node is not ready: " + list_at(body, "missing"),
           "docs/observability.md says when each gate is met");
}

void check_admin(const Context& context, const DoctorArgs& args, Patient& patient, Findings& out) {
  patient.admin = admin_address(context, args, patient);
  if (patient.admin.empty()) {
    out.ok("admin", "not judged: --admin HOST:PORT says where a remote node's admin listener is");
    return;
  }
  const auto answer = http_get(patient.admin, "/healthz", context.timeout());
  if (!answer) {
    out.fail("admin", patient.admin + ": " + answer.error(),
             "start the node, or name its admin listener: --admin HOST:PORT");
    return;
  }
  patient.reached = true;
  out.ok("admin", "http://" + patient.admin + "/healthz answers " + std::to_string(answer->status));
  check_ready(patient.admin, context.timeout(), out);
}

// Over the Unix socket the node said it already; else its admin listener does.
void check_version(const Patient& patient, std::chrono::milliseconds timeout, Findings& out) {
  std::string version = text_at(patient.status, "version");
  if (version.empty() && patient.reached && !patient.admin.empty()) {
    if (const auto answer = http_get(patient.admin, "/version", timeout))
      version = text_at(Json::parse(answer->body, nullptr, false), "version");
  }
  if (version.empty()) return;
  if (version == kVersion) {
    out.ok("version", "node and ronctl are " + version);
  } else {
    out.warn("version", "the node is " + version + ", ronctl is " + kVersion,
             "install the same release of both");
  }
}

// 0 where it could be listened on, else errno.
int port_error(const std::string& address) {
  const auto at = parse_net_address(address);
  if (!at) return EINVAL;
  const OwnedFd socket(::socket(at->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.open()) return errno;
  const int on = 1;  // connections that only just ended do not hold the port
  ::setsockopt(socket.value(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return ::bind(socket.value(), at->raw(), at->size) == 0 ? 0 : errno;
}

void check_port(const char* key, const std::string& address, bool reached, Findings& out) {
  if (address.empty()) return;
  const std::string text = std::string(key) + " " + address;
  if (address.ends_with(":0")) {
    out.ok("ports", text + ": any free port");
    return;
  }
  const int error = port_error(address);
  if (error == 0) {
    out.ok("ports", text + " is free");
    return;
  }
  if (error == EACCES) {
    out.fail("ports", text + " needs a privilege",
             "use a port above 1023, or give the service CAP_NET_BIND_SERVICE");
    return;
  }
  if (error != EADDRINUSE) {
    out.fail("ports", text + " cannot be listened on: " + error_text(error),
             "use an address of this machine");
    return;
  }
  if (reached) {
    out.ok("ports", text + " is in use, and the node runs");
  } else {
    const std::string port = address.substr(address.rfind(':') + 1);
    out.fail("ports", text + " is in use by another process",
             "'ss -ltnp sport = :" + port + "' shows which; end it, or change " + key);
  }
}

}  // namespace

void check_node(const Context& context, const DoctorArgs& args, Patient& patient, Findings& out) {
  check_session(context, patient, out);
  check_admin(context, args, patient, out);
  check_version(patient, context.timeout(), out);
}

void check_ports(const Patient& patient, Findings& out) {
  if (!patient.settings) {
    out.ok("settings",
           "not known, so the node's ports, files and limits are judged by defaults "
           "only: --config FILE, or --url unix:PATH");
    return;
  }
  check_port("overlay.listen", patient.settings->overlay.listen, patient.reached, out);
  check_port("observability.metrics_addr", patient.settings->observability.metrics_addr,
             patient.reached, out);
}

}  // namespace ron::cli
