// The stream under a client machine: dials it, reads it, writes it, on one event loop.
//
// Obeys the machine's orders and feeds it facts. Non-blocking throughout: names are resolved on a
// thread of their own, addresses are tried in turn, and one turn reads and writes a bounded amount.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "base/slab.hpp"
#include "crypto/tls_context.hpp"
#include "runtime/loop.hpp"
#include "session/client.hpp"
#include "transport/dialer.hpp"
#include "url.hpp"

namespace ron::sdk::detail {

class Wire final : public runtime::ReadyListener {
 public:
  Wire(runtime::Loop& loop, session::Client& machine, session::ClientActions& actions,
       Target target, std::shared_ptr<const crypto::TlsContext> tls);
  ~Wire();

  void obey(const session::ClientOrder& order, Instant now);

  /// Goes on with whatever the stream is ready for.
  void turn(Instant now);

  /// There is more to do without waiting for anything.
  bool busy() const;

  /// When to look again even if nothing is ready.
  Instant deadline() const { return address_until_; }

  /// Of the current or last stream.
  const transport::StreamFacts& facts() const { return facts_; }

  void readable() override { can_read_ = true; }
  void writable() override { can_write_ = true; }

 private:
  enum class Phase : std::uint8_t { kNone, kResolving, kConnecting, kOpen };

  void dial(const session::ClientOrder& order, Instant now);
  void resolved(std::uint32_t attempt,
                std::expected<std::vector<transport::Address>, std::string> found);
  void try_address(Instant now);
  void adopt(std::unique_ptr<transport::Stream> stream);
  void shake_hands(Instant now);
  void address_failed(std::string text, transport::FailureClass kind, Instant now);
  void dial_failed(std::string text, bool retryable, Instant now);
  void opened(Instant now);
  void read(Instant now);
  void write(Instant now);
  bool write_some(Instant now);
  void lost(Instant now);
  void drop();

  runtime::Loop& loop_;
  session::Client& machine_;
  session::ClientActions& actions_;
  const Target target_;
  std::shared_ptr<const crypto::TlsContext> tls_;
  transport::TlsBuffers buffers_;

  Phase phase_ = Phase::kNone;
  std::uint32_t attempt_ = 0;
  transport::DialTarget dialled_;
  std::vector<transport::Address> addresses_;  // those not tried yet
  Instant address_until_ = Instant::never();
  std::unique_ptr<transport::Stream> stream_;
  runtime::Watch watch_;
  transport::StreamFacts facts_;
  std::jthread resolver_;

  Slice buffer_;
  bool can_read_ = false;
  bool can_write_ = false;
  bool flush_wanted_ = false;
  bool finish_wanted_ = false;
  bool was_open_ = false;  // a connection has held before
};

}  // namespace ron::sdk::detail
