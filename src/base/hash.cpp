#include <fmt/format.h>
#include <xxhash.h>

#include <tessera/base/hash.hpp>

namespace tessera::base {

namespace {

std::string to_hex(XXH128_hash_t hash) {
    return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string checksum(ByteSpan bytes) {
    return to_hex(XXH3_128bits(bytes.data(), bytes.size()));
}

std::uint64_t hash64(ByteSpan bytes, std::uint64_t seed) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

struct Checksum::State {
    XXH3_state_t* xxh = XXH3_createState();

    State() {
        if (xxh == nullptr) throw std::bad_alloc();
        XXH3_128bits_reset(xxh);
    }
    ~State() { XXH3_freeState(xxh); }
    State(State const&) = delete;
    State& operator=(State const&) = delete;
};

Checksum::Checksum() : state_(std::make_unique<State>()) {}
Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::add(ByteSpan bytes) {
    XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size());
}

std::string Checksum::hex() const {
    return to_hex(XXH3_128bits_digest(state_->xxh));
}

}  // namespace tessera::base
