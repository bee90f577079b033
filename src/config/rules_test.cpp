// The rules between keys and those that need the machine, each broken and mended.
#include "config/rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace ron::config {
namespace {

using Flags = std::vector<FlagValue>;

Inputs with(Flags flags) {
  return {.file = std::nullopt, .environment = {}, .flags = std::move(flags)};
}

// The keys that are complained about.
std::vector<std::string> broken(Flags flags) {
  const auto loaded = load(with(std::move(flags)));
  std::vector<std::string> out;
  if (!loaded)
    for (const auto& problem : loaded.error()) {
      EXPECT_FALSE(problem.remedy.empty()) << problem_text(problem);
      out.push_back(problem.key);
    }
  return out;
}

std::vector<std::string> warned(Flags flags) {
  const auto loaded = load(with(std::move(flags)));
  EXPECT_TRUE(loaded.has_value());
  std::vector<std::string> out;
  if (loaded)
    for (const auto& problem : loaded->warnings) out.push_back(problem.key);
  return out;
}

using Keys = std::vector<std::string>;

const Flags kTls = {{"--tls", "true"}, {"--tls-cert", "/c"}, {"--tls-key", "/k"}};
const Flags kMutual = {{"--tls", "true"},
                       {"--tls-cert", "/c"},
                       {"--tls-key", "/k"},
                       {"--tls-client-ca", "/ca"},
                       {"--tls-require-client-cert", "true"}};

Flags plus(Flags flags, const Flags& more) {
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

const std::string kId(64, 'a');

TEST(Rules, a_mesh_needs_tls_a_listener_and_somebody_to_trust) {
  const Flags pinned = {{"--set", "peers=" + kId + "@a:1"}};
  EXPECT_EQ(broken(pinned), Keys{"tls.enabled"});
  EXPECT_EQ(broken(plus(kTls, pinned)), Keys{});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "peers=a:1"}})), Keys{"peers"});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "peers=a:1"}, {"--set", "mesh.allow=" + kId}})), Keys{});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "peers=a:1"}, {"--set", "mesh.ca_path=/ca"}})), Keys{});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "mesh.peers_file=/p"}})), Keys{});
  const Flags unheard = {{"--bind", ""}, {"--uds", "/run/ron/s"}};
  EXPECT_EQ(broken(plus(unheard, pinned)), Keys{"mesh.role"});
  EXPECT_EQ(broken(plus(plus(unheard, pinned), {{"--set", "mesh.role=leaf"}})), Keys{});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "peers=a"}})), Keys{"peers"});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "mesh.allow=abc"}})), Keys{"mesh.allow"});
}

TEST(Rules, a_node_is_let_go_for_more_than_it_is_ignored_for) {
  const Flags flags = plus(kTls, {{"--set", "peers=" + kId + "@a:1"}});
  EXPECT_EQ(broken(plus(flags, {{"--set", "mesh.score_disconnect=50"}})),
            Keys{"mesh.score_disconnect"});
  EXPECT_EQ(broken(plus(flags, {{"--set", "mesh.score_disconnect=51"}})), Keys{});
  EXPECT_EQ(broken(plus(flags, {{"--set", "mesh.score_shed=100"}})), Keys{"mesh.score_disconnect"});
}

TEST(Rules, a_lane_deadline_that_is_not_used_is_told) {
  const Flags flags = plus(kTls, {{"--set", "peers=" + kId + "@a:1"}});
  EXPECT_EQ(warned(plus(flags, {{"--set", "mesh.lane_deadline=15s"}})), Keys{});
  EXPECT_EQ(warned(plus(flags, {{"--set", "mesh.lane_deadline=16s"}})), Keys{"mesh.lane_deadline"});
  EXPECT_EQ(warned(plus(flags, {{"--set", "mesh.repair_window=8s"}})), Keys{"mesh.lane_deadline"});
  EXPECT_EQ(warned({{"--set", "mesh.lane_deadline=16s"}}), Keys{}) << "no mesh";
}

TEST(Rules, two_links_a_relay_are_too_few) {
  const Flags flags = plus(kTls, {{"--set", "peers=" + kId + "@a:1"}});
  EXPECT_EQ(broken(plus(flags, {{"--set", "mesh.active_view=2"}})), Keys{"mesh.active_view"});
  EXPECT_EQ(broken(plus(flags, {{"--set", "mesh.active_view=3"}})), Keys{});
}

TEST(Rules, topics_of_best_effort_are_patterns) {
  for (const char* good : {"a", "a/*/b", "**", "a/**", "a**"})
    EXPECT_EQ(broken({{"--set", std::string("mesh.best_effort=") + good}}), Keys{}) << good;
  for (const char* bad : {"/a", "a/", "a//b", "**/a"})
    EXPECT_EQ(broken({{"--set", std::string("mesh.best_effort=") + bad}}), Keys{"mesh.best_effort"})
        << bad;
}

