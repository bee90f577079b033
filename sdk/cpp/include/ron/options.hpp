// What a client and its calls can be told.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <ron/error.hpp>
#include <ron/message.hpp>

namespace ron::sdk {

/// Quantum-safe key exchange (X25519MLKEM768) over TLS.
enum class Hybrid : std::uint8_t {
  kOff,      ///< X25519 only
  kPrefer,   ///< wherever the node can (default)
  kRequire,  ///< or no connection; Unix sockets are exempt, plain TCP is refused
};

/// What the node said about itself and this session.
struct SessionInfo {
  std::array<std::uint8_t, 32> node{};  ///< the node's id
  std::uint64_t session = 0;            ///< the node's number of this session
  std::string agent;                    ///< the node's software
  bool hybrid = false;                  ///< the key exchange was X25519MLKEM768
  std::string group;                    ///< key exchange group of TLS; empty without TLS
  std::string cipher;                   ///< cipher suite of TLS; empty without TLS
  bool compression = false;             ///< zstd was agreed
  std::uint64_t fps = 0;                ///< publications a second; 0 = no limit
  std::uint64_t rps = 0;                ///< requests a second; 0 = no limit
  std::uint64_t window = 0;             ///< bytes in flight to the node; 0 = no limit
  std::uint64_t inflight = 0;           ///< unanswered requests; 0 = no limit
  std::uint64_t max_frame = 0;          ///< largest payload in bytes, envelope not counted
};

/// Where publications were lost between nodes; some numbers between the two may have come.
struct Gap {
  std::string origin;       ///< the first 32 hex digits of the id of the node that accepted them
  std::uint64_t epoch = 0;  ///< which start of that node
  std::uint64_t first = 0;  ///< number of the first one lost
  std::uint64_t last = 0;   ///< number of the last
};

/// What happened to the connection; told on the client's thread.
struct ConnectionEvent {
  /// Kinds of event.
  enum class Kind : std::uint8_t {
    kConnected,            ///< in session; `info` is set
    kDisconnected,         ///< `error` says why, `retry_in` when the next attempt comes
    kLeaving,              ///< the node said bye; the client moves on by itself
    kLagged,               ///< the node dropped `count` messages for this client
    kRefused,              ///< `count` publications without acknowledgement were dropped: `error`
    kSubscriptionLost,     ///< the node refused to restore `patterns` after a reconnect: `error`
    kEnded,                ///< the client will not connect again
    kSubscriptionRefused,  ///< as kSubscriptionLost, but for now: asked again in `retry_in`
    kGap,                  ///< `count` publications of another node are lost, of any topic: `gap`
  };
  Kind kind = Kind::kEnded;  ///< what happened
  SessionInfo info;          ///< with kConnected
  Error error;               ///< with kDisconnected, kRefused, kSubscription...
  bool will_retry = false;   ///< with kDisconnected
  std::chrono::milliseconds retry_in{
      0};                             ///< with kDisconnected, if will_retry; kSubscriptionRefused
  std::uint64_t count = 0;            ///< with kLagged, kRefused, kGap
  Gap gap;                            ///< with kGap
  std::vector<std::string> patterns;  ///< with kSubscription...
};

/// How a client connects and behaves. Everything has a default that works against a local node.
struct Options {
  /// `ron://host:port` (TCP), `rons://host:port` (TLS) or `unix:/path`. Port 9500 may be left out.
  std::string url = "ron://127.0.0.1:9500";
  std::string ca_path;    ///< PEM bundle the node's certificate must chain to; needed for rons
  std::string cert_path;  ///< PEM client certificate, where the node asks for one
  std::string key_path;   ///< its key; mode 0600
  std::vector<std::string> server_names;  ///< SAN patterns; empty = the host of the url
  std::optional<std::string> token;       ///< capability token; only over TLS or local sockets
  Hybrid hybrid = Hybrid::kPrefer;        ///< key exchange
  std::string agent = "ron-sdk-cpp";      ///< at most 64 bytes, told to the node
  bool accept_compression = true;         ///< zstd from the node
  bool compress = false;                  ///< zstd to the node, where it pays

  std::chrono::milliseconds connect_timeout{10'000};  ///< for connect(), TLS and hello included
  bool wait_for_node = false;  ///< connect() keeps trying until its timeout; default: one attempt
  bool reconnect = true;       ///< after a loss: jittered, 100 ms to 10 s, subscriptions restored

  bool tap = false;   ///< watch only: does not count as a receiver; Unix sockets only
  bool gaps = false;  ///< be told what is lost between nodes (ConnectionEvent::kGap)

  std::uint64_t window = 1U << 20U;     ///< bytes the node may have in flight to us; 0 = no limit
  std::uint32_t queue_frames = 16'384;  ///< publications that wait here
  std::size_t queue_bytes = 8U << 20U;  ///< the same, in bytes

  /// Told what happens to the connection, on the client's thread: be short, never block.
  std::function<void(const ConnectionEvent&)> on_event;
};

/// A deadline and a way to give up, for one call.
struct CallOptions {
  std::chrono::milliseconds timeout{10'000};  ///< from now; the answer is then kTimeout
  std::stop_token stop;                       ///< request_stop() answers kCancelled
};

/// How a publication goes from node to node, in a mesh.
enum class Mode : std::uint8_t {
  kTopic,       ///< as the node has it for the topic (`mesh.best_effort`); repair otherwise
  kRepair,      ///< what is lost on the way is asked for again, as long as it is kept
  kBestEffort,  ///< pushed once; what is lost is lost
};

/// What goes with a publication beside its topic and data.
struct PublishOptions {
  Tenant tenant;                         ///< whose topic space
  std::string reply;                     ///< topic to answer on
  Headers headers;                       ///< application pairs; names must differ
  std::uint64_t fanout = 0;              ///< suggested relay fan-out; 0 = the node's choice
  std::optional<std::uint64_t> seconds;  ///< publisher's time; default: now
  Mode mode = Mode::kTopic;              ///< how it goes from node to node
};

/// How to subscribe.
struct SubscribeOptions {
  Tenant tenant;      ///< whose topic space
  std::string group;  ///< each message goes to one member of a group; empty = to everybody
  bool echo = false;  ///< get this client's own publications too
  /// Queues only. 0: bounded by Options::window alone, so a slow reader holds the node back, which
  /// then drops and tells. Otherwise: messages over this many are dropped here, and told.
  std::size_t capacity = 0;
};

/// What became of an acknowledged publication.
struct Published {
  std::uint64_t to = 0;     ///< local sessions it was queued to
  std::uint64_t links = 0;  ///< other nodes it was handed to
};

/// Counters of a client since it was made.
struct ClientCounters {
  std::uint64_t sent = 0;            ///< publications handed to the queue
  std::uint64_t received = 0;        ///< messages that arrived
  std::uint64_t received_bytes = 0;  ///< their bytes on the wire
  std::uint64_t lagged = 0;          ///< messages the node dropped for this client
  std::uint64_t lost = 0;            ///< publications told of by kGap
  std::uint64_t refused = 0;         ///< publications that were dropped
  std::uint64_t connects = 0;        ///< sessions begun
};

}  // namespace ron::sdk
