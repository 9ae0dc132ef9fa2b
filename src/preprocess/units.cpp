#include "units.hpp"

#include <algorithm>
#include <numeric>

namespace tessera::preprocess {

std::uint64_t unit_size(std::uint64_t corpus_bytes) {
    return std::clamp<std::uint64_t>(corpus_bytes / 64, 1U << 20U, 1U << 30U);
}

std::vector<Unit> cut_units(std::span<std::uint64_t const> capture_bytes, std::uint64_t target) {
    std::vector<Unit> units;
    for (std::size_t i = 0; i < capture_bytes.size(); ++i) {
        auto const fits = !units.empty() && units.back().bytes + capture_bytes[i] <= target;
        if (!fits) units.push_back({.first = i});
        ++units.back().captures;
        units.back().bytes += capture_bytes[i];
    }
    return units;
}

std::vector<std::size_t> units_of_rank(std::span<Unit const> units, int rank, int ranks) {
    std::vector<std::size_t> by_size(units.size());
    std::iota(by_size.begin(), by_size.end(), std::size_t{0});
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
