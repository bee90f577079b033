// Topics and subscriptions in the numbers a busy node has.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/choice.hpp"
#include "gossip/topic_index.hpp"

namespace ron::bench {

/// Two to six segments of a vocabulary of 32 words a level, so that patterns of the same vocabulary
/// meet many topics and not all.
std::string random_topic(Choice& choice);
std::vector<std::string> random_topics(std::size_t count);

/// Half end in `**` behind two to five segments, half have three to six segments of which one or
/// two are `*`: a random topic meets a handful of ten thousand.
std::string random_wildcard(Choice& choice);

/// `count` targets, each under a random wildcard of its own choosing (some meet under one).
void subscribe_wildcards(gossip::TopicIndex& index, std::size_t count);

}  // namespace ron::bench
