// What one run of the generator does; every field is an option of the same name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace ron::peers {

struct Options {
  std::string codec = "nats";
  std::string host = "127.0.0.1";
  std::string uds;  // a Unix socket instead of host and port
  int port = 4222;
  int pub_port = 0;  // where publishers connect; 0 = port
  int pid = 0;       // of the server, for its CPU time
  bool tls = false;
  std::string groups = "X25519MLKEM768:X25519";

  int pubs = 1;
  int subs = 1;  // of each topic
  int topics = 1;
  int idle = 0;          // sessions that only hold a subscription
  bool shuffle = false;  // each publisher sends to all topics, in random order
  bool wild = false;  // ten wildcard patterns a subscriber, one of which matches its topic or more
  int rare = 0;       // one publication in so many goes to topic 1, which has one subscriber
  int stalled = 0;    // subscribers of the last topic that do not read until the load has ended
  std::uint64_t lag_bytes = 0;  // instead of a load: publish so much while no subscriber reads

  std::size_t size = 128;          // payload
  std::size_t window = 1U << 20U;  // bytes a publisher may be ahead of its slowest subscriber
  std::size_t min_window = 8;      // and messages, whatever their size
  std::uint64_t max_msgs = 1ULL << 40U;
  double warm = 0.5;  // seconds before the measurement
  double secs = 2;    // of the measurement
  double rate = 0;    // messages a second, open loop; 0 = as fast as the window allows
  int connect_at_once = 128;
};

/// Dies on an unknown option or a value out of bounds.
Options parse_options(int argc, char** argv);

}  // namespace ron::peers
