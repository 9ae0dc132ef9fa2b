#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::preprocess {

/// How the captures of a unit are read.
enum class Reading : std::uint8_t {
    alone,      ///< by one rank
    in_slices,  ///< by all ranks: each reads pieces of the file
    in_order,   ///< by one rank for all: the file shows its packets only from front to back
};

/// A run of captures that one rank turns into one shard; or one share of the flows of a capture so
/// large that all ranks work on it together.
struct Unit {
    std::size_t first = 0;  ///< index into the sorted list of captures
    std::size_t captures = 0;
    std::uint64_t bytes = 0;
    std::uint32_t part = 0;
    std::uint32_t parts = 1;
    Reading reading = Reading::alone;

    bool is_shared() const { return parts > 1; }
    bool operator==(Unit const&) const = default;
};

/// Bytes of captures a unit aims at: a 64th of the corpus, within 1 MiB and 1 GiB, or more where
/// that would be too many shards for a store. A function of the corpus alone, so that the shards do
/// not depend on the number of ranks.
std::uint64_t unit_size(std::uint64_t corpus_bytes);

/// A capture as the cutting sees it.
struct CaptureSize {
    std::uint64_t bytes = 0;
    std::uint32_t parts = 1;  ///< into which its flows are shared out
    Reading reading = Reading::alone;
};

/// Cuts the captures, in order, into units of about `target` bytes; a larger capture is one unit,
/// or one for each part. Error(usage) when a store cannot hold so many.
std::vector<Unit> cut_units(std::span<CaptureSize const> captures, std::uint64_t target);

/// Parts of a capture of `bytes`: one for each `share` begun, then as many more as make a power of
/// two, which 2, 4 and 8 ranks have equal numbers of; 16 at most. 1 below `share` and where that is
/// 0. A function of the size alone.
std::uint32_t parts_of(std::uint64_t bytes, std::uint64_t share);

/// The units of one rank but for shared ones, longest first over all ranks (Graham 1969: at most
/// 4/3 of the best makespan); every unit goes to exactly one rank.
std::vector<std::size_t> units_of_rank(std::span<Unit const> units, int rank, int ranks);

}  // namespace tessera::preprocess
