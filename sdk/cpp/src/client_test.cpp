// The SDK against real nodes in this process, over loopback and Unix sockets.
#include "ron/client.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "crypto/issue.hpp"
#include "host/host.hpp"

namespace ron::sdk {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<host::Host> start_node(const std::string& listen = "127.0.0.1:0") {
  host::Settings settings;
  settings.listen = {listen};
  settings.shards = 2;
  auto node = host::Host::start(std::move(settings));
  EXPECT_TRUE(node.has_value()) << (node ? "" : node.error());
  (*node)->set_ready(true);
  return std::move(*node);
}

std::string url_of(const host::Host& node) { return "ron://" + node.bound().at(0); }

template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(2ms);  // lint: allow(sleep)
  }
  return true;
}

TEST(SdkConnect, TellsWhatTheNodeIs) {
  const auto node = start_node();
  auto client = Client::connect(url_of(*node));
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->connected());
  EXPECT_FALSE(client->info().hybrid);
  EXPECT_EQ(client->info().max_frame, 1U << 20U);
  EXPECT_EQ(client->info().fps, 100'000U);
}

TEST(SdkConnect, NobodyThereIsAnErrorSoon) {
  const auto start = std::chrono::steady_clock::now();
  const auto client = Client::connect("ron://127.0.0.1:1");
  ASSERT_FALSE(client.has_value());
  EXPECT_EQ(client.error().code, ErrorCode::kConnect);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 3s);
  EXPECT_EQ(Client::connect("nonsense").error().code, ErrorCode::kUsage);
}

TEST(SdkConnect, OptionsThatMakeNoSense) {
  Options options;
  options.url = "rons://127.0.0.1:9";
  EXPECT_EQ(Client::connect(options).error().code, ErrorCode::kUsage) << "no CA";
  options.url = "ron://10.1.1.1:9";
  options.token = "macaroon:x";
  EXPECT_EQ(Client::connect(options).error().code, ErrorCode::kUsage) << "token in the clear";
}

TEST(SdkPublish, ReachesSubscribersByHandlerAndQueue) {
  const auto node = start_node();
  auto receiver = Client::connect(url_of(*node)).value();
  auto sender = Client::connect(url_of(*node)).value();
  std::atomic<int> handled = 0;
  auto subscription = receiver.subscribe({"a/*"}, [&](const MessageView& view) {
    if (view.data == "one" && view.topic == "a/b") ++handled;
  });
  ASSERT_TRUE(subscription.has_value());
  auto queue = receiver.subscribe({"a/**"});
  ASSERT_TRUE(queue.has_value());
  PublishOptions options;
  options.headers = {{"k", "v"}, {"another", "value"}};
  ASSERT_TRUE(sender.publish("a/b", "one", options).has_value());
  const auto message = queue->pop();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(message->data, "one");
  EXPECT_EQ(message->headers.size(), 2U);
  EXPECT_TRUE(eventually([&] { return handled == 1; }));
  const auto acked = sender.publish_acked("a/b", "two");
  ASSERT_TRUE(acked.has_value());
  EXPECT_EQ(acked->to, 1U) << "one session, however often it matches";
  EXPECT_EQ(sender.publish_acked("nobody", "x").value().to, 0U);
  subscription->end();
  ASSERT_TRUE(sender.publish_acked("a/b", "three").has_value());
  EXPECT_EQ(queue->pop().value().data, "two");
  EXPECT_EQ(queue->pop().value().data, "three");
  EXPECT_EQ(handled, 1);
}

TEST(SdkPublish, AsyncAndBadArguments) {
  const auto node = start_node();
  auto client = Client::connect(url_of(*node)).value();
  auto future = client.publish_async("t", "x");
  EXPECT_TRUE(future.get().has_value());
  EXPECT_EQ(client.publish("bad//topic", "x").error().code, ErrorCode::kUsage);
  EXPECT_EQ(client.publish("t", std::string(2U << 20U, 'x')).error().code,
            ErrorCode::kFrameTooLarge);
  EXPECT_EQ(client.subscribe({"bad//topic"}).error().code, ErrorCode::kBadFrame);
}

