// Subscribes, publishes, prints what comes back: ./pubsub ron://127.0.0.1:9500
#include <cstdio>

#include <ron/ron.hpp>

int main(int argc, char** argv) {
  auto client = ron::sdk::Client::connect(argc > 1 ? argv[1] : "ron://127.0.0.1:9500");
  if (!client) return std::fprintf(stderr, "%s\n", client.error().message.c_str()), 1;

  ron::sdk::SubscribeOptions mine_too{.tenant = {}, .group = "", .echo = true, .capacity = 0};
  auto greetings = client->subscribe({"demo/*"}, mine_too);
  if (!greetings) return std::fprintf(stderr, "%s\n", greetings.error().message.c_str()), 1;

  if (auto sent = client->publish("demo/hello", "world"); !sent) return 1;

  auto message = greetings->pop();
  if (!message) return std::fprintf(stderr, "%s\n", message.error().message.c_str()), 1;
  std::printf("%s: %s\n", message->topic.c_str(), message->data.c_str());
}
