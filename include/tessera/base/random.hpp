#pragma once

#include <array>
#include <cstdint>

namespace tessera::base {

/// Philox4x32-10 (Salmon et al., SC 2011): 128 random bits as a pure function of counter and key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

/// What a stream of random numbers is for; two purposes never share numbers.
enum class Purpose : std::uint32_t {
    sample_order = 1,
    masking = 2,
    pairing = 3,
    weights = 4,
    dropout = 5,
    split = 6,
    bootstrap = 7,
    flow_hash = 8,
    test = 9,
};

/// Random numbers as a pure function of (seed, purpose, epoch, index): any rank can draw those of
/// any sample, so neither the number of ranks nor a restart changes what is drawn.
class RandomStream {
  public:
    RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch, std::uint64_t index);

    std::uint32_t next_u32();
    std::uint64_t next_u64();

    /// Uniform in [0, bound), without bias (Lemire 2019); bound > 0.
    std::uint64_t below(std::uint64_t bound);

    /// Uniform in [0, 1), 53 bits.
    double uniform();

  private:
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> block_{};
    unsigned used_ = 4;  // numbers of the block already handed out
};

/// A pseudo-random permutation of [0, size) that is evaluated, not stored: a four-round Feistel
/// network over the next power of four, walked until it falls inside (Black and Rogaway 2002).
class KeyedPermutation {
  public:
    KeyedPermutation(std::uint64_t size, std::uint64_t seed, std::uint32_t epoch);

    std::uint64_t operator()(std::uint64_t position) const;

    std::uint64_t size() const { return size_; }

  private:
    std::uint64_t once(std::uint64_t value) const;

    std::uint64_t size_;
    std::uint64_t seed_;
    std::uint32_t epoch_;
    unsigned half_bits_;
};

}  // namespace tessera::base
