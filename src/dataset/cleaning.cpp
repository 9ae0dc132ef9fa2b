#include "equal_flows.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/files.hpp>
#include <tessera/base/random.hpp>
#include <tessera/dataset/cleaning.hpp>

namespace tessera::dataset {

namespace {

using base::ExitCode;

constexpr std::array kinds{Alike::bytes, Alike::input, Alike::sequence};

/// What is cleaned: the flows of a store with their folds.
class Cleaner {
  public:
    Cleaner(Store const& store, std::optional<std::size_t> label_set, std::uint64_t seed,
            std::span<Fold> folds)
        : store_(store), label_set_(label_set), seed_(seed), folds_(folds) {}

    void leave_out_short(std::int64_t least) {
        begin("short_flows");
        for (std::uint64_t i = 0; i < folds_.size(); ++i) {
            if (is_in(i) && store_.flow(i).packets < static_cast<std::uint64_t>(least)) drop(i);
        }
    }

    void leave_out_duplicates(Alike alike) {
        begin(std::string("duplicates_") + name(alike));
        EqualFlows known(store_, alike, HashSample(0, 1));
        std::unordered_map<std::uint64_t, std::uint64_t> kept;  // by the first of its equals
        std::vector<std::pair<std::uint64_t, std::uint64_t>>
            later;  // flow, the first of its equals
        for (std::uint64_t i = 0; i < folds_.size(); ++i) {
            if (!is_in(i)) continue;
            auto const first = known.add(i);
            if (!first || *first == i) continue;
            later.emplace_back(i, *first);
            auto const best = kept.try_emplace(*first, *first).first;
            if (label(best->second) == no_label && label(i) != no_label) best->second = i;
        }
        for (auto const& [first, best] : kept) {
            if (best != first) drop(first);
        }
        for (auto const& [flow, first] : later) {
            if (kept.at(first) != flow) drop(flow);
        }
    }

    /// At most `cap` flows of each `group_of(flow)`; `only` where it holds in one fold alone.
    template <class GroupOf>
    void cap(char const* stage, std::int64_t cap, std::optional<Fold> only,
             GroupOf const& group_of) {
        begin(stage);
        std::map<decltype(group_of(0)), std::vector<std::uint64_t>> groups;
        for (std::uint64_t i = 0; i < folds_.size(); ++i) {
            if (is_in(i) && (!only || folds_[i] == *only)) groups[group_of(i)].push_back(i);
        }
        for (auto const& [group, flows] : groups) keep(flows, static_cast<std::size_t>(cap));
    }

    std::int32_t label(std::uint64_t flow) const {
        return label_set_ ? store_.label(flow, *label_set_) : no_label;
    }
    std::uint64_t capture(std::uint64_t flow) const { return captures_[store_.flow(flow).capture]; }

    std::vector<CleaningStage> stages;

  private:
    bool is_in(std::uint64_t flow) const { return folds_[flow] != Fold::excluded; }

    void begin(std::string stage) {
        auto const in = static_cast<std::uint64_t>(std::count_if(
            folds_.begin(), folds_.end(), [](Fold fold) { return fold != Fold::excluded; }));
        stages.push_back({std::move(stage), in, in, {}});
    }

    void drop(std::uint64_t flow) {
        folds_[flow] = Fold::excluded;
        auto const of = label(flow);
        ++stages.back().left_out[of == no_label ? ""
                                                : store_.manifest()
                                                      .labels[*label_set_]
                                                      .classes[static_cast<std::size_t>(of)]];
        --stages.back().flows_out;
    }

    void keep(std::span<std::uint64_t const> flows, std::size_t most) {
        if (flows.size() <= most) return;
        base::KeyedPermutation const order(flows.size(), seed_, 1);
        for (auto i = most; i < flows.size(); ++i) drop(flows[order(i)]);
    }

