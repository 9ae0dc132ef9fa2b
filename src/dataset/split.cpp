#include "split_file.hpp"
#include "split_groups.hpp"
#include "split_rules.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/random.hpp>
#include <tessera/dataset/split.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

constexpr std::array split_names_by{SplitBy::flow, SplitBy::capture,     SplitBy::folder,
                                    SplitBy::site, SplitBy::client,      SplitBy::server,
                                    SplitBy::time, SplitBy::leaky_legacy};

Fractions fractions_of(SplitConfig const& config) {
    Fractions const fractions{config.train, config.valid, config.test};
    double sum = 0;
    for (auto const fraction : fractions) {
        base::validate(fraction >= 0 && fraction <= 1, ExitCode::usage,
                       "split fraction {} is not between 0 and 1", fraction);
        sum += fraction;
    }
    base::validate(std::abs(sum - 1) < 1e-6 && config.train > 0, ExitCode::usage,
                   "split fractions {} {} {} do not add up to 1 with some for train", config.train,
                   config.valid, config.test);
    return fractions;
}

std::optional<std::size_t> label_set_of(Store const& store, SplitConfig const& config) {
    auto const& sets = store.manifest().labels;
    if (config.label_set.empty())
        return sets.empty() ? std::nullopt : std::optional<std::size_t>(0);
    auto const found = store.label_set(config.label_set);
    base::validate(found.has_value(), ExitCode::usage, "the store has no label set '{}'",
                   base::printable(config.label_set));
    return found;
}

std::uint8_t side_of(Fold fold) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(fold));
}

std::map<std::string, std::uint64_t> groups_per_class(Store const& store, FlowGroups const& groups,
                                                      std::size_t set) {
    auto const& names = store.manifest().labels[set].classes;
    std::map<std::string, std::uint64_t> count;
    for (auto const& [group, classes] : count_groups(store, groups, set)) {
        for (auto const& [label, flows] : classes) {
            if (label != no_label) ++count[names[static_cast<std::size_t>(label)]];
        }
    }
    return count;
}

void check_sides(Split const& split) {
    auto const flows = [&](Fold fold) { return split.counts[static_cast<std::size_t>(fold)]; };
    auto const enough = flows(Fold::train) > 0 && (split.config.test <= 0 || flows(Fold::test) > 0);
    base::validate(enough, ExitCode::usage,
                   "split by {}: {} flows for train, {} for test; the store has too few groups, "
                   "split by something finer",
                   name(split.by), flows(Fold::train), flows(Fold::test));
}

}  // namespace

char const* name(SplitBy by) {
    constexpr std::array names{"flow",   "capture", "folder", "site",
                               "client", "server",  "time",   "leaky-legacy"};
    return names[static_cast<std::size_t>(by)];
}

SplitBy split_by(std::string const& text) {
    for (auto const by : split_names_by) {
        if (text == name(by)) return by;
    }
    base::fail(ExitCode::usage,
               "split by '{}': expected flow, capture, folder, site, client, server, time or "
               "leaky-legacy",
               base::printable(text));
}

void describe(base::OptionTable& options, SplitConfig& config) {
    options.section("split")
        .add("name", config.name, "name of the split, STORE/splits/NAME.json")
        .add("by", config.by, "what stays together in one fold",
             {"flow", "capture", "folder", "site", "client", "server", "time", "leaky-legacy"})
        .add("train", config.train, "share of flows to train on")
        .add("valid", config.valid, "share of flows to choose settings by")
        .add("test", config.test, "share of flows to grade on")
        .add("seed", config.seed,
             "decides how groups are dealt out; folder and time do not go by it")
        .add("label_set", config.label_set,
             "classes to spread over the folds; empty: the first set, if any")
        .add("hold_out", config.hold_out,
             "classes that only the test fold keeps, to see what a model says of the unknown")
        .add("label_share", config.label_share,
             "share of each class's training flows that stays; the rest is excluded")
        .add("like", config.like,
             "STORE or STORE/NAME: groups go where that split of another store has them, by its "
             "seed and shares; those that it does not know are excluded");
    describe(options, config.cleaning);
}

std::vector<std::uint64_t> Split::flows(Fold fold) const {
    std::vector<std::uint64_t> flows;
    flows.reserve(counts[static_cast<std::size_t>(fold)]);
    for (std::uint64_t i = 0; i < folds_.size(); ++i) {
        if (holds(i, static_cast<std::size_t>(fold))) flows.push_back(i);
    }
    return flows;
}

