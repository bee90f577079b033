// Reference-counted byte blocks, and slices of them.
//
// A shard reads into a Slab; frames, runs and lanes hold Slices of it, so that a message is never
// copied on its way through. The count is plain: a slab belongs to one shard. Ownership may move to
// another shard only as a whole, when the moved Slice is the sole reference (Slice::unique). What
// one shard only lends to another has a count of its own over there (Slice::borrow).
//
// A SlabMeter counts the live bytes of the slabs and tables charged to it, and keeps a few of the
// large blocks when they are done with; it must outlive them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace ron {

class SlabMeter;

/// A block: this, and its bytes behind it in the same allocation. Only Slice touches it.
struct Slab {
  std::uint32_t refs = 1;
  std::uint32_t shelf = 0;   // of the meter's, where it belongs when it is done with
  std::size_t size = 0;      // what was asked for
  std::size_t capacity = 0;  // what was taken
  SlabMeter* meter = nullptr;
};

/// Physical bytes held in slabs and in the tables that lead to them, for budgets and gauges, and
/// the spare blocks of one shard.
///
/// A block counts with kAround for what it costs beside its bytes: a budget that counted payloads
/// alone would be passed several times over by messages of a few bytes.
///
/// A large block that was let go is kept for the next one of its class: taking it from the system
/// and giving it back costs more than filling it. At most kSpareMax bytes are kept, and `trim`
/// gives back those that nobody needed since it was last called.
class SlabMeter {
 public:
  static constexpr std::size_t kSpareMax = 4U * 1024 * 1024;
  /// The allocator's header and rounding, and the run that holds the block.
  static constexpr std::size_t kAround = 24 + 56;

  SlabMeter() = default;
  SlabMeter(const SlabMeter&) = delete;
  SlabMeter& operator=(const SlabMeter&) = delete;
  ~SlabMeter();

  std::size_t live_bytes = 0;
  std::size_t live_slabs = 0;

  /// False under the address sanitizer, which sees no use after free in a block that stays.
  static bool keeps_blocks();

  /// Bytes of blocks that are kept though nobody uses them.
  std::size_t spare_bytes() const { return spare_bytes_; }

  /// Frees the blocks nobody needed since the last call.
  void trim();

 private:
  friend class Slice;
  struct Shelf {
    std::vector<Slab*> blocks;
    std::size_t least = 0;  // blocks that lay here all the time since the last trim
  };
  static constexpr std::size_t kShelves = 3;

  Slab* take(std::size_t shelf);
  bool keep(Slab* slab);

  std::array<Shelf, kShelves> shelves_;
  std::size_t spare_bytes_ = 0;
};

/// A counted reference to part of a slab. Empty by default. Copying costs one increment.
class Slice {
 public:
  Slice() = default;
  Slice(const Slice& other) noexcept : slab_(other.slab_), data_(other.data_), size_(other.size_) {
    if (slab_ != nullptr) ++slab_->refs;
  }
  Slice(Slice&& other) noexcept
      : slab_(std::exchange(other.slab_, nullptr)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Slice& operator=(Slice other) noexcept {
    std::swap(slab_, other.slab_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Slice() {
    if (slab_ != nullptr && --slab_->refs == 0) destroy(slab_);
  }

  /// A fresh block of exactly `size` uninitialised bytes. Aborts when memory is exhausted: every
  /// caller is bounded by configuration first. `meter` may be null.
  static Slice allocate(std::size_t size, SlabMeter* meter);

  /// A fresh block with a copy of `bytes`.
  static Slice copy_of(ByteView bytes, SlabMeter* meter);

  /// Bytes of somebody else's block, which must outlive every reference made from this one. They
  /// are charged as if they were a block of their own.
  static Slice borrow(ByteView bytes, SlabMeter* meter);

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const std::uint8_t* data() const { return data_; }
  ByteView bytes() const { return {data_, size_}; }

  /// Writable only by the owner of the slab before the bytes are shared.
  MutableBytes mutable_bytes() const { return {data_, size_}; }

  /// [offset, offset + size) of this slice; the range must lie inside.
  Slice sub(std::size_t offset, std::size_t size) const {
    RON_CHECK(offset <= size_ && size <= size_ - offset);
    if (size == 0) return {};  // nothing of a block must not keep the block
    Slice part(*this);
    part.data_ += offset;
    part.size_ = size;
    return part;
  }

  /// Moves the front of this slice `size` bytes on; they must exist.
  void drop_front(std::size_t size) {
    RON_CHECK(size <= size_);
    data_ += size;
    size_ -= size;
    if (size_ == 0) *this = Slice();  // nothing of a block must not keep the block
  }

  /// Do the bytes of `next` directly follow this slice's in the same block?
  bool borders(const Slice& next) const {
    return slab_ != nullptr && slab_ == next.slab_ && next.data_ == data_ + size_;
  }

  bool same_block(const Slice& other) const { return slab_ != nullptr && slab_ == other.slab_; }

  /// Takes in `next` when it borders.
  bool join(const Slice& next);

  /// Size of the block behind, for deciding whether holding this slice pins too much.
  std::size_t slab_size() const;

  /// True when no other slice refers to the block.
  bool unique() const;

  bool borrowed() const;

  /// Changes which meter the block is charged to, for ownership that moves between shards.
  void charge_to(SlabMeter* meter);

 private:
  static void destroy(Slab* slab);
  Slice(Slab* slab, std::uint8_t* data, std::size_t size) : slab_(slab), data_(data), size_(size) {}

  Slab* slab_ = nullptr;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Charges the memory of a container to a meter (may be null).
template <typename T>
class MeteredAllocator {
 public:
  using value_type = T;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  explicit MeteredAllocator(SlabMeter* meter = nullptr) : meter_(meter) {}
  template <typename U>  // an allocator converts. NOLINTNEXTLINE(google-explicit-constructor)
  MeteredAllocator(const MeteredAllocator<U>& other) : meter_(other.meter()) {}

  T* allocate(std::size_t count) {
    if (meter_ != nullptr) meter_->live_bytes += count * sizeof(T);
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* at, std::size_t count) {
    if (meter_ != nullptr) meter_->live_bytes -= count * sizeof(T);
    std::allocator<T>().deallocate(at, count);
  }
  SlabMeter* meter() const { return meter_; }
  friend bool operator==(const MeteredAllocator&, const MeteredAllocator&) = default;

 private:
  SlabMeter* meter_;
};

}  // namespace ron
