#include "base/slab.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/check.hpp"

namespace ron {

namespace {

// Sizes worth keeping: a read, and frames up to the largest with their header.
constexpr std::array<std::size_t, 3> kShelfSizes = {256U * 1024, 512U * 1024, 1024U * 1024 + 4096};
constexpr std::size_t kWorthKeeping = 128U * 1024;
constexpr std::size_t kNoShelf = kShelfSizes.size();
constexpr std::uint32_t kBorrowed = 0xffff'ffff;  // a shelf for nothing: there are no bytes behind

// The address sanitizer sees no use after free in a block that is never freed.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kKeepsBlocks = false;
#elif defined(__has_feature)
constexpr bool kKeepsBlocks = !__has_feature(address_sanitizer);
#else
constexpr bool kKeepsBlocks = true;
#endif

std::size_t shelf_for(std::size_t size) {
  if (!kKeepsBlocks || size < kWorthKeeping) return kNoShelf;
  std::size_t shelf = 0;
  while (shelf < kNoShelf && size > kShelfSizes[shelf]) ++shelf;
  return shelf;
}

void charge(const Slab& slab) {
  if (slab.meter == nullptr) return;
  slab.meter->live_bytes += slab.capacity + sizeof(Slab) + SlabMeter::kAround;
  slab.meter->live_slabs += 1;
}

void discharge(const Slab& slab) {
  if (slab.meter == nullptr) return;
  slab.meter->live_bytes -= slab.capacity + sizeof(Slab) + SlabMeter::kAround;
  slab.meter->live_slabs -= 1;
}

}  // namespace

bool SlabMeter::keeps_blocks() { return kKeepsBlocks; }

SlabMeter::~SlabMeter() {
  for (const Shelf& shelf : shelves_) {
    for (Slab* block : shelf.blocks) std::free(block);
  }
}

Slab* SlabMeter::take(std::size_t shelf) {
  if (shelf >= kShelves || shelves_[shelf].blocks.empty()) return nullptr;
  Shelf& from = shelves_[shelf];
  Slab* const slab = from.blocks.back();
  from.blocks.pop_back();
  from.least = std::min(from.least, from.blocks.size());
  spare_bytes_ -= slab->capacity;
  return slab;
}

bool SlabMeter::keep(Slab* slab) {
  if (slab->shelf >= kShelves || slab->capacity > kSpareMax - spare_bytes_) return false;
  shelves_[slab->shelf].blocks.push_back(slab);
  spare_bytes_ += slab->capacity;
  return true;
}

void SlabMeter::trim() {
  for (Shelf& shelf : shelves_) {
    for (; shelf.least > 0; --shelf.least) {
      spare_bytes_ -= shelf.blocks.back()->capacity;
      std::free(shelf.blocks.back());
      shelf.blocks.pop_back();
    }
    shelf.least = shelf.blocks.size();
  }
}

void Slice::destroy(Slab* slab) {
  discharge(*slab);
  if (slab->meter == nullptr || !slab->meter->keep(slab)) std::free(slab);
}

Slice Slice::allocate(std::size_t size, SlabMeter* meter) {
  const std::size_t shelf = meter == nullptr ? kNoShelf : shelf_for(size);
  Slab* slab = meter == nullptr ? nullptr : meter->take(shelf);
  if (slab == nullptr) {
    const std::size_t capacity = shelf == kNoShelf ? size : kShelfSizes[shelf];
    void* const memory = std::malloc(sizeof(Slab) + capacity);
    RON_CHECK(memory != nullptr);
    slab = new (memory) Slab;
    slab->shelf = static_cast<std::uint32_t>(shelf);
    slab->capacity = capacity;
  }
  slab->refs = 1;
  slab->size = size;
  slab->meter = meter;
  charge(*slab);
  return {slab, reinterpret_cast<std::uint8_t*>(slab + 1), size};
}

Slice Slice::copy_of(ByteView bytes, SlabMeter* meter) {
  Slice slice = allocate(bytes.size(), meter);
  if (!bytes.empty()) std::memcpy(slice.data_, bytes.data(), bytes.size());
  return slice;
}

Slice Slice::borrow(ByteView bytes, SlabMeter* meter) {
  void* const memory = std::malloc(sizeof(Slab));
  RON_CHECK(memory != nullptr);
  auto* const slab = new (memory) Slab;
  slab->shelf = kBorrowed;
  slab->size = slab->capacity = bytes.size();
  slab->meter = meter;
  charge(*slab);
  return {slab, const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

bool Slice::join(const Slice& next) {
  if (!borders(next)) return false;
  size_ += next.size_;
  return true;
}

std::size_t Slice::slab_size() const { return slab_ == nullptr ? 0 : slab_->size; }

bool Slice::unique() const { return slab_ != nullptr && slab_->refs == 1; }

bool Slice::borrowed() const { return slab_ != nullptr && slab_->shelf == kBorrowed; }

void Slice::charge_to(SlabMeter* meter) {
  if (slab_ == nullptr) return;
  discharge(*slab_);
  slab_->meter = meter;
  charge(*slab_);
}

}  // namespace ron