    Store const& store_;
    std::optional<std::size_t> label_set_;
    std::uint64_t seed_;
    std::span<Fold> folds_;
    std::vector<std::uint32_t> captures_ = first_parts(store_.manifest());
};

void check(CleaningConfig const& config) {
    base::validate(config.min_packets >= 1, ExitCode::usage,
                   "split.min_packets is {}: give 1 or more", config.min_packets);
    for (auto const cap : {config.capture_cap, config.class_cap}) {
        base::validate(cap >= 0, ExitCode::usage,
                       "split.capture_cap and class_cap: {} is no number of flows; 0 is all", cap);
    }
    base::validate(config.cap_in == "all" || config.cap_in == "train", ExitCode::usage,
                   "split.cap_in is '{}': give all or train", base::printable(config.cap_in));
}

}  // namespace

char const* name(Alike alike) {
    constexpr std::array names{"bytes", "input", "sequence"};
    return names[static_cast<std::size_t>(alike)];
}

Alike alike_named(std::string const& text) {
    for (auto const alike : kinds) {
        if (text == name(alike)) return alike;
    }
    base::fail(ExitCode::usage, "duplicates by '{}': expected bytes, input or sequence",
               base::printable(text));
}

void describe(base::OptionTable& options, CleaningConfig& config) {
    options.section("split")
        .add("min_packets", config.min_packets, "flows of fewer packets are excluded")
        .add("leave_out_duplicates", config.leave_out_duplicates,
             "exclude flows that equal an earlier one: by bytes, input (all tokens) or sequence "
             "(packet sizes and directions)")
        .add("capture_cap", config.capture_cap, "most flows of a class in one capture; 0: all")
        .add("class_cap", config.class_cap, "most flows of a class; 0: all")
        .add("cap_in", config.cap_in, "where caps hold: all folds together, or train alone",
             {"all", "train"});
}

double DuplicateCounts::conflict_rate() const {
    return labelled == 0 ? 0 : static_cast<double>(conflicting) / static_cast<double>(labelled);
}

double DuplicateCounts::ceiling() const {
    return labelled == 0 ? 1
                         : 1 - static_cast<double>(beyond_reach) / static_cast<double>(labelled);
}

std::vector<CleaningStage> clean(Store const& store, CleaningConfig const& config,
                                 std::optional<std::size_t> label_set, std::uint64_t seed,
                                 std::span<Fold> folds) {
    check(config);
    Cleaner cleaner(store, label_set, seed, folds);
    if (config.min_packets > 1) cleaner.leave_out_short(config.min_packets);
    for (auto const& kind : config.leave_out_duplicates)
        cleaner.leave_out_duplicates(alike_named(kind));
    auto const only = config.cap_in == "train" ? std::optional(Fold::train) : std::nullopt;
    if (config.capture_cap > 0) {
        cleaner.cap("capture_cap", config.capture_cap, only, [&](std::uint64_t flow) {
            return std::pair(cleaner.capture(flow), cleaner.label(flow));
        });
    }
    if (config.class_cap > 0) {
        cleaner.cap("class_cap", config.class_cap, only,
                    [&](std::uint64_t flow) { return cleaner.label(flow); });
    }
    return std::move(cleaner.stages);
}

namespace {

using ClassCounts = std::map<std::int32_t, std::uint64_t>;

// Equal flows of several classes: at most those of the most frequent one can be told right.
void add_classes(ClassCounts const& classes, DuplicateCounts& counts) {
    std::uint64_t all = 0;
    std::uint64_t most = 0;
    for (auto const& [label, flows] : classes) {
        all += flows;
        most = std::max(most, flows);
    }
    counts.labelled += all;
    counts.conflicting += classes.size() > 1 ? all : 0;
    counts.beyond_reach += all - most;
}

}  // namespace

DuplicateCounts count_duplicates(Store const& store, Alike alike,
                                 std::optional<std::size_t> label_set) {
    constexpr std::uint64_t most_flows = std::uint64_t{1} << 22U;
    HashSample const sample(store.flows(), most_flows);
    EqualFlows known(store, alike, sample);
    std::unordered_map<std::uint64_t, ClassCounts> classes;  // by the first of equal flows
    DuplicateCounts counts;
    counts.alike = alike;
    counts.sampled = sample.one_in();
    for (std::uint64_t i = 0; i < store.flows(); ++i) {
        auto const first = known.add(i);
        if (!first) continue;
        ++counts.flows;
        counts.duplicates += *first == i ? 0U : 1U;
        auto const label = label_set ? store.label(i, *label_set) : no_label;
        if (label != no_label) ++classes[*first][label];
    }
    for (auto const& [first, of_class] : classes) add_classes(of_class, counts);
    return counts;
}

std::vector<DuplicateCounts> count_duplicates(Store const& store,
                                              std::optional<std::size_t> label_set) {
    std::vector<DuplicateCounts> all;
    for (auto const alike : kinds) all.push_back(count_duplicates(store, alike, label_set));
    return all;
}

}  // namespace tessera::dataset