// A pipe of lines faster than every limit loses nothing (OAP-5.25).
TEST(SdkPublish, PacesItselfAndLosesNothing) {
  const auto node = start_node();
  auto receiver = Client::connect(url_of(*node)).value();
  auto sender = Client::connect(url_of(*node)).value();
  constexpr std::uint64_t kCount = 150'000;
  std::uint64_t next = 0;
  std::uint64_t lost = 0;
  std::atomic<bool> last = false;
  auto subscription = receiver.subscribe({"lines"}, [&](const MessageView& view) {
    const std::uint64_t number = std::stoull(std::string(view.data));
    lost += number - next;
    next = number + 1;
    if (next == kCount) last = true;
  });
  ASSERT_TRUE(subscription.has_value());
  for (std::uint64_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(sender.publish("lines", std::to_string(i)).has_value());
  }
  ASSERT_TRUE(sender.flush().has_value());
  EXPECT_TRUE(eventually([&] { return last.load(); }));
  EXPECT_EQ(sender.counters().refused, 0U);
  EXPECT_EQ(lost, receiver.counters().lagged) << "every gap is told";
  EXPECT_EQ(lost, 0U);
}

TEST(SdkQueue, ASlowReaderLosesExactlyWhatItIsTold) {
  const auto node = start_node();
  Options slow;
  slow.url = url_of(*node);
  slow.window = 64 * 1024;
  auto receiver = Client::connect(slow).value();
  auto sender = Client::connect(url_of(*node)).value();
  auto queue = receiver.subscribe({"bulk"}).value();
  const std::string block(60'000, 'b');
  constexpr int kCount = 400;
  for (int i = 0; i < kCount; ++i) {
    ASSERT_TRUE(sender.publish("bulk", block).has_value());
  }
  ASSERT_TRUE(sender.flush().has_value());
  ASSERT_TRUE(sender.publish_acked("bulk", "end").has_value());
  std::uint64_t got = 0;
  std::uint64_t told = 0;
  const auto accounted = [&] { return got + receiver.counters().lagged == kCount + 1; };
  ASSERT_TRUE(eventually([&] {
    while (auto message = queue.try_pop()) {
      ++got;
      told += message->lagged_before;
    }
    return accounted();
  })) << got
      << " " << receiver.counters().lagged;
  EXPECT_GT(receiver.counters().lagged, 0U);
  EXPECT_LE(told, receiver.counters().lagged);
}

TEST(SdkQueue, ItsCapacityDropsHereAndTells) {
  const auto node = start_node();
  auto receiver = Client::connect(url_of(*node)).value();
  auto sender = Client::connect(url_of(*node)).value();
  SubscribeOptions options;
  options.capacity = 3;
  auto queue = receiver.subscribe({"t"}, options).value();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sender.publish("t", std::to_string(i)).has_value());
  ASSERT_TRUE(eventually([&] { return queue.dropped() == 7; }));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(queue.pop().value().data, std::to_string(i));
  ASSERT_TRUE(sender.publish("t", "after").has_value());
  EXPECT_EQ(queue.pop().value().lagged_before, 7U);
}

TEST(SdkQueue, WaitsAreBounded) {
  const auto node = start_node();
  auto client = Client::connect(url_of(*node)).value();
  auto queue = client.subscribe({"t"}).value();
  EXPECT_EQ(queue.pop({20ms, {}}).error().code, ErrorCode::kTimeout);
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(queue.pop({10s, stop.get_token()}).error().code, ErrorCode::kCancelled);
  client.close();
  EXPECT_EQ(queue.pop().error().code, ErrorCode::kClosed);
}

