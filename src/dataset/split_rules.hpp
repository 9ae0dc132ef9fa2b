#pragma once

#include "split_groups.hpp"

#include <array>
#include <map>
#include <string>
#include <vector>

#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

// From the rule of a split to the fold of each flow; making and loading a split both go this way.
namespace tessera::dataset {

/// By the hash of a flow's 5-tuple.
std::vector<Fold> folds_by_flow(Store const& store, Fractions const& fractions, std::uint64_t seed);

/// Fold of a packet drawn by itself: its index in the store, hashed.
Fold fold_of_packet(std::uint64_t packet, Fractions const& fractions, std::uint64_t seed);

/// By a table of groups; Error(bad_input) when a flow's group is not in it.
std::vector<Fold> folds_by_group(FlowGroups const& groups, SplitBy by,
                                 std::map<std::string, Fold> const& folds);

/// Starts of valid and test such that the fractions of flows start before them.
std::array<base::Nanoseconds, 2> time_cuts(Store const& store, Fractions const& fractions);

/// By start; a 5-tuple of a capture whose flows fall into several folds is excluded.
std::vector<Fold> folds_by_time(Store const& store, std::array<base::Nanoseconds, 2> cuts);

/// A 5-tuple within one capture: what never stands on two sides.
struct CaptureFlow {
    std::uint64_t capture;
    flow::FlowKey key;

    bool operator==(CaptureFlow const&) const = default;
};

struct CaptureFlowHash {
    std::size_t operator()(CaptureFlow const& flow) const {
        return flow::flow_hash(flow.key, flow.capture);
    }
};

}  // namespace tessera::dataset
