#pragma once

#include <cstdint>

#include <tessera/batch/batch.hpp>

namespace tessera::batch {

/// Masked places that copying gets right: bigrams overlap, so the one before gives the first byte
/// and the one behind the second, where they can be seen; a byte that neither shows is guessed as
/// 0. What a model knows beyond this it has learnt. The batch lies on the host.
std::int64_t copied_right(PretrainBatch const& batch);

}  // namespace tessera::batch
