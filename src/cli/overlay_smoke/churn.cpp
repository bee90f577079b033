#include "churn.hpp"

#include <algorithm>

namespace ron::smoke {
namespace {

using namespace std::chrono_literals;

constexpr auto kStay = 200ms;           // of a subscription
constexpr unsigned kSubscriptions = 3;  // of a session
constexpr auto kAfterFailure = 500ms;

}  // namespace

Churner::Churner(const Course& course, unsigned index)
    : course_(course), index_(index), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Churn Churner::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  return churn_;
}

void Churner::run(const std::stop_token& stop) {
  for (unsigned n = index_; !stop.stop_requested(); ++n) {
    ++churn_.sessions;
    auto client = course_.connector.connect();
    bool good = client.has_value();
    for (unsigned k = 0; good && k < kSubscriptions && !stop.stop_requested(); ++k) {
      const unsigned publisher = (n + k) % course_.plan.publishers;
      good = visit(*client, {k == 1 ? course_.root + "/*" : course_.topic(publisher)}, stop);
    }
    if (client) client->close();
    if (good) continue;
    ++churn_.failed;
    wait_until(Clock::now() + kAfterFailure, stop);
  }
}

// What it misses between the first and the last message must be what it was told to miss. Only
// messages due after the confirmation count: what is left of an earlier subscription of this
// session may still come, and what came in between was not subscribed to.
bool Churner::visit(sdk::Client& client, std::vector<std::string> patterns,
                    const std::stop_token& stop) {
  Intake intake;
  std::atomic<std::uint64_t> since = UINT64_MAX;
  std::uint64_t told = 0;  // of the client's thread, until the subscription has ended
  auto subscription = client.subscribe(std::move(patterns), [&](const sdk::MessageView& view) {
    if (intake.received() > 0) told += view.lagged_before;
    const auto stamp = read_stamp(view.data);
    if (!stamp || stamp->due_ns >= since) intake.take(view.data);
  });
  if (!subscription) return false;
  since = nanoseconds_of(Clock::now());
  ++churn_.subscriptions;
  wait_until(Clock::now() + kStay, stop);
  subscription->end();
  churn_.received += intake.received();
  churn_.told += told;
  const std::uint64_t missing = intake.gaps() + intake.disorder();
  churn_.untold += missing - std::min(missing, told);
  return true;
}

}  // namespace ron::smoke
