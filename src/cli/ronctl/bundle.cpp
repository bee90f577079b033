#include "bundle.hpp"

#include <functional>

#include "crypto/library.hpp"
#include "http_get.hpp"
#include "machine_facts.hpp"
#include "moment.hpp"
#include "redact.hpp"
#include "tar_gz.hpp"
#include "version.hpp"

namespace ron::cli {
namespace {

using Ordered = nlohmann::ordered_json;

std::string dump(const Ordered& value) {
  return value.dump(1, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

class Collector {
 public:
  Collector(const Context& context, const DoctorArgs& args, bool with_peers)
      : context_(context), args_(args), redactor_(with_peers) {}

  Bundle run() {
    add("version.json", dump({{"ronctl", kVersion},
                              {"git", kGitHash},
                              {"date", kBuildDate},
                              {"openssl", crypto::library_version()}}));
    add("machine.txt", machine_facts());
    add("doctor.json", dump(redactor_.json(json_of(examine(context_, args_)))));
    ask_node();
    ask_admin();
    return std::move(bundle_);
  }

 private:
  void add(std::string name, std::string bytes) {
    bundle_.parts.push_back({std::move(name), std::move(bytes)});
  }

  void ask_node() {
    try {
      sdk::Client client = connect_operator(context_);
      admin_ = text_at(ask(context_, client, "status").json, "admin");
      for (const char* op : {"status", "config", "log-level", "mesh"}) ask_op(client, op, {});
      // So many stay below a part's bound.
      for (const char* op : {"sessions", "topics", "queues"})
        ask_op(client, op, {{"limit", "500"}});
    } catch (const Failed& failed) {
      bundle_.missing.push_back("what the node tells over its Unix socket: " + failed.text);
    }
  }

  void ask_op(sdk::Client& client, const std::string& op, const ControlArgs& args) {
    const Answer answer = ask(context_, client, op, args);
    add(op + ".json", dump(redactor_.json(Ordered::parse(answer.text, nullptr, false))));
  }

  void ask_admin() {
    const std::string admin = !args_.admin.empty() ? args_.admin : admin_;
    if (admin.empty()) {
      bundle_.missing.emplace_back("metrics: --admin HOST:PORT says where they are");
      return;
    }
    for (const char* path : {"/metrics", "/readyz", "/version"}) {
      const auto answer = http_get(admin, path, context_.timeout(), kPartMost);
      if (answer) {
        add("admin-" + std::string(path + 1) + ".txt",
            "status " + std::to_string(answer->status) + "\n" + Redactor::text(answer->body));
      } else {
        bundle_.missing.push_back(std::string(path) + " of " + admin + ": " + answer.error());
      }
    }
  }

  const Context& context_;
  const DoctorArgs& args_;
  Redactor redactor_;
  std::string admin_;
  Bundle bundle_;
};

}  // namespace

Bundle collect(const Context& context, const DoctorArgs& args, bool with_peers) {
  return Collector(context, args, with_peers).run();
}

std::string archive(Bundle bundle, bool with_peers) {
  constexpr std::size_t kManifestMost = 1U << 16U;
  constexpr std::string_view kRoot = "ron-debug/";
  const Moment time = now();
  TarGz out(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count()));
  Ordered parts = Ordered::array();
  for (Part& part : bundle.parts) {
    const std::size_t whole = part.bytes.size();
    if (whole > kPartMost) part.bytes.resize(kPartMost);
    if (out.size() + part.bytes.size() + kManifestMost > kBundleMost) {
      bundle.missing.push_back(part.name + ": the bundle is full");
      continue;
    }
    out.add(std::string(kRoot) + part.name, part.bytes);
    parts.push_back({{"name", part.name}, {"bytes", part.bytes.size()}});
    if (whole > kPartMost) parts.back()["cut_from"] = whole;
  }
  const Ordered manifest{{"made", timestamp_text(time)},
                         {"peers_masked", !with_peers},
                         {"parts", parts},
                         {"missing", bundle.missing}};
  out.add(std::string(kRoot) + "manifest.json", dump(manifest).substr(0, kManifestMost / 2));
  return out.finish();
}

}  // namespace ron::cli
