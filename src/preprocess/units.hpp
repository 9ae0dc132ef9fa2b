#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::preprocess {

/// A run of captures that one rank turns into one shard.
struct Unit {
    std::size_t first = 0;  ///< index into the sorted list of captures
    std::size_t captures = 0;
    std::uint64_t bytes = 0;

    bool operator==(Unit const&) const = default;
};

/// Bytes of captures a unit aims at: a 64th of the corpus, within 1 MiB and 1 GiB. A function of
/// the corpus alone, so that the shards do not depend on the number of ranks.
std::uint64_t unit_size(std::uint64_t corpus_bytes);

/// Cuts the captures, in order, into units of about `target` bytes; a larger capture is one unit.
std::vector<Unit> cut_units(std::span<std::uint64_t const> capture_bytes, std::uint64_t target);

/// The units of one rank, longest first over all ranks (Graham 1969: at most 4/3 of the best
/// makespan); every unit goes to exactly one rank.
std::vector<std::size_t> units_of_rank(std::span<Unit const> units, int rank, int ranks);

}  // namespace tessera::preprocess
