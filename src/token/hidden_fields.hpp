#pragma once

#include <cstdint>

#include <tessera/token/masking.hpp>

namespace tessera::token {

/// The fields that a profile hides, one bit each.
class HiddenFields {
  public:
    explicit HiddenFields(std::uint32_t bits) : bits_(bits) {}
    explicit HiddenFields(MaskingProfile const& profile) {
        for (auto const field : profile.hidden) bits_ |= bit(field);
    }

    bool has(Field field) const { return (bits_ & bit(field)) != 0; }
    std::uint32_t bits() const { return bits_; }

  private:
    static_assert(static_cast<unsigned>(Field::count_) <= 32);
    static std::uint32_t bit(Field field) { return 1U << static_cast<unsigned>(field); }

    std::uint32_t bits_ = 0;
};

}  // namespace tessera::token
