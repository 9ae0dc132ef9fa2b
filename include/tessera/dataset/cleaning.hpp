#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tessera/base/options.hpp>
#include <tessera/dataset/fold.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

/// What makes two flows the same.
enum class Alike : std::uint8_t {
    bytes,     ///< ends, and of every packet direction, sizes, TCP flags and kept bytes
    input,     ///< all tokens of the flow: no model is given more, many read fewer
    sequence,  ///< signed wire sizes of the first 30 packets: all that packet-size models see
};

char const* name(Alike alike);

/// Error(usage) lists the known words.
Alike alike_named(std::string const& text);

/// Flows that a split leaves out, stage by stage in this order.
struct CleaningConfig {
    std::int64_t min_packets = 1;                   ///< of a flow
    std::vector<std::string> leave_out_duplicates;  ///< as Alike: all but the first go
    std::int64_t capture_cap = 0;                   ///< flows of a class in one capture; 0: all
    std::int64_t class_cap = 0;                     ///< flows of a class; 0: all
    std::string cap_in = "all";  ///< folds in which a cap holds: all (together), or train

    bool any() const {
        return min_packets > 1 || !leave_out_duplicates.empty() || capture_cap > 0 || class_cap > 0;
    }
};

void describe(base::OptionTable& options, CleaningConfig& config);

/// What a stage of cleaning did.
struct CleaningStage {
    std::string name;  ///< "short_flows", "duplicates_input", "capture_cap", "class_cap"
    std::uint64_t flows_in = 0;
    std::uint64_t flows_out = 0;
    std::map<std::string, std::uint64_t> left_out;  ///< by class; flows without one under ""
};

/// Flows of a store that another flow equals.
struct DuplicateCounts {
    Alike alike = Alike::bytes;
    std::uint64_t sampled = 1;     ///< what makes them equal was looked at once in so many, by hash
    std::uint64_t flows = 0;       ///< looked at
    std::uint64_t duplicates = 0;  ///< that equal an earlier one
    std::uint64_t labelled = 0;    ///< flows with a class
    std::uint64_t conflicting = 0;  ///< labelled flows that equal one of another class
    /// Labelled flows that are of another class than most that equal them: no classifier that
    /// sees only this much tells these right.
    std::uint64_t beyond_reach = 0;

    double conflict_rate() const;  ///< conflicting / labelled; 0 when none is
    double ceiling() const;        ///< best accuracy: 1 - beyond_reach / labelled
};

/// Leaves flows out by setting their fold to `excluded`, after the folds were dealt out: what stays
/// keeps its fold. Which flows a cap keeps goes by the seed. `folds` [flow]; `label_set` none: all
/// flows count as one class. Error(usage) for settings without sense.
std::vector<CleaningStage> clean(Store const& store, CleaningConfig const& config,
                                 std::optional<std::size_t> label_set, std::uint64_t seed,
                                 std::span<Fold> folds);

/// Counts equal flows, in bounded memory: of a store with more than four million flows a sample.
/// Flows without tokens have no input and are not looked at under it.
DuplicateCounts count_duplicates(Store const& store, Alike alike,
                                 std::optional<std::size_t> label_set);

/// The same of each kind.
std::vector<DuplicateCounts> count_duplicates(Store const& store,
                                              std::optional<std::size_t> label_set);

}  // namespace tessera::dataset
