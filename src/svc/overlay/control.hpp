// The operations an operator can ask for over the Unix socket (docs/control.md): who runs them, and
// their answers. The daemon gives it what they need; requests come on shard threads and are worked
// on in order on the admin thread, where Health lives.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "host/host.hpp"
#include "ops/log.hpp"
#include "svc/overlay/health.hpp"

namespace ron::svc {

struct ControlError {
  oap::Code code = oap::Code::kBadFrame;
  std::string text;
};
using ControlResult = std::expected<std::string, ControlError>;  // JSON

/// What only the main thread may do. `done` is called once, from any thread.
struct MainThread {
  std::function<void(std::function<void(ControlResult)> done)> reload;
  std::function<void(std::chrono::milliseconds within)> drain;
};

class Control {
 public:
  Control(Health& health, ops::Log& log, MainThread main);

  /// Works on a request and answers it by `reply`, at once or later. Admin thread.
  void handle(const node::ControlRequest& request, std::uint32_t uid,
              std::function<void(ControlResult)> reply);

 private:
  using Args = std::vector<std::pair<std::string, std::string>>;
  ControlResult answer(std::string_view op, const Args& args);
  ControlResult log_level(const Args& args);
  ControlResult drain(const Args& args);
  ControlResult mesh(std::string_view op, const Args& args);
  ControlResult dial(const Args& args);
  ControlResult hang_up(const Args& args);
  ControlResult withdraw(const std::string& addr);
  ControlResult trace(const Args& args);
  ControlResult traced(const Args& args);

  Health& health_;
  ops::Log& log_;
  MainThread main_;
};

}  // namespace ron::svc
