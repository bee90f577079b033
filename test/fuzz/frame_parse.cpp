// Frames out of arbitrary bytes, twice: in one piece and cut as the input says. Both ways must
// yield the same frames and the same fault, whatever inflates must respect both caps (OAP-1 section
// 1).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/check.hpp"
#include "oap/comp.hpp"
#include "oap/kinds.hpp"
#include "oap/parser.hpp"

namespace {

using namespace ron;
using namespace ron::oap;

constexpr std::uint32_t kMax = 4096;

struct Outcome {
  std::vector<std::vector<std::uint8_t>> frames;
  int fault = -1;
  CorrId corr = 0;
  std::size_t partial = 0;
  bool operator==(const Outcome&) const = default;
};

void look_inside(const Frame& frame) {
  RON_CHECK(frame.header.payload_size() <= kMax && frame.payload().size() <= kMax);
  if (!frame.header.has(kComp)) {
    (void)read_message(frame.payload());
    return;
  }
  const auto plain = decompress(frame.payload(), kMax);
  if (!plain) return;
  RON_CHECK(plain->size() <= kMax && plain->size() <= kRatioCap * frame.payload().size());
  (void)read_message(*plain);
}

// Cuts by the bytes of `cuts` in turn; no cuts means one piece.
Outcome feed(ByteView stream, ByteView cuts) {
  SlabMeter meter;
  Outcome outcome;
  {
    Parser parser(kMax, &meter);
    for (std::size_t at = 0, round = 0; at < stream.size() && outcome.fault < 0; ++round) {
      std::size_t size = stream.size() - at;
      if (!cuts.empty()) size = std::min<std::size_t>(size, cuts[round % cuts.size()] + 1U);
      Slice input = Slice::copy_of(stream.subspan(at, size), nullptr);
      at += size;
      for (;;) {
        auto next = parser.next(input);
        if (!next) {
          outcome.fault = static_cast<int>(next.error().error.code);
          outcome.corr = next.error().corr;
          RON_CHECK(next.error().error.closes);
          break;
        }
        if (!*next) break;
        look_inside(**next);
        const ByteView whole = (*next)->bytes.bytes();
        outcome.frames.emplace_back(whole.begin(), whole.end());
      }
      RON_CHECK(meter.live_bytes <= 2 * parser.partial_bytes() + 1024);
    }
    outcome.partial = parser.partial_bytes();
  }
  RON_CHECK(meter.live_bytes == 0 && meter.live_slabs == 0);
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(data, size);
  // The first byte says how many of the next are cuts, so that seeds can be plain frames after a 0.
  const std::size_t cuts = size == 0 ? 0 : std::min<std::size_t>(input[0] % 8U, size - 1);
  const ByteView stream = input.subspan(size == 0 ? 0 : 1 + cuts);
  const Outcome whole = feed(stream, {});
  const std::vector<std::uint8_t> single{0};
  RON_CHECK(feed(stream, cuts == 0 ? ByteView(single) : input.subspan(1, cuts)) == whole);
  return 0;
}
