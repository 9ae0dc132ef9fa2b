#include <bit>

#include <tessera/base/random.hpp>

namespace tessera::base {

namespace {

constexpr std::uint32_t multiplier_0 = 0xD2511F53U;
constexpr std::uint32_t multiplier_1 = 0xCD9E8D57U;
constexpr std::uint32_t weyl_0 = 0x9E3779B9U;  // golden ratio
constexpr std::uint32_t weyl_1 = 0xBB67AE85U;  // sqrt(3) - 1

constexpr std::uint32_t high(std::uint64_t value) {
    return static_cast<std::uint32_t>(value >> 32U);
}
constexpr std::uint32_t low(std::uint64_t value) {
    return static_cast<std::uint32_t>(value);
}

// Bijective mixer of 64 bits (splitmix64's finaliser): the round function's key schedule.
constexpr std::uint64_t mix(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31U);
}

}  // namespace

std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        auto const product_0 = std::uint64_t{multiplier_0} * counter[0];
        auto const product_1 = std::uint64_t{multiplier_1} * counter[2];
        counter = {high(product_1) ^ counter[1] ^ key[0], low(product_1),
                   high(product_0) ^ counter[3] ^ key[1], low(product_0)};
        key = {key[0] + weyl_0, key[1] + weyl_1};
    }
    return counter;
}

// The counter holds what tells streams apart; its first word then counts blocks within one.
RandomStream::RandomStream(std::uint64_t seed, Purpose purpose, std::uint32_t epoch,
                           std::uint64_t index)
    : counter_{0, epoch, low(index), high(index)} {
    auto const keyed = mix(seed + static_cast<std::uint64_t>(purpose) * 0x9E3779B97F4A7C15ULL);
    key_ = {low(keyed), high(keyed)};
}

std::uint32_t RandomStream::next_u32() {
    if (used_ == block_.size()) {
        block_ = philox(counter_, key_);
        ++counter_[0];
        used_ = 0;
    }
    return block_[used_++];
}

std::uint64_t RandomStream::next_u64() {
    auto const upper = std::uint64_t{next_u32()} << 32U;
    return upper | next_u32();
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
    auto const reject_below = (0 - bound) % bound;
    for (;;) {
        __extension__ using Wide = unsigned __int128;
        auto const product = Wide{next_u64()} * bound;
        if (static_cast<std::uint64_t>(product) >= reject_below) {
            return static_cast<std::uint64_t>(product >> 64U);
        }
    }
}

double RandomStream::uniform() {
    return static_cast<double>(next_u64() >> 11U) * 0x1.0p-53;
}

KeyedPermutation::KeyedPermutation(std::uint64_t size, std::uint64_t seed, std::uint32_t epoch)
    : size_(size), seed_(mix(seed)), epoch_(epoch) {
    auto const bits = size <= 1 ? 2U : static_cast<unsigned>(std::bit_width(size - 1));
    half_bits_ = (bits + 1) / 2;
}

std::uint64_t KeyedPermutation::once(std::uint64_t value) const {
    auto const mask = (std::uint64_t{1} << half_bits_) - 1;
    auto left = value >> half_bits_;
    auto right = value & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
        auto const keyed = mix(right ^ seed_ ^ (std::uint64_t{epoch_} << 32U) ^ (round << 60U));
        auto const next = left ^ (mix(keyed) & mask);
        left = right;
        right = next;
    }
    return (left << half_bits_) | right;
}

std::uint64_t KeyedPermutation::operator()(std::uint64_t position) const {
    if (size_ <= 1) return 0;
    auto value = once(position);
    while (value >= size_) value = once(value);
    return value;
}

}  // namespace tessera::base
