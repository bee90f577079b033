// What ronctl trace found, for people.
#pragma once

#include <string>

#include "node_answer.hpp"

namespace ron::cli {

/// The way of a probe as a tree, from a `traced` answer: each node below the one that brought the
/// probe to it, in the order of time. Below a node that did not answer itself, too.
std::string trace_tree(const Json& traced);

}  // namespace ron::cli