std::function<bool(std::uint64_t)> Split::packets_in(Fold fold) const {
    if (by != SplitBy::leaky_legacy) return {};
    auto const fractions = fractions_of(config);
    return [fractions, fold, seed = config.seed](std::uint64_t packet) {
        return fold_of_packet(packet, fractions, seed) == fold;
    };
}

void Split::draw_packets(Store const& store) {
    auto const fractions = fractions_of(config);
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const flow = store.flow(i);
        folds_.push_back(fold_of_packet(flow.first_packet, fractions, config.seed));
        std::uint8_t sides = 0;
        for (std::uint64_t packet = 0; packet < flow.packets; ++packet) {
            sides |= side_of(fold_of_packet(flow.first_packet + packet, fractions, config.seed));
        }
        packet_sides_.push_back(sides);
    }
}

void Split::require_whole_flows(char const* option) const {
    base::validate(by != SplitBy::leaky_legacy, ExitCode::usage,
                   "split {} needs whole flows; leaky-legacy draws packets", option);
}

bool Split::holds(std::size_t flow, std::size_t fold) const {
    if (packet_sides_.empty()) return static_cast<std::size_t>(folds_[flow]) == fold;
    return (std::uint32_t{packet_sides_[flow]} >> fold & 1U) != 0;
}

void Split::deal(Store const& store, FlowGroups const& of_store) {
    auto const fractions = fractions_of(config);
    if (by == SplitBy::time) cuts = time_cuts(store, fractions);
    auto const of_classes = count_groups(store, of_store, label_set_of(store, config));
    groups = by == SplitBy::folder ? line_up_groups(of_classes, fractions)
                                   : spread_groups(of_classes, fractions, config.seed);
}

void Split::deal_like(Split const& other, FlowGroups const& of_store) {
    base::validate(other.by == by && by != SplitBy::leaky_legacy, ExitCode::usage,
                   "split like '{}': that split is by {}, this one by {}; both have to be by the "
                   "same, and not by leaky-legacy: give --by {} or another split",
                   base::printable(config.like), name(other.by), name(by), name(other.by));
    config.seed = other.config.seed;
    config.train = other.config.train;
    config.valid = other.config.valid;
    config.test = other.config.test;
    cuts = other.cuts;
    like = other.like;
    std::vector<bool> is_unknown;  // [group]
    for (auto const& group : of_store.names) {
        auto const known = other.groups.find(group);
        is_unknown.push_back(known == other.groups.end());
        groups[group] = is_unknown.back() ? Fold::excluded : known->second;
        like->groups_left_out += is_unknown.back() ? 1U : 0U;
    }
    for (auto const group : of_store.of_flow) like->flows_left_out += is_unknown[group] ? 1U : 0U;
}

void Split::apply_rule(Store const& store, FlowGroups const& of_store) {
    auto const fractions = fractions_of(config);
    if (by == SplitBy::leaky_legacy) {
        draw_packets(store);
    } else if (by == SplitBy::flow) {
        folds_ = folds_by_flow(store, fractions, config.seed);
    } else if (by == SplitBy::time) {
        folds_ = folds_by_time(store, cuts);
    } else {
        folds_ = folds_by_group(of_store, by, groups);
    }
    leave_out_flows(store);
    hold_out_classes(store);
    thin_training(store);
    count_flows();
}

void Split::count_flows() {
    counts = {};
    for (std::size_t i = 0; i < folds_.size(); ++i) {
        for (std::size_t fold = 0; fold < fold_kinds; ++fold) counts[fold] += holds(i, fold);
    }
}

void Split::leave_out_flows(Store const& store) {
    if (config.cleaning.any()) require_whole_flows("cleaning");
    cleaned = clean(store, config.cleaning, label_set_of(store, config), config.seed, folds_);
}

void Split::hold_out_classes(Store const& store) {
    if (config.hold_out.empty()) return;
    require_whole_flows("hold_out");
    auto const set = label_set_of(store, config);
    base::validate(set.has_value(), ExitCode::usage, "hold_out needs a store with labels");
    auto const& names = store.manifest().labels[*set].classes;
    std::set<std::int32_t> held_out;
    for (auto const& class_name : config.hold_out) {
        auto const place = std::lower_bound(names.begin(), names.end(), class_name);
        base::validate(place != names.end() && *place == class_name, ExitCode::usage,
                       "hold_out: label set '{}' has no class '{}'",
                       store.manifest().labels[*set].name, base::printable(class_name));
        held_out.insert(static_cast<std::int32_t>(place - names.begin()));
    }
    for (std::uint64_t i = 0; i < folds_.size(); ++i) {
        if (folds_[i] != Fold::test && held_out.contains(store.label(i, *set))) {
            folds_[i] = Fold::excluded;
        }
    }
}

