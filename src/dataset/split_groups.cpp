#include "split_groups.hpp"

#include "split_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <tessera/base/hash.hpp>

namespace tessera::dataset {

namespace {

struct Group {
    std::string const* name = nullptr;
    ClassCounts const* classes = nullptr;
    std::uint64_t rarity = 0;  // groups that hold its rarest class
    std::uint64_t draw = 0;    // by the seed
};

using GroupsPerClass = std::map<std::int32_t, std::uint64_t>;

GroupsPerClass groups_per_class(std::map<std::string, ClassCounts> const& groups) {
    GroupsPerClass count;
    for (auto const& [name, classes] : groups) {
        for (auto const& [label, flows] : classes) ++count[label];
    }
    return count;
}

// Rarest classes first, since they fit in fewest ways; among those as rare the seed decides alone.
std::vector<Group> in_order(std::map<std::string, ClassCounts> const& groups,
                            GroupsPerClass const& spread, std::uint64_t seed) {
    std::vector<Group> order;
    for (auto const& [name, classes] : groups) {
        Group group{&name, &classes, std::numeric_limits<std::uint64_t>::max(),
                    base::hash64(std::as_bytes(std::span(name)), seed)};
        for (auto const& [label, flows] : classes) {
            if (label != no_label) group.rarity = std::min(group.rarity, spread.at(label));
        }
        order.push_back(group);
    }
    std::sort(order.begin(), order.end(), [](Group const& a, Group const& b) {
        return std::tie(a.rarity, a.draw, *a.name) < std::tie(b.rarity, b.draw, *b.name);
    });
    return order;
}

// What each fold holds of each class, against the share it should hold.
class FoldShares {
  public:
    FoldShares(std::map<std::string, ClassCounts> const& groups, GroupsPerClass spread,
               Fractions const& fractions)
        : fractions_(fractions), groups_left_(std::move(spread)) {
        for (auto const& [name, classes] : groups) {
            for (auto const& [label, flows] : classes) {
                total_[label] += static_cast<double>(flows);
            }
        }
    }

    Fold neediest(ClassCounts const& classes) const {
        // Equal needs go to the fold with the larger share.
        std::array<std::size_t, 3> order{0, 1, 2};
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
            return fractions_[a] > fractions_[b];
        });
        auto best = order[0];
        for (auto const fold : order) {
            if (fractions_[fold] > 0 && is_needier(fold, best, classes)) best = fold;
        }
        return static_cast<Fold>(best);
    }

    void give(Fold fold, ClassCounts const& classes) {
        auto& held = held_[static_cast<std::size_t>(fold)];
        for (auto const& [label, flows] : classes) {
            held[label] += static_cast<double>(flows);
            --groups_left_[label];
        }
    }

  private:
    bool is_needier(std::size_t fold, std::size_t than, ClassCounts const& classes) const {
        auto const last = last_chances(fold, classes);
        auto const other = last_chances(than, classes);
        return last != other ? last > other : lack(fold, classes) > lack(than, classes) + 1e-9;
    }

    // Classes that this fold has none of, and of which no more groups are left than folds are
    // without: these are kept for such folds.
    std::size_t last_chances(std::size_t fold, ClassCounts const& classes) const {
        std::size_t count = 0;
        for (auto const& [label, flows] : classes) {
            auto const scarce = groups_left_.at(label) <= folds_without(label);
            count += scarce && is_without(fold, label) ? 1U : 0U;
        }
        return count;
    }

    std::size_t folds_without(std::int32_t label) const {
        std::size_t count = 0;
        for (std::size_t fold = 0; fold < fractions_.size(); ++fold) {
            count += is_without(fold, label) ? 1U : 0U;
        }
        return count;
    }

    bool is_without(std::size_t fold, std::int32_t label) const {
        return fractions_[fold] > 0 && !held_[fold].contains(label);
    }

    // Share of its target that the fold still lacks, weighted by the group's flows of each class. A
    // quarter of the group counts as given, so that one far too large for a small fold stays out:
    // less lets shares stray, more sends all large groups to train.
    double lack(std::size_t fold, ClassCounts const& classes) const {
        constexpr double counted = 0.25;
        double sum = 0;
        for (auto const& [label, flows] : classes) {
            auto const group = static_cast<double>(flows);
            auto const target = fractions_[fold] * total_.at(label);
            auto const found = held_[fold].find(label);
            auto const held = found == held_[fold].end() ? 0.0 : found->second;
            sum += group * (target - held - counted * group) / target;
        }
        return sum;
    }

