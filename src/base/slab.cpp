#include "base/slab.hpp"

#include <cstdlib>
#include <cstring>

#include "base/check.hpp"

namespace ron {

// The header sits in front of its bytes in one allocation.
class Slab {
 public:
  std::uint32_t refs = 1;
  std::size_t size = 0;
  SlabMeter* meter = nullptr;

  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this + 1); }

  void charge() const {
    if (meter == nullptr) return;
    meter->live_bytes += size + sizeof(Slab);
    meter->live_slabs += 1;
  }
  void discharge() const {
    if (meter == nullptr) return;
    meter->live_bytes -= size + sizeof(Slab);
    meter->live_slabs -= 1;
  }
};

Slice::Slice(const Slice& other) noexcept
    : slab_(other.slab_), data_(other.data_), size_(other.size_) {
  if (slab_ != nullptr) ++slab_->refs;
}

Slice::~Slice() {
  if (slab_ == nullptr || --slab_->refs > 0) return;
  slab_->discharge();
  std::free(slab_);
}

Slice Slice::allocate(std::size_t size, SlabMeter* meter) {
  void* memory = std::malloc(sizeof(Slab) + size);
  RON_CHECK(memory != nullptr);
  auto* slab = new (memory) Slab;
  slab->size = size;
  slab->meter = meter;
  slab->charge();
  return {slab, slab->bytes(), size};
}

Slice Slice::copy_of(ByteView bytes, SlabMeter* meter) {
  Slice slice = allocate(bytes.size(), meter);
  if (!bytes.empty()) std::memcpy(slice.data_, bytes.data(), bytes.size());
  return slice;
}

Slice Slice::sub(std::size_t offset, std::size_t size) const {
  RON_CHECK(offset <= size_ && size <= size_ - offset);
  if (size == 0) return {};  // nothing of a block must not keep the block
  Slice part(*this);
  part.data_ += offset;
  part.size_ = size;
  return part;
}

bool Slice::join(const Slice& next) {
  if (slab_ != next.slab_ || slab_ == nullptr || next.data_ != data_ + size_) return false;
  size_ += next.size_;
  return true;
}

std::size_t Slice::slab_size() const { return slab_ == nullptr ? 0 : slab_->size; }

bool Slice::unique() const { return slab_ != nullptr && slab_->refs == 1; }

void Slice::charge_to(SlabMeter* meter) {
  if (slab_ == nullptr) return;
  slab_->discharge();
  slab_->meter = meter;
  slab_->charge();
}

}  // namespace ron
