// Bytes as they are, over TCP or a Unix socket.
#pragma once

#include "transport/stream.hpp"

namespace ron::transport {

class PlainStream final : public Stream {
 public:
  /// `connecting`: the socket is still on its way, `handshake` waits for it.
  PlainStream(Socket socket, StreamFacts facts, bool connecting = false)
      : Stream(std::move(facts)), socket_(std::move(socket)), connecting_(connecting) {}

  HandshakeStatus handshake() override;
  IoResult read_into(MutableBytes into) override { return socket_.receive(into); }
  IoResult write(std::span<const IoPiece> pieces) override;
  IoResult shutdown_write() override;
  void close() override { socket_.close(); }
  int fd() const override { return socket_.fd(); }
  Socket take_socket() override { return std::move(socket_); }

 private:
  Socket socket_;
  bool connecting_;
};

}  // namespace ron::transport
