#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <tessera/parallel/flat_parameters.hpp>

namespace tessera::parallel {

/// A part of the flat gradients that is summed over ranks in one call.
struct Bucket {
    std::int64_t begin = 0;            ///< element
    std::int64_t end = 0;              ///< behind the last one
    std::vector<std::size_t> entries;  ///< of FlatParameters::entries(): all of them, whole
};

/// The trainable entries in the order in which a backward pass completes them: matrices from the
/// last one on in parts of at least `bytes`, then biases and norms in one. `bytes` 0: one bucket.
std::vector<Bucket> cut_buckets(FlatParameters const& parameters, std::int64_t bytes);

}  // namespace tessera::parallel