TEST(Rules, a_relay_that_listens_everywhere_should_say_where_it_is) {
  const Flags flags =
      plus(kMutual, {{"--bind", "0.0.0.0:9500"}, {"--set", "peers=" + kId + "@a:1"}});
  EXPECT_EQ(warned(flags), Keys{"overlay.advertise_addr"});
  EXPECT_EQ(warned(plus(flags, {{"--advertise", "node1.example:9500"}})), Keys{});
}

TEST(Rules, a_public_listener_needs_tls_and_client_certificates) {
  for (const char* address : {"0.0.0.0:9500", "[::]:9500", "10.1.2.3:9500"}) {
    EXPECT_EQ(broken({{"--bind", address}}), Keys{"overlay.listen"}) << address;
    EXPECT_EQ(broken(plus(kTls, {{"--bind", address}})), Keys{"overlay.listen"}) << address;
    EXPECT_EQ(broken(plus(kMutual, {{"--bind", address}})), Keys{}) << address;
  }
  const auto refused = load(with({{"--bind", "0.0.0.0:9500"}}));
  ASSERT_FALSE(refused.has_value());
  for (const char* hint :
       {"tls.enabled", "require_client_cert", "127.0.0.1", "--insecure-plaintext"})
    EXPECT_NE(refused.error()[0].remedy.find(hint), std::string::npos) << hint;
}

TEST(Rules, insecure_plaintext_lifts_it_with_a_warning) {
  EXPECT_EQ(warned({{"--bind", "0.0.0.0:9500"}, {"--insecure-plaintext", "true"}}),
            Keys{"overlay.insecure_plaintext"});
  EXPECT_EQ(warned({{"--insecure-plaintext", "true"}}), Keys{});
}

TEST(Rules, a_public_admin_listener_is_a_choice) {
  EXPECT_EQ(broken({{"--metrics", "0.0.0.0:9600"}}), Keys{"observability.metrics_addr"});
  EXPECT_EQ(warned({{"--metrics", "0.0.0.0:9600"}, {"--set", "observability.allow_public=true"}}),
            Keys{"observability.metrics_addr"});
}

TEST(Rules, tls_needs_its_files) {
  EXPECT_EQ(broken({{"--tls", "true"}}), (Keys{"tls.cert_path", "tls.key_path"}));
  EXPECT_EQ(broken(plus(kTls, {{"--tls-require-client-cert", "true"}})),
            Keys{"tls.client_ca_path"});
  EXPECT_EQ(broken({{"--tls-require-client-cert", "true"}, {"--tls-client-ca", "/ca"}}),
            Keys{"tls.require_client_cert"});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "tls.allowed_sans=URI:ron:a"}})),
            Keys{"tls.allowed_sans"});
  EXPECT_EQ(broken(plus(kMutual, {{"--set", "tls.allowed_sans=URI:ron:a,DNS:b"}})), Keys{});
  EXPECT_EQ(broken(plus(kMutual, {{"--set", "tls.allowed_sans=alice"}})), Keys{"tls.allowed_sans"});
  EXPECT_EQ(broken(plus(kMutual, {{"--set", "tls.allowed_sans=DNS:"}})), Keys{"tls.allowed_sans"});
  EXPECT_EQ(warned({{"--tls-cert", "/c"}}), Keys{"tls.cert_path"});
}

TEST(Rules, short_ciphers_and_quantum_safety_exclude_each_other) {
  EXPECT_EQ(broken(plus(kTls, {{"--set", "tls.aes_128=true"}})), Keys{"tls.aes_128"});
  EXPECT_EQ(broken(plus(kTls, {{"--set", "tls.aes_128=true"}, {"--pq", "off"}})), Keys{});
}

TEST(Rules, require_needs_a_channel_with_a_key_exchange) {
  EXPECT_EQ(broken({{"--pq", "require"}}), Keys{"overlay.pq_mode"});
  EXPECT_EQ(broken(plus(kTls, {{"--pq", "require"}})), Keys{});
  EXPECT_EQ(broken({{"--pq", "require"}, {"--bind", ""}, {"--uds", "/run/ron/a.sock"}}), Keys{});
}