TEST(SdkRequest, AnswersAndItsFailures) {
  const auto node = start_node();
  auto server = Client::connect(url_of(*node)).value();
  auto client = Client::connect(url_of(*node)).value();
  auto serving = server.subscribe({"echo"}, [&](const MessageView& view) {
    if (view.data != "silence") (void)server.reply(view, "re: " + std::string(view.data));
  });
  ASSERT_TRUE(serving.has_value());
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.request("echo", std::to_string(i));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->data, "re: " + std::to_string(i));
  }
  EXPECT_EQ(client.request("echo", "silence", {}, {100ms, {}}).error().code, ErrorCode::kTimeout);
  EXPECT_EQ(client.request("nobody", "x").error().code, ErrorCode::kNoResponder);
}

TEST(SdkHandlers, MayPublishButNotWait) {
  const auto node = start_node();
  auto client = Client::connect(url_of(*node)).value();
  auto queue = client.subscribe({"out"}, SubscribeOptions{.echo = true}).value();
  std::atomic<int> usage = 0;
  SubscribeOptions echo;
  echo.echo = true;
  auto subscription = client.subscribe(
      {"in"},
      [&](const MessageView&) {
        const bool waits_refused =
            client.publish_acked("x", "y").error().code == ErrorCode::kUsage &&
            client.flush().error().code == ErrorCode::kUsage;
        if (waits_refused) ++usage;
        (void)client.publish("out", "from a handler");
      },
      echo);
  ASSERT_TRUE(subscription.has_value());
  ASSERT_TRUE(client.publish("in", "x").has_value());
  EXPECT_EQ(queue.pop().value().data, "from a handler");
  EXPECT_EQ(usage, 1);
}

TEST(SdkReconnect, ComesBackWithItsSubscriptionsAndQueue) {
  auto node = start_node();
  const std::string address = node->bound().at(0);
  Options options;
  options.url = "ron://" + address;
  std::atomic<int> disconnects = 0;
  options.on_event = [&](const ConnectionEvent& event) {
    if (event.kind == ConnectionEvent::Kind::kDisconnected) ++disconnects;
  };
  auto client = Client::connect(options).value();
  SubscribeOptions echo;
  echo.echo = true;
  auto queue = client.subscribe({"t"}, echo).value();
  node->drain(2s);
  node.reset();
  ASSERT_TRUE(eventually([&] { return !client.connected(); }));
  ASSERT_TRUE(client.publish("t", "while away").has_value());
  EXPECT_EQ(client.publish_acked("t", "x", {}, {50ms, {}}).error().code, ErrorCode::kTimeout);
  node = start_node(address);
  const auto message = queue.pop();
  ASSERT_TRUE(message.has_value()) << message.error().message;
  EXPECT_EQ(message->data, "while away");
  EXPECT_GE(disconnects, 1);
  EXPECT_EQ(client.counters().connects, 2U);
}

TEST(SdkCancel, AStopTokenEndsAWait) {
  auto node = start_node();
  auto client = Client::connect(url_of(*node)).value();
  node.reset();
  ASSERT_TRUE(eventually([&] { return !client.connected(); }));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_EQ(client.publish_acked("t", "x", {}, {30s, stop.get_token()}).error().code,
            ErrorCode::kCancelled);
}

TEST(SdkClose, SendsWhatIsQueuedAndAnswersWaiters) {
  const auto node = start_node();
  auto receiver = Client::connect(url_of(*node)).value();
  auto queue = receiver.subscribe({"t"}).value();
  {
    auto sender = Client::connect(url_of(*node)).value();
    for (int i = 0; i < 1000; ++i) ASSERT_TRUE(sender.publish("t", "x").has_value());
  }
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(queue.pop().has_value()) << i;
  receiver.close();
  EXPECT_EQ(receiver.publish("t", "x").error().code, ErrorCode::kClosed);
  EXPECT_EQ(receiver.flush().error().code, ErrorCode::kClosed);
}