void require_held_out_of(Split const& split, Store const& store, std::size_t label_set) {
    auto const& wanted = store.manifest().labels.at(label_set).name;
    auto const& config = split.config;
    base::validate(config.hold_out.empty() || config.label_set == wanted, ExitCode::usage,
                   "split '{}' holds out classes of label set '{}', not of '{}': make a split with "
                   "--label-set {}",
                   config.name, base::printable(config.label_set), base::printable(wanted),
                   base::printable(wanted));
}

void Split::thin_training(Store const& store) {
    base::validate(config.label_share > 0 && config.label_share <= 1, ExitCode::usage,
                   "split label_share {} is not above 0 and up to 1", config.label_share);
    if (config.label_share == 1) return;
    require_whole_flows("label_share");
    auto const set = label_set_of(store, config);
    base::validate(set.has_value(), ExitCode::usage,
                   "split label_share {} needs a store with labels; '{}' has none",
                   config.label_share, base::printable(store.path().string()));
    std::map<std::int32_t, std::vector<std::uint64_t>> of_class;
    for (std::uint64_t i = 0; i < folds_.size(); ++i) {
        if (folds_[i] == Fold::train) of_class[store.label(i, *set)].push_back(i);
    }
    for (auto const& [label, flows] : of_class) {
        auto const share = config.label_share * static_cast<double>(flows.size());
        auto const kept = label == no_label ? 0 : static_cast<std::size_t>(std::ceil(share - 1e-9));
        base::KeyedPermutation const order(flows.size(), config.seed, 0);
        for (std::size_t i = kept; i < flows.size(); ++i) folds_[flows[order(i)]] = Fold::excluded;
    }
}

void Split::count_classes(Store const& store, FlowGroups const& of_store) {
    auto const set = label_set_of(store, config);
    if (!set) return;
    auto const& names = store.manifest().labels[*set].classes;
    for (auto const& class_name : names) classes[class_name] = {};
    for (std::uint64_t i = 0; i < folds_.size(); ++i) {
        auto const label = store.label(i, *set);
        if (label == no_label) continue;
        auto& of_class = classes[names[static_cast<std::size_t>(label)]];
        for (std::size_t fold = 0; fold < of_class.size(); ++fold) of_class[fold] += holds(i, fold);
    }
    auto const spread = groups_per_class(store, of_store, *set);
    for (auto const& [class_name, flows] : classes) {
        auto const of_class = spread.find(class_name);
        auto const groups_of_class = of_class == spread.end() ? 0 : of_class->second;
        for (std::size_t fold = 0; fold < flows.size(); ++fold) {
            if (flows[fold] > 0) continue;
            missing.push_back({class_name, static_cast<Fold>(fold), groups_of_class});
        }
    }
}

Split make_split(Store const& store, SplitConfig const& config) {
    base::validate(is_plain_name(config.name), ExitCode::usage,
                   "split name '{}' is not 1 to 64 of a-z 0-9 _ -", base::printable(config.name));
    base::validate(config.seed <= std::numeric_limits<std::int64_t>::max(), ExitCode::usage,
                   "split seed {} is above 2^63 - 1", config.seed);
    Split split;
    split.config = config;
    split.by = split_by(config.by);
    auto const set = label_set_of(store, config);
    if (set) split.config.label_set = store.manifest().labels[*set].name;
    auto const of_store = flow_groups(store, split.by);
    if (config.like.empty()) {
        split.deal(store, of_store);
    } else {
        split.deal_like(read_like(config.like, config.name), of_store);
    }
    split.duplicates = count_duplicates(store, set);
    split.apply_rule(store, of_store);
    check_sides(split);
    split.count_classes(store, of_store);
    if (split.by == SplitBy::leaky_legacy) {
        split.audit = audit_packets(store, [&, fractions = fractions_of(config)](auto packet) {
            return fold_of_packet(packet, fractions, config.seed);
        });
        return split;
    }
    split.audit = audit_folds(store, split.folds_);
    refuse_leaks(store, split.folds_, split.audit);
    return split;
}

}  // namespace tessera::dataset