TEST(Rules, somebody_must_be_able_to_connect) {
  EXPECT_EQ(broken({{"--bind", ""}}), Keys{"overlay.listen"});
  EXPECT_EQ(broken({{"--bind", ""}, {"--uds", "/run/ron/a.sock"}}), Keys{});
  EXPECT_EQ(broken({{"--uds", "a.sock"}}), Keys{"uds.path"});
  EXPECT_EQ(broken({{"--uds", "/" + std::string(107, 'x')}}), Keys{"uds.path"});
  EXPECT_EQ(broken({{"--set", "uds.allow_uids=5"}}), Keys{"uds.allow_uids"});
}

TEST(Rules, idle_outlasts_read_and_write) {
  EXPECT_EQ(broken({{"--idle-timeout", "2s"}}), (Keys{"timeouts.idle", "timeouts.idle"}));
  EXPECT_EQ(broken({{"--idle-timeout", "5s"}}), Keys{});
}

TEST(Rules, parts_fit_into_their_whole) {
  EXPECT_EQ(broken({{"--set", "limits.peer_queue_bytes=512MiB"}}), Keys{"limits.peer_queue_bytes"});
  EXPECT_EQ(broken({{"--set", "transport.accept_burst=1"}}), Keys{"transport.accept_burst"});
  EXPECT_EQ(broken({{"--metrics", "127.0.0.1:9500"}}), Keys{"observability.metrics_addr"});
  EXPECT_EQ(broken({{"--metrics", "127.0.0.1:0"}, {"--bind", "127.0.0.1:0"}}), Keys{});
  EXPECT_EQ(broken({{"--set", "overlay.gossip.max_frame_bytes=2MiB"}}),
            Keys{"overlay.gossip.max_frame_bytes"});
  EXPECT_EQ(broken({{"--chunk-bytes", "2MiB"}}), Keys{"overlay.gossip.chunk_bytes"});
}

TEST(Rules, a_memory_budget_is_none_or_enough) {
  const auto budget = [](const char* size, const char* shards) {
    return broken({{"--memory-budget", size}, {"--shards", shards}, {"--max-conns", "100"}});
  };
  EXPECT_EQ(budget("0", "2"), Keys{});
  EXPECT_EQ(budget("128MiB", "2"), Keys{});
  EXPECT_EQ(budget("32MiB", "2"), Keys{"limits.memory_budget"});
  EXPECT_EQ(budget("128MiB", "32"), Keys{"limits.memory_budget"});
}

// ---- rules that need the machine ----

class HostRules : public ::testing::Test {
 protected:
  HostFacts host() {
    return {.file = [this](const std::string& path) { return files[path]; },
            .euid = 1000,
            .low_ports_allowed = low_ports,
            .hybrid_available = hybrid,
            .shards = shards};
  }
  Keys complaints(Flags flags) {
    auto loaded = load(with(std::move(flags)));
    EXPECT_TRUE(loaded.has_value());
    Keys out;
    if (loaded)
      for (const auto& problem : check_host(*loaded, host())) {
        EXPECT_FALSE(problem.remedy.empty());
        out.push_back(problem.key);
      }
    return out;
  }
  Keys warnings(Flags flags) {
    auto loaded = load(with(std::move(flags)));
    Keys out;
    if (!loaded || !check_host(*loaded, host()).empty()) return {"errors"};
    for (const auto& problem : loaded->warnings) out.push_back(problem.key);
    return out;
  }
  static FileFacts directory(std::uint32_t mode, std::uint32_t owner = 1000) {
    return {.exists = true, .readable = true, .directory = true, .mode = mode, .owner = owner};
  }
  static FileFacts file(std::uint32_t mode, std::uint32_t owner = 1000) {
    return {.exists = true,
            .readable = true,
            .regular = true,
            .directory = false,
            .mode = mode,
            .owner = owner};
  }
  std::map<std::string, FileFacts> files = {
      {"/c", file(0644)}, {"/k", file(0600)}, {"/ca", file(0644)}};
  bool low_ports = false;
  bool hybrid = true;
  std::uint32_t shards = 1;
};

TEST_F(HostRules, the_memory_of_a_shard_for_each_cpu) {
  const Flags flags = {{"--memory-budget", "128MiB"}, {"--max-conns", "100"}};
  EXPECT_EQ(complaints(flags), Keys{});
  shards = 32;
  EXPECT_EQ(complaints(flags), Keys{"limits.memory_budget"});
}

TEST_F(HostRules, faults_of_the_text_and_of_the_machine_are_told_together) {
  files["/k"].mode = 0640;
  const HostFacts facts = host();
  const auto loaded = load(with(plus(kTls, {{"--read-timeout", "soon"}})), &facts);
  ASSERT_FALSE(loaded.has_value());
  ASSERT_EQ(loaded.error().size(), 2U);
  EXPECT_EQ(loaded.error()[0].key, "timeouts.read");
  EXPECT_EQ(loaded.error()[1].key, "tls.key_path");
}

