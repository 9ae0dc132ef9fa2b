#pragma once

#include <cstddef>
#include <cstdint>

namespace tessera::dataset {

/// A side of a split; `excluded` flows belong to none.
enum class Fold : std::uint8_t { train, valid, test, excluded };

inline constexpr std::size_t fold_kinds = 4;

char const* name(Fold fold);

}  // namespace tessera::dataset
