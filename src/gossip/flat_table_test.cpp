#include "gossip/flat_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <memory>

namespace ron::gossip {
namespace {

using Table = FlatTable<std::unique_ptr<int>>;

const int* find(const Table& table, std::uint32_t hash, int key) {
  std::size_t visited = 0;
  const auto* found = table.find(hash, [key](const auto& value) { return *value == key; }, visited);
  return found == nullptr ? nullptr : found->get();
}

TEST(FlatTable, FoldNeverGivesTheMarkOfAFreeSlot) {
  EXPECT_EQ(Table::fold(0), 1U);
  EXPECT_EQ(Table::fold(UINT32_MAX), 1U);
  EXPECT_EQ(Table::fold(UINT64_MAX), UINT32_MAX);
}

TEST(FlatTable, EmptyOwnsNothingBeforeAndAfter) {
  Table table;
  EXPECT_EQ(table.memory_bytes(), 0U);
  for (int i = 0; i < 100; ++i) table.insert(7, std::make_unique<int>(i));
  EXPECT_GT(table.memory_bytes(), 0U);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(*table.take(7, [i](const auto& value) { return *value == i; }), i);
  }
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.memory_bytes(), 0U);
}

// Few different hashes, at both ends of the range: long runs that wrap round the end of the table,
// equal hashes of different keys, and removals in their midst.
RC_GTEST_PROP(FlatTableProperty, EqualsAMapUnderCollisions, ()) {
  const auto hash_of = [](int key) {
    const auto group = static_cast<std::uint32_t>(key % 7);
    return group < 4 ? group + 1 : UINT32_MAX - group;
  };
  Table table;
  std::map<int, bool> model;
  const auto step_count = *rc::gen::inRange<std::size_t>(0, 200);
  for (std::size_t i = 0; i < step_count; ++i) {
    const auto key = *rc::gen::inRange(0, 40);
    if (model.count(key) == 0) {
      table.insert(hash_of(key), std::make_unique<int>(key));
      model[key] = true;
    } else {
      const auto taken = table.take(hash_of(key), [key](const auto& v) { return *v == key; });
      RC_ASSERT(*taken == key);
      model.erase(key);
    }
    RC_ASSERT(table.size() == model.size());
    for (int other = 0; other < 40; ++other) {
      RC_ASSERT((find(table, hash_of(other), other) != nullptr) == (model.count(other) == 1));
    }
  }
}

}  // namespace
}  // namespace ron::gossip