TEST_F(HostRules, good_files_pass) {
  EXPECT_EQ(complaints(kMutual), Keys{});
  files["/k"] = file(0400, 0);  // a systemd credential
  EXPECT_EQ(complaints(kMutual), Keys{});
}

TEST_F(HostRules, every_fault_of_a_file_is_named) {
  files.erase("/c");
  files["/k"].mode = 0640;
  files["/ca"].mode = 0664;
  EXPECT_EQ(complaints(kMutual), (Keys{"tls.cert_path", "tls.key_path", "tls.client_ca_path"}));
  files["/c"] = file(0644);
  files["/c"].regular = false;
  files["/k"] = file(0600, 1001);
  files["/ca"] = file(0644);
  files["/ca"].readable = false;
  EXPECT_EQ(complaints(kMutual), (Keys{"tls.cert_path", "tls.key_path", "tls.client_ca_path"}));
}

TEST_F(HostRules, who_names_no_list_of_peers_is_told_what_one_is) {
  auto loaded = load(with(plus(kTls, {{"--set", "mesh.peers_file=/p"}})));
  ASSERT_TRUE(loaded.has_value());
  for (const bool exists : {false, true}) {
    if (exists) files["/p"] = directory(0755);
    const auto problems = check_host(*loaded, host());
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].key, "mesh.peers_file");
    EXPECT_NE(problems[0].remedy.find("ID@HOST:PORT a line"), std::string::npos);
    EXPECT_EQ(problems[0].remedy.find("tls init"), std::string::npos);
  }
}

TEST_F(HostRules, files_do_not_matter_without_tls) {
  files.clear();
  EXPECT_EQ(complaints({}), Keys{});
}

TEST_F(HostRules, hybrid_needs_a_library_that_has_it) {
  hybrid = false;
  EXPECT_EQ(complaints(kTls), Keys{"overlay.pq_mode"});
  EXPECT_EQ(complaints(plus(kTls, {{"--pq", "off"}})), Keys{});
}

TEST_F(HostRules, the_directory_of_the_socket_is_closed_to_others) {
  const Flags uds = {{"--uds", "/run/ron/a.sock"}};
  EXPECT_EQ(complaints(uds), Keys{}) << "a missing directory is made";
  files["/run/ron"] = directory(0700);
  EXPECT_EQ(complaints(uds), Keys{});
  files["/run/ron"] = directory(0700, 0);
  EXPECT_EQ(complaints(uds), Keys{});
  for (const std::uint32_t mode : {0750U, 0701U, 01777U}) {
    files["/run/ron"] = directory(mode);
    EXPECT_EQ(complaints(uds), Keys{"uds.path"}) << mode;
  }
  const Flags shared = {{"--uds", "/run/ron/a.sock"}, {"--set", "uds.allow_uids=1000"}};
  files["/run/ron"] = directory(0711);
  EXPECT_EQ(complaints(shared), Keys{});
  files["/run/ron"] = directory(0777);
  EXPECT_EQ(complaints(shared), Keys{"uds.path"});
  files["/run/ron"] = directory(0700, 1001);
  EXPECT_EQ(complaints(uds), Keys{"uds.path"});
  files["/run/ron"] = file(0600);
  EXPECT_EQ(complaints(uds), Keys{"uds.path"});
  EXPECT_EQ(complaints({{"--uds", "/a.sock"}}), Keys{"uds.path"});
}

TEST_F(HostRules, amnesia_warns_of_secrets_this_process_may_overwrite) {
  const Flags asked = plus(kTls, {{"--amnesia", "true"}});
  EXPECT_EQ(warnings(asked), Keys{"overlay.amnesia"});
  EXPECT_EQ(warnings(kTls), Keys{}) << "the default alone does not ask";
  EXPECT_EQ(warnings(plus(kTls, {{"--amnesia", "false"}})), Keys{});
  files["/k"] = file(0400);
  EXPECT_EQ(warnings(asked), Keys{});
  files["/k"] = file(0600, 0);
  EXPECT_EQ(warnings(asked), Keys{}) << "root's file is not writable by the service";
}

TEST_F(HostRules, low_ports_need_a_privilege) {
  EXPECT_EQ(complaints({{"--bind", "127.0.0.1:443"}}), Keys{"overlay.listen"});
  EXPECT_EQ(complaints({{"--metrics", "127.0.0.1:80"}}), Keys{"observability.metrics_addr"});
  low_ports = true;
  EXPECT_EQ(complaints({{"--bind", "127.0.0.1:443"}}), Keys{});
}

}  // namespace
}  // namespace ron::config
