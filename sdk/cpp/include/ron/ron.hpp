// The C++ SDK of RustyOnions: publish, subscribe, request and reply over OAP/1.
//
//   auto client = ron::sdk::Client::connect("ron://127.0.0.1:9500");
//   client->publish("demo/hello", "world");
#pragma once

#include <ron/client.hpp>
#include <ron/error.hpp>
#include <ron/message.hpp>
#include <ron/options.hpp>
