#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tessera/dataset/fold.hpp>
#include <tessera/dataset/split.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

using Fractions = std::array<double, 3>;  ///< train, valid, test

/// Groups of a store's flows: a name once a group, a number a flow.
struct FlowGroups {
    std::vector<std::string> names;      ///< [group]
    std::vector<std::uint32_t> of_flow;  ///< [flow] index into `names`
};

/// Groups under a split by capture, folder, site, client or server; none under other rules. A
/// 5-tuple that was cut in parts goes by its first part, since a later one may have begun with the
/// other side.
FlowGroups flow_groups(Store const& store, SplitBy by);

/// Flows of a group by class (`no_label` included).
using ClassCounts = std::map<std::int32_t, std::uint64_t>;

/// Every group of the store with its classes in `label_set` (none: all flows count as one class).
std::map<std::string, ClassCounts> count_groups(Store const& store, FlowGroups const& groups,
                                                std::optional<std::size_t> label_set);

/// Hands groups out one by one, those with the rarest classes first and else in an order that the
/// seed draws, each to the fold that lacks most of its classes, so that every class reaches every
/// fold its groups allow. Another seed gives another deal.
std::map<std::string, Fold> spread_groups(std::map<std::string, ClassCounts> const& groups,
                                          Fractions const& fractions, std::uint64_t seed);

/// Groups in sorted order: the first to train, then valid, then test.
std::map<std::string, Fold> line_up_groups(std::map<std::string, ClassCounts> const& groups,
                                           Fractions const& fractions);

}  // namespace tessera::dataset
