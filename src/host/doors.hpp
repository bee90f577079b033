// Parts of a ShardHost that only its own files need.
#pragma once

#include "host/shard_host.hpp"

namespace ron::host {

using namespace std::chrono_literals;

inline constexpr std::size_t kScratch = 256U * 1024;      // one read
inline constexpr std::size_t kScratchLeft = 64U * 1024;   // a rest worth reading into
inline constexpr std::size_t kReadPerTurn = 256U * 1024;  // of one session
inline constexpr std::size_t kReadTurn = 1024U * 1024;  // of all sessions, before anything goes out
inline constexpr std::size_t kSmallWrite = 4U * 1024;   // under it, more is read before writing
inline constexpr std::size_t kGather = 256U * 1024;     // one write
inline constexpr std::size_t kWritePerTurn = 1024U * 1024;  // of one session
inline constexpr std::size_t kPieces = 64;
inline constexpr unsigned kAcceptsPerTurn = 16;
inline constexpr unsigned kHandshakesPerTurn = 8;  // each costs about half a millisecond
inline constexpr unsigned kRoundsPerTurn = 16;     // of obeying and flushing
inline constexpr std::size_t kRing = 1024;         // messages between two shards
inline constexpr std::size_t kFadingMax = 64;
inline constexpr Duration kFadeTime = 1s;        // OAP-1.34
inline constexpr std::size_t kDialsMax = 128;    // under way; the mesh orders fewer
inline constexpr Duration kNextAddress = 250ms;  // of a name that has several
inline constexpr Duration kPause = 100ms;        // without descriptors
inline constexpr Duration kMendEvery = 1s;
inline constexpr Duration kPublishEvery = 100ms;

struct ShardHost::Door final : runtime::ReadyListener {
  Door(ShardHost& owner, transport::Listener with)
      : host(&owner), listener(std::move(with)), watch(owner.loop_, listener.fd(), *this) {}
  void readable() override { host->accept_from(*this); }
  void writable() override {}

  ShardHost* host;
  transport::Listener listener;
  runtime::Watch watch;
  Instant paused_until = Instant::never();  // never = not paused
};

///   (name resolved) -> connecting to one address after the other -> a Link, or DialFailed
struct ShardHost::Dial final : runtime::ReadyListener {
  Dial(ShardHost& owner, mesh::Dial ordered) : host(&owner), order(std::move(ordered)) {}
  void readable() override {}
  void writable() override { host->dial_progress(*this); }

  ShardHost* host;
  mesh::Dial order;
  std::vector<transport::Address> addresses;
  std::size_t next = 0;  // to be tried
  transport::Socket socket;
  runtime::Watch watch;                 // after `socket`: goes before the descriptor is closed
  Instant hurry_at = Instant::never();  // the next address is tried then
  bool over = false;                    // taken away at the end of the turn
};

struct ShardHost::Fading final : runtime::ReadyListener {
  Fading(ShardHost& owner, transport::Socket left, Instant until)
      : host(&owner), socket(std::move(left)), watch(owner.loop_, socket.fd(), *this), end(until) {}
  void readable() override;
  void writable() override {}

  ShardHost* host;
  transport::Socket socket;
  runtime::Watch watch;
  Instant end;
};

}  // namespace ron::host
