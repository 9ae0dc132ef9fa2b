#pragma once

#include <cstdint>

namespace tessera::loader {

/// Shuffled: each epoch in an order of its own, without end. Plain: 0, 1, 2, .. once, with the
/// draws of epoch 0, for evaluation.
enum class Order : std::uint8_t { shuffled, plain };

/// A sample as it stands in the order.
struct Place {
    std::uint32_t epoch = 0;
    std::uint64_t sample = 0;
};

/// Which sample stands at `position` of the order over `samples` samples: a pure function, so any
/// rank can make any batch, and a restart needs the position alone. In plain order a position past
/// the last sample throws Error(failed).
Place place_at(std::uint64_t position, std::uint64_t samples, std::uint64_t seed, Order order);

}  // namespace tessera::loader