TEST(SdkThreads, ManyPublishersOneClient) {
  const auto node = start_node();
  auto receiver = Client::connect(url_of(*node)).value();
  auto sender = Client::connect(url_of(*node)).value();
  std::mutex mutex;
  std::vector<int> next(4, 0);
  int total = 0;
  auto subscription = receiver.subscribe({"n/*"}, [&](const MessageView& view) {
    const std::scoped_lock lock(mutex);
    int& expected = next[static_cast<std::size_t>(view.topic.back() - '0')];
    if (view.data == std::to_string(expected)) ++expected;
    ++total;
  });
  ASSERT_TRUE(subscription.has_value());
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&sender, t] {
        for (int i = 0; i < 2000; ++i) {
          (void)sender.publish("n/" + std::to_string(t), std::to_string(i));
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] {
    const std::scoped_lock lock(mutex);
    return total == 8000;
  }));
  const std::scoped_lock lock(mutex);
  for (const int count : next) EXPECT_EQ(count, 2000);
}

class TempDir {
 public:
  TempDir() {
    std::string pattern = std::filesystem::temp_directory_path() / "ron-sdk-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) const {
    const std::string path = path_ + "/" + name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
    return path;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(SdkTls, HybridWithClientCertificates) {
  const TempDir dir;
  const auto ca = crypto::make_ca({}).value();
  crypto::LeafRequest leaf;
  leaf.common_name = "node";
  leaf.names = {"IP:127.0.0.1", "DNS:localhost"};
  const auto node_cert = crypto::make_leaf(leaf, ca.certificate_pem, ca.key_pem).value();
  leaf.common_name = "user";
  leaf.names = {"URI:ron:client:user"};
  const auto user_cert = crypto::make_leaf(leaf, ca.certificate_pem, ca.key_pem).value();
  const auto key_text = [](const crypto::Issued& issued) {
    return std::string(crypto::as_text(issued.key_pem));
  };
  host::Settings settings;
  settings.listen = {"127.0.0.1:0"};
  settings.shards = 1;
  crypto::ServerTls tls;
  tls.cert_path = dir.write("node.pem", node_cert.certificate_pem);
  tls.key_path = dir.write("node.key", key_text(node_cert));
  tls.client_ca_path = dir.write("ca.pem", ca.certificate_pem);
  tls.require_client_cert = true;
  settings.tls = tls;
  settings.node.auth_off = false;
  auto node = host::Host::start(std::move(settings)).value();
  node->set_ready(true);

  Options options;
  options.url = "rons://" + node->bound().at(0);
  options.ca_path = dir.path() + "/ca.pem";
  options.cert_path = dir.write("user.pem", user_cert.certificate_pem);
  options.key_path = dir.write("user.key", key_text(user_cert));
  options.hybrid = Hybrid::kRequire;
  auto client = Client::connect(options);
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->info().hybrid);
  EXPECT_EQ(client->info().group, "X25519MLKEM768");
  auto queue = client->subscribe({"t"}, SubscribeOptions{.echo = true}).value();
  const std::string big(1'000'000, 'q');
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client->publish("t", big).has_value());
  for (int i = 0; i < 5; ++i) EXPECT_EQ(queue.pop().value().data, big);

  options.cert_path.clear();
  options.key_path.clear();
  const auto refused = Client::connect(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConnect);
}

TEST(SdkUnix, WorksAndIsExemptFromHybrid) {
  const TempDir dir;
  host::Settings settings;
  settings.uds_path = dir.path() + "/node.sock";
  settings.allow_uids = {::getuid()};
  settings.shards = 1;
  auto node = host::Host::start(std::move(settings));
  ASSERT_TRUE(node.has_value()) << node.error();
  (*node)->set_ready(true);
  Options options;
  options.url = "unix:" + dir.path() + "/node.sock";
  options.hybrid = Hybrid::kRequire;
  auto client = Client::connect(options);
  ASSERT_TRUE(client.has_value()) << client.error().message;
  EXPECT_TRUE(client->flush().has_value());
}

}  // namespace
}  // namespace ron::sdk
