#include "base/slab.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace ron {
namespace {

TEST(slab, a_meter_counts_each_block_once) {
  SlabMeter meter;
  {
    const Slice a = Slice::allocate(1000, &meter);
    const std::size_t one = meter.live_bytes;
    EXPECT_GE(one, 1000U);
    EXPECT_EQ(meter.live_slabs, 1U);
    const Slice b = a.sub(10, 20);
    const std::vector<Slice> copies(3, b);
    EXPECT_EQ(meter.live_bytes, one);
    EXPECT_EQ(copies.front().slab_size(), 1000U);
    EXPECT_FALSE(a.unique());
  }
  EXPECT_EQ(meter.live_bytes, 0U);
  EXPECT_EQ(meter.live_slabs, 0U);
}

TEST(slab, slices_see_the_same_bytes) {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4, 5};
  Slice whole = Slice::copy_of(bytes, nullptr);
  const Slice part = whole.sub(1, 3);
  whole.mutable_bytes()[2] = 9;
  EXPECT_EQ(part.bytes()[1], 9);
  EXPECT_EQ(part.size(), 3U);
  const Slice inner = part.sub(3, 0);
  EXPECT_TRUE(inner.empty());
}

TEST(slab, what_is_borrowed_is_charged_here_and_stays_with_its_owner) {
  SlabMeter lender;
  SlabMeter borrower;
  Slice whole = Slice::allocate(1000, &lender);
  const std::size_t lent = lender.live_bytes;
  {
    const Slice loan = Slice::borrow(whole.sub(100, 500).bytes(), &borrower);
    EXPECT_TRUE(loan.borrowed());
    EXPECT_TRUE(loan.unique());
    EXPECT_TRUE(whole.unique()) << "two counts that know nothing of each other";
    EXPECT_FALSE(loan.same_block(whole));
    EXPECT_EQ(borrower.live_slabs, 1U);
    EXPECT_GE(borrower.live_bytes, 500U);
    const Slice part = loan.sub(10, 20);
    EXPECT_TRUE(part.same_block(loan));
    EXPECT_FALSE(loan.unique());
    whole.mutable_bytes()[110] = 7;
    EXPECT_EQ(part.bytes()[0], 7);
    EXPECT_FALSE(Slice::copy_of(part.bytes(), &borrower).borrowed());
  }
  EXPECT_EQ(borrower.live_bytes, 0U);
  EXPECT_EQ(borrower.spare_bytes(), 0U);
  EXPECT_EQ(lender.live_bytes, lent);
}

TEST(slab, large_blocks_are_kept_and_given_back) {
  constexpr std::size_t kLarge = 300U * 1024;
  SlabMeter meter;
  {
    const Slice small = Slice::allocate(64U * 1024, &meter);
  }
  EXPECT_EQ(meter.spare_bytes(), 0U);
  {
    const Slice a = Slice::allocate(kLarge, &meter), b = Slice::allocate(kLarge, &meter);
  }
  EXPECT_EQ(meter.live_bytes, 0U);
  if (!SlabMeter::keeps_blocks()) {  // a sanitizer wants them freed
    EXPECT_EQ(meter.spare_bytes(), 0U);
    return;
  }
  EXPECT_EQ(meter.spare_bytes(), 2 * 512U * 1024);
  {
    const Slice again = Slice::allocate(kLarge + 1000, &meter);  // of the same class
    EXPECT_EQ(meter.spare_bytes(), 512U * 1024);
    EXPECT_EQ(again.slab_size(), kLarge + 1000);
    EXPECT_GT(meter.live_bytes, 512U * 1024);
  }
  std::vector<Slice> many;
  for (int i = 0; i < 20; ++i) many.push_back(Slice::allocate(1024U * 1024 + 31, &meter));
  many.clear();
  EXPECT_LE(meter.spare_bytes(), SlabMeter::kSpareMax);
  EXPECT_GT(meter.spare_bytes(), SlabMeter::kSpareMax / 2);
  meter.trim();  // the first call only starts to look
  const std::size_t kept = meter.spare_bytes();
  {
    const Slice one = Slice::allocate(kLarge, &meter);
  }
  meter.trim();
  EXPECT_LT(meter.spare_bytes(), kept);
  EXPECT_GE(meter.spare_bytes(), 512U * 1024) << "the one that was used";
  meter.trim();
  EXPECT_EQ(meter.spare_bytes(), 0U);
}

TEST(slab, a_part_keeps_the_block) {
  SlabMeter meter;
  Slice part;
  {
    const Slice whole = Slice::allocate(64, &meter);
    part = whole.sub(60, 4);
    EXPECT_FALSE(part.unique());
  }
  EXPECT_TRUE(part.unique());
  EXPECT_EQ(meter.live_slabs, 1U);
  part = {};
  EXPECT_EQ(meter.live_slabs, 0U);
  EXPECT_FALSE(part.unique());
}

TEST(slab, moves_leave_nothing_behind) {
  SlabMeter meter;
  Slice a = Slice::allocate(8, &meter);
  const std::uint8_t* const data = a.data();
  Slice b = std::move(a);
  EXPECT_EQ(b.data(), data);
  EXPECT_TRUE(b.unique());
  Slice& itself = b;
  b = itself;
  EXPECT_TRUE(b.unique());
  b = Slice::allocate(16, &meter);
  EXPECT_EQ(meter.live_slabs, 1U);
}

TEST(slab, the_front_moves_on) {
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  Slice slice = Slice::copy_of(bytes, nullptr);
  slice.drop_front(2);
  EXPECT_EQ(slice.size(), 1U);
  EXPECT_EQ(slice.bytes()[0], 3);
  slice.drop_front(1);
  EXPECT_TRUE(slice.empty());
  Slice none;
  none.drop_front(0);
}

TEST(slab, an_emptied_slice_lets_go_of_its_block) {
  SlabMeter meter;
  Slice slice = Slice::allocate(8, &meter);
  slice.drop_front(8);
  EXPECT_EQ(meter.live_slabs, 0U);
}

TEST(slab, neighbours_of_one_block_join) {
  const Slice whole = Slice::allocate(10, nullptr);
  Slice front = whole.sub(0, 4);
  EXPECT_TRUE(front.join(whole.sub(4, 2)));
  EXPECT_EQ(front.size(), 6U);
  EXPECT_FALSE(front.join(whole.sub(7, 1))) << "a gap";
  EXPECT_FALSE(front.join(Slice::allocate(1, nullptr))) << "another block";
  EXPECT_FALSE(Slice().join(Slice()));
}

TEST(slab, a_charge_moves_as_a_whole) {
  SlabMeter from;
  SlabMeter to;
  Slice slice = Slice::allocate(100, &from);
  const std::size_t size = from.live_bytes;
  slice.charge_to(&to);
  EXPECT_EQ(from.live_bytes, 0U);
  EXPECT_EQ(to.live_bytes, size);
  slice.charge_to(nullptr);
  EXPECT_EQ(to.live_bytes, 0U);
  Slice().charge_to(&to);
}

TEST(slab_death, ranges_outside_abort) {
  Slice slice = Slice::allocate(4, nullptr);
  EXPECT_DEATH((void)slice.sub(2, 3), "invariant broken");
  EXPECT_DEATH((void)slice.sub(5, 0), "invariant broken");
  EXPECT_DEATH((void)slice.sub(1, SIZE_MAX), "invariant broken");
  EXPECT_DEATH(slice.drop_front(5), "invariant broken");
}

}  // namespace
}  // namespace ron
