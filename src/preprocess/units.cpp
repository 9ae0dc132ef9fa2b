#include "units.hpp"

#include <algorithm>
#include <bit>

#include <tessera/base/error.hpp>
#include <tessera/dataset/schema.hpp>

namespace tessera::preprocess {

std::uint64_t unit_size(std::uint64_t corpus_bytes) {
    constexpr std::uint64_t most_units = dataset::max_shards / 2;  // captures fill no unit exactly
    auto const usual = std::clamp<std::uint64_t>(corpus_bytes / 64, 1U << 20U, 1U << 30U);
    return std::max(usual, corpus_bytes / most_units);
}

std::uint32_t parts_of(std::uint64_t bytes, std::uint64_t share) {
    if (share == 0 || bytes < share) return 1;
    auto const shares = std::clamp<std::uint64_t>((bytes - 1) / share + 1, 2, dataset::max_parts);
    return static_cast<std::uint32_t>(std::bit_ceil(shares));
}

std::vector<Unit> cut_units(std::span<CaptureSize const> captures, std::uint64_t target) {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < captures.size(); ++i) {
        auto const [bytes, parts, reading] = captures[i];
        if (parts > 1) {
            for (std::uint32_t part = 0; part < parts; ++part) {
                units.push_back({i, 1, bytes / parts, part, parts, reading});
            }
            continue;
        }
        bool const fits =
            !units.empty() && !units.back().is_shared() && units.back().bytes + bytes <= target;
        if (!fits) units.push_back({.first = i});
        ++units.back().captures;
        units.back().bytes += bytes;
    }
    base::validate(units.size() <= dataset::max_shards, base::ExitCode::usage,
                   "these captures make {} shards, and a store holds {}: give --share-bytes 0, so "
                   "that no capture is dealt into parts, or make several stores",
                   units.size(), dataset::max_shards);
    return units;
}

std::vector<std::size_t> units_of_rank(std::span<Unit const> units, int rank, int ranks) {
    std::vector<std::size_t> by_size;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        if (!units[unit].is_shared()) by_size.push_back(unit);
    }
    std::stable_sort(by_size.begin(), by_size.end(),
                     [&](auto a, auto b) { return units[a].bytes > units[b].bytes; });
    std::vector<std::uint64_t> load(static_cast<std::size_t>(ranks));
    std::vector<std::size_t> own;
    for (auto const unit : by_size) {
        auto const least = std::min_element(load.begin(), load.end());
        *least += units[unit].bytes + 1;  // units of empty files are dealt out too
        if (least - load.begin() == rank) own.push_back(unit);
    }
    std::sort(own.begin(), own.end());
    return own;
}

}  // namespace tessera::preprocess
