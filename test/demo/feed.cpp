#include "feed.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "cli/common/child.hpp"

namespace ron::demo {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::size_t kBlock = 64U * 1024;
constexpr std::size_t kSourceMost = 24U << 20U;
constexpr std::size_t kLogsMost = 6;

std::string read_some(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content;
  std::string block(kBlock, '\0');
  while (content.size() < kSourceMost && file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    content.append(block.data(), static_cast<std::size_t>(file.gcount()));
  }
  return content;
}

// A topic segment out of a file name.
std::string segment(std::string name) {
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain) c = '_';
  }
  return name;
}

void add_logs(std::vector<Source>& sources) {
  std::vector<fs::path> logs;
  std::error_code error;
  for (fs::recursive_directory_iterator at("/var/log",
                                           fs::directory_options::skip_permission_denied, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored) && at->path().extension() == ".log")
      logs.push_back(at->path());
  }
  std::ranges::sort(logs);
  std::size_t taken = 0;
  for (const fs::path& path : logs) {
    if (taken == kLogsMost) return;
    std::string content = read_some(path);
    if (content.empty()) continue;
    ++taken;
    sources.push_back({"demo/lines/log/" + segment(path.filename().string()), path.string(),
                       std::move(content), true});
  }
}

}  // namespace

std::vector<Source> real_sources(const std::string& repository) {
  std::vector<Source> sources;
  const std::string packages = read_some("/var/lib/dpkg/status");
  if (!packages.empty()) {
    sources.push_back({"demo/lines/packages", "/var/lib/dpkg/status", packages, true});
    sources.push_back({"demo/blocks/packages", "/var/lib/dpkg/status", packages, false});
  }
  add_logs(sources);
  const std::string history =
      cli::output_of({"git", "-C", repository, "log", "-p", "--no-color"}, kSourceMost);
  if (!history.empty()) {
    sources.push_back({"demo/blocks/history", "git log -p", history, false});
    sources.push_back({"demo/lines/history", "git log -p", history, true});
  }
  if (sources.empty()) throw std::runtime_error("this machine has nothing to read");
  return sources;
}

Feed::Feed(std::vector<const Source*> sources, const sdk::Options& options,
           std::function<bool()> may_go)
    : sources_(std::move(sources)), client_(connect(options)), may_go_(std::move(may_go)) {
  for (const Source* source : sources_) topics_ += (topics_.empty() ? "" : " ") + source->topic;
  thread_ = std::jthread([this] { run(); });
}

void Feed::run() {
  // At least one whole pass over everything, then until told to stop.
  while (!abandoned_) {
    for (const Source* source : sources_) {
      if (!pass(*source)) return;
    }
    passes_.fetch_add(1);
    if (stop_) break;
  }
}

bool Feed::pass(const Source& source) {
  const std::string_view all = source.content;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t size = std::min(kBlock, all.size() - at);
    std::size_t step = size;
    if (source.lines) {
      const std::size_t end = std::min(all.find('\n', at), all.size());
      size = std::min(end - at, std::size_t{512U * 1024});
      step = size + (at + size < all.size() && all[at + size] == '\n' ? 1 : 0);
    }
    if (!send(source.topic, all.substr(at, size))) return false;
    at += step;
    if (stop_ && passes_ > 0) return false;
  }
  return true;
}

bool Feed::send(const std::string& topic, std::string_view data) {
  while (!may_go_()) {
    if (abandoned_) return false;
    std::this_thread::sleep_for(200us);  // lint: allow(sleep)
  }
  Tally& tally = ledger_[topic];
  sdk::PublishOptions options;
  options.headers = {{"n", std::to_string(tally.messages() + 1)}};
  if (const auto sent = client_.publish(topic, data, options); !sent) {
    error_ = sent.error().message;
    return false;
  }
  tally.add(data);
  messages_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(data.size(), std::memory_order_relaxed);
  return true;
}

void Feed::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  if (!error_.empty()) throw std::runtime_error("publishing failed: " + error_);
  if (const auto flushed = client_.flush(); !flushed) {
    throw std::runtime_error("the node did not take everything: " + flushed.error().message);
  }
}

}  // namespace ron::demo
