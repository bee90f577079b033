#include "oap/envelope.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "oap/kinds.hpp"

namespace ron::oap {
namespace {

const std::vector<std::uint8_t> kVector{0x00, 0x00, 0x00, 0x1d, 0x01, 0x00, 0x01, 0x00, 0x00,
                                        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                        0x00, 0x00, 0x00, 0x00, 0x00, 0x11, 0x22, 0x33, 0x44,
                                        0x55, 0x66, 0x77, 0x88, 'h',  'i'};

TEST(envelope, the_vector_of_the_specification) {  // OAP-1.5 OAP-1.6 OAP-1.7 OAP-1.10 OAP-1.12
  const Header header = read_header(kVector.data());
  EXPECT_EQ(header.len, 29U);
  EXPECT_EQ(header.payload_size(), 2U);
  EXPECT_EQ(header.wire_size(), 33U);
  EXPECT_EQ(header.ver, 1);
  EXPECT_EQ(header.flags, kReq);
  EXPECT_TRUE(header.tenant.is_default());  // OAP-1.9
  EXPECT_EQ(header.corr, 0x1122334455667788U);
  const Slice frame = make_frame(kReq, {}, 0x1122334455667788U, as_bytes("hi"));
  EXPECT_TRUE(equal(frame.bytes(), kVector));
}

TEST(envelope, reserved_flags_are_neither_read_nor_written) {  // OAP-1.8
  std::vector<std::uint8_t> bytes = kVector;
  bytes[5] = 0xff;
  bytes[6] = 0xe1;
  EXPECT_EQ(read_header(bytes.data()).flags, kReq);
  rewrite_flags(bytes.data(), 0xffe4);
  EXPECT_EQ(bytes[5], 0);
  EXPECT_EQ(bytes[6], kEvent);
  Header header;
  header.flags = 0xffff;
  write_header(bytes.data(), header);
  EXPECT_EQ(bytes[5], 0);
  EXPECT_EQ(bytes[6], 0x1f);
}

RC_GTEST_PROP(envelope, headers_survive, ()) {  // OAP-1.5 OAP-1.9 OAP-1.10
  Header header;
  header.len = *rc::gen::arbitrary<std::uint32_t>();
  header.ver = *rc::gen::arbitrary<std::uint8_t>();
  header.flags = static_cast<std::uint16_t>(*rc::gen::arbitrary<std::uint16_t>() & kKnownFlags);
  header.tenant = {*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
  header.corr = *rc::gen::arbitrary<std::uint64_t>();
  std::vector<std::uint8_t> bytes(kHeaderSize);
  write_header(bytes.data(), header);
  const Header again = read_header(bytes.data());
  RC_ASSERT(again.len == header.len);
  RC_ASSERT(again.ver == header.ver);
  RC_ASSERT(again.flags == header.flags);
  RC_ASSERT(again.tenant == header.tenant);
  RC_ASSERT(again.corr == header.corr);
}

TEST(envelope, an_empty_payload_is_a_frame) {  // OAP-1.11
  SlabMeter meter;
  {
    const Slice frame = make_frame(kEvent, {1, 2}, 0, {}, &meter);
    EXPECT_EQ(frame.size(), kHeaderSize);
    EXPECT_EQ(read_header(frame.data()).len, kLenMin);
    EXPECT_EQ(read_header(frame.data()).tenant, (TenantId{1, 2}));
    EXPECT_GT(meter.live_bytes, 0U);
  }
  EXPECT_EQ(meter.live_bytes, 0U);
}

}  // namespace
}  // namespace ron::oap
