#include <netdb.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "transport/dialer.hpp"

namespace ron::transport {
namespace {

constexpr std::size_t kQueueMax = 64;
constexpr std::size_t kAddressesMax = 16;

Addresses ask_system(const HostPort& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(target.port);
  if (const int error = ::getaddrinfo(target.host.c_str(), port.c_str(), &hints, &found);
      error != 0) {
    return std::unexpected("cannot resolve " + target.host + ": " + ::gai_strerror(error));
  }
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr && addresses.size() < kAddressesMax;
       at = at->ai_next) {
    addresses.emplace_back(at->ai_addr, at->ai_addrlen);
  }
  ::freeaddrinfo(found);
  if (addresses.empty()) return std::unexpected(target.host + " has no address");
  return addresses;
}

// One thread for all names of the process, started by the first. A question whose asker has left
// is answered to nobody.
class Resolver {
 public:
  Resolver() : thread_([this](const std::stop_token& stop) { run(stop); }) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver() {
    {
      const std::scoped_lock lock(mutex_);
      thread_.request_stop();
    }
    changed_.notify_all();
  }

  Addresses ask(const HostPort& target, std::chrono::nanoseconds limit) {
    const auto question = std::make_shared<Question>(Question{.target = target});
    std::unique_lock lock(mutex_);
    if (queue_.size() >= kQueueMax) return std::unexpected("too many names are being resolved");
    queue_.push_back(question);
    changed_.notify_all();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    if (!changed_.wait_until(lock, deadline, [&] { return question->done; })) {
      std::erase(queue_, question);
      return std::unexpected("cannot resolve " + target.host + ": no answer in time");
    }
    return question->answer;
  }

  void ask_later(const HostPort& target, std::function<void(Addresses)> done) {
    std::unique_lock lock(mutex_);
    if (queue_.size() >= kQueueMax) {
      lock.unlock();
      done(std::unexpected("too many names are being resolved"));
      return;
    }
    queue_.push_back(
        std::make_shared<Question>(Question{.target = target, .tell = std::move(done)}));
    changed_.notify_all();
  }

 private:
  struct Question {
    HostPort target;
    bool done = false;
    Addresses answer{};
    std::function<void(Addresses)> tell{};  // empty: somebody waits for `done`
  };

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      if (queue_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const std::shared_ptr<Question> question = queue_.front();
      queue_.pop_front();
      lock.unlock();
      Addresses answer = ask_system(question->target);
      if (question->tell) question->tell(answer);
      lock.lock();
      question->answer = std::move(answer);
      question->done = true;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Question>> queue_;
  std::jthread thread_;  // last: it uses all of the above
};

Resolver& resolver() {
  static Resolver one;
  return one;
}

// Of hosts that need no resolver.
std::optional<std::vector<Address>> known(const HostPort& target) {
  const std::string port = ":" + std::to_string(target.port);
  const auto numeric = [&](const std::string& host) { return Address::parse(host + port); };
  if (target.host == "localhost") return std::vector{*numeric("127.0.0.1"), *numeric("[::1]")};
  if (const auto v4 = numeric(target.host)) return std::vector{*v4};
  if (const auto v6 = numeric("[" + target.host + "]")) return std::vector{*v6};
  return std::nullopt;
}

}  // namespace

Addresses resolve(const HostPort& target, std::chrono::nanoseconds limit) {
  if (auto addresses = known(target)) return std::move(*addresses);
  return resolver().ask(target, limit);
}

void resolve_later(const HostPort& target, std::function<void(Addresses)> done) {
  if (auto addresses = known(target)) return done(std::move(*addresses));
  resolver().ask_later(target, std::move(done));
}

}  // namespace ron::transport
