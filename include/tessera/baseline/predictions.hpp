#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tessera::baseline {

/// What a classifier said about the items of a test fold, item by item. An item is a flow or a
/// packet of one; C classes, n items. The same struct for networks and look-ups, so that one
/// procedure grades them all.
struct Predictions {
    std::vector<std::string> classes;     ///< [C] names
    std::vector<std::string> captures;    ///< names of the captures that items come from
    std::vector<std::uint32_t> capture;   ///< [n] index into `captures`
    std::vector<std::uint64_t> flow;      ///< [n] index of the flow in the store
    std::vector<std::int32_t> labels;     ///< [n] true class, 0 .. C-1
    std::vector<std::int32_t> predicted;  ///< [n] class of the largest probability, lowest first
    std::vector<float> probabilities;     ///< [n, C]

    std::size_t size() const { return labels.size(); }
    std::span<float const> row(std::size_t item) const {
        return std::span(probabilities).subspan(item * classes.size(), classes.size());
    }

    /// Appends an item; `predicted` follows from the probabilities. [C]
    void add(std::uint32_t capture_index, std::uint64_t flow_index, std::int32_t label,
             std::span<float const> row);
};

/// The lowest index of the largest value; `values` is not empty.
std::int32_t most_likely(std::span<float const> values);

/// Error(failed) unless all parts have matching sizes, every index is in range and every
/// probability is finite. Grading calls it first.
void check(Predictions const& predictions);

}  // namespace tessera::baseline
