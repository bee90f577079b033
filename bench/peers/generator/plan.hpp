// Who subscribes and publishes what: the sessions of a workload, and the batches publishers send.
#pragma once

#include "session.hpp"

namespace ron::peers {

struct Plan {
  Sessions subscribers;
  Sessions publishers;
  Sessions idle;
  std::vector<std::vector<Session*>> by_topic;
};

Plan make_plan(const Options& options, Codec& codec);

}  // namespace ron::peers
