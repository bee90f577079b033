// The measurement: one thread that publishes, receives and counts without ever waiting.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

#include "plan.hpp"

namespace ron::peers {

/// What the clocks and counters say at one moment.
struct Sample {
  std::uint64_t at = 0;  // ns
  double server_cpu = 0;
  double own_cpu = 0;
  std::uint64_t delivered = 0;
  Calls calls;
};

struct Measured {
  Sample begin;
  Sample end;
  std::int64_t lost = 0;               // neither delivered nor told as lagged
  std::vector<std::uint32_t> latency;  // ns from the intended send time, open loop only
  std::uint64_t late_max = 0;          // ns the generator itself was late
};

class Load {
 public:
  Load(const Options& options, Codec& codec, Plan& plan, int epoll);

  /// Closed loop by a window, or open loop at a rate; then everything sent is waited for.
  Measured run();
  /// Publishes `bytes` while no subscriber reads; returns when the server has taken all.
  void fall_behind(std::uint64_t bytes);
  /// Subscribers read again until nothing is missing or 60 s have passed.
  Measured catch_up();

 private:
  Sample sample() const;
  std::uint64_t due() const;
  bool frame_open() const;
  void update_windows();
  void publish();
  void publish_some(Session& session, std::uint64_t limit_bytes) const;
  void publish_at_rate(std::uint64_t now);
  void receive();
  void receive_one(Session& session, std::uint32_t events);
  void publisher_input(Session& session);
  void idle_input(Session& session);
  void subscriber_input(Session& session);
  void count(Session& session, char* bytes, std::size_t size);
  std::size_t count_other(Session& session, char* bytes, std::size_t size);
  void keep(Session& session, const char* bytes, std::size_t size) const;
  void stall(bool on);

  const Options& options_;
  Codec& codec_;
  Plan& plan_;
  int epoll_;
  bool timed_;  // open loop
  bool measuring_ = false;
  bool stop_ = false;
  clockid_t server_clock_{};
  std::uint64_t delivered_ = 0;
  std::uint64_t received_at_ = 0;
  std::uint64_t next_send_ = 0;
  std::uint64_t first_send_ = 0;
  std::uint64_t sent_at_rate_ = 0;
  std::vector<std::uint64_t> slowest_;  // of each topic: publications its subscribers are done with
  std::vector<char> buffer_;
  std::array<epoll_event, 1024> events_{};
  Measured measured_;
};

}  // namespace ron::peers
