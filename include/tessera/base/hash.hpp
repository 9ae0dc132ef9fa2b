#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tessera/base/bytes.hpp>

namespace tessera::base {

/// XXH3-128 of the bytes as 32 hex digits: the checksum of every artefact. It finds damage, it is
/// no proof against forgery.
std::string checksum(ByteSpan bytes);

/// XXH3-64 of the bytes under a seed.
std::uint64_t hash64(ByteSpan bytes, std::uint64_t seed);

/// The same checksum over bytes that come in pieces.
class Checksum {
  public:
    Checksum();
    ~Checksum();
    Checksum(Checksum&&) noexcept;
    Checksum& operator=(Checksum&&) noexcept;

    void add(ByteSpan bytes);
    std::string hex() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace tessera::base