    Fractions fractions_;
    GroupsPerClass groups_left_;  // not yet dealt out
    std::map<std::int32_t, double> total_;
    std::array<std::map<std::int32_t, double>, 3> held_;
};

std::string name_of_path(std::string const& path, SplitBy by) {
    if (by == SplitBy::capture) return path;
    auto const slash = path.find('/', path.starts_with('/') ? 1 : 0);
    return slash == std::string::npos ? "." : path.substr(0, slash);
}

// Numbers names in the order in which they first come.
class Numbering {
  public:
    explicit Numbering(std::vector<std::string>& names) : names_(names) {}

    std::uint32_t operator()(std::string name) {
        auto const number = static_cast<std::uint32_t>(names_.size());
        auto const [place, is_new] = numbers_.try_emplace(std::move(name), number);
        if (is_new) names_.push_back(place->first);
        return place->second;
    }

  private:
    std::vector<std::string>& names_;
    std::unordered_map<std::string, std::uint32_t> numbers_;
};

// A path decides: one look at each capture, none at 5-tuples.
FlowGroups groups_by_path(Store const& store, SplitBy by) {
    FlowGroups groups;
    Numbering number(groups.names);
    auto const& captures = store.manifest().captures;
    std::vector<std::optional<std::uint32_t>> of_capture(captures.size());
    groups.of_flow.reserve(store.flows());
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const capture = store.flow(i).capture;
        auto& group = of_capture[capture];
        if (!group) group = number(name_of_path(captures[capture].path, by));
        groups.of_flow.push_back(*group);
    }
    return groups;
}

FlowGroups groups_by_address(Store const& store, SplitBy by) {
    FlowGroups groups;
    Numbering number(groups.names);
    std::unordered_map<CaptureFlow, std::uint32_t, CaptureFlowHash> of_tuple;
    groups.of_flow.reserve(store.flows());
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const flow = store.flow(i);
        auto const [place, is_new] = of_tuple.try_emplace(CaptureFlow{flow.capture, flow.key()});
        auto const& end = by == SplitBy::client ? flow.initiator : flow.responder;
        if (is_new) place->second = number(packet::to_text(end.address));
        groups.of_flow.push_back(place->second);
    }
    return groups;
}

}  // namespace

FlowGroups flow_groups(Store const& store, SplitBy by) {
    switch (by) {
        case SplitBy::capture:
        case SplitBy::folder:
        case SplitBy::site:
            return groups_by_path(store, by);
        case SplitBy::client:
        case SplitBy::server:
            return groups_by_address(store, by);
        case SplitBy::flow:
        case SplitBy::time:
        case SplitBy::leaky_legacy:
            break;
    }
    return {};
}

std::map<std::string, ClassCounts> count_groups(Store const& store, FlowGroups const& groups,
                                                std::optional<std::size_t> label_set) {
    std::vector<ClassCounts> counts(groups.names.size());
    for (std::uint64_t i = 0; i < groups.of_flow.size(); ++i) {
        ++counts[groups.of_flow[i]][label_set ? store.label(i, *label_set) : no_label];
    }
    std::map<std::string, ClassCounts> named;
    for (std::size_t group = 0; group < counts.size(); ++group) {
        named[groups.names[group]] = std::move(counts[group]);
    }
    return named;
}

std::map<std::string, Fold> spread_groups(std::map<std::string, ClassCounts> const& groups,
                                          Fractions const& fractions, std::uint64_t seed) {
    auto const spread = groups_per_class(groups);
    FoldShares shares(groups, spread, fractions);
    std::map<std::string, Fold> folds;
    for (auto const& group : in_order(groups, spread, seed)) {
        auto const fold = shares.neediest(*group.classes);
        shares.give(fold, *group.classes);
        folds[*group.name] = fold;
    }
    return folds;
}

std::map<std::string, Fold> line_up_groups(std::map<std::string, ClassCounts> const& groups,
                                           Fractions const& fractions) {
    auto const count = groups.size();
    auto const share = [&](std::size_t fold) -> std::size_t {
        if (fractions[fold] <= 0) return 0;
        return std::max<std::size_t>(
            1, static_cast<std::size_t>(std::lround(fractions[fold] * static_cast<double>(count))));
    };
    auto const test = std::min(share(2), count > 1 ? count - 1 : 0);
    auto const valid = std::min(share(1), count > test + 1 ? count - test - 1 : 0);
    std::map<std::string, Fold> folds;
    std::size_t position = 0;
    for (auto const& [name, classes] : groups) {
        auto const left = count - position++;
        folds[name] = left <= test ? Fold::test : left <= test + valid ? Fold::valid : Fold::train;
    }
    return folds;
}

}  // namespace tessera::dataset
