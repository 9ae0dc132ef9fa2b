#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/base/options.hpp>
#include <tessera/base/time.hpp>
#include <tessera/dataset/audit.hpp>
#include <tessera/dataset/cleaning.hpp>
#include <tessera/dataset/fold.hpp>
#include <tessera/dataset/store.hpp>

namespace tessera::dataset {

struct FlowGroups;

/// What stays together in one fold.
/// `leaky_legacy` draws each packet by itself, as published figures often did: packets of one flow
/// stand on all sides, so a score says how well flows are recognised, not classes.
enum class SplitBy : std::uint8_t {
    flow,
    capture,
    folder,
    site,
    client,
    server,
    time,
    leaky_legacy
};

char const* name(SplitBy by);

/// Error(usage) lists the known words.
SplitBy split_by(std::string const& text);

struct SplitConfig {
    std::string name = "default";  ///< STORE/splits/NAME.json
    std::string by = "flow";       ///< flow, capture, .., as SplitBy
    double train = 0.7;            ///< share of flows, as near as whole groups allow
    double valid = 0.1;
    double test = 0.2;
    std::uint64_t seed = 1;  ///< at most 2^63 - 1
    std::string label_set;   ///< classes to spread over the folds; empty: the first set, if any
    std::vector<std::string> hold_out;  ///< classes kept out of train and valid: unknown ones
    double label_share = 1;             ///< of each class's training flows that stay in train
    CleaningConfig cleaning;            ///< flows left out beforehand
    std::string like;                   ///< STORE or STORE/NAME: deal groups out as that split did
};

void describe(base::OptionTable& options, SplitConfig& config);

/// A class of which a fold has no flow.
struct MissingClass {
    std::string class_name;
    Fold fold;
    std::uint64_t groups = 0;  ///< that hold the class in the whole store; 0: split without groups
};

/// The split of another store that a split was made like.
struct SplitOrigin {
    std::string store;                  ///< checksum of its manifest
    std::string split;                  ///< checksum of its file
    std::uint64_t groups_left_out = 0;  ///< of this store, that it does not know; excluded
    std::uint64_t flows_left_out = 0;   ///< in these groups
};

/// Which flow belongs to which fold, by whole groups (datasets/FORMAT.md, "Split").
class Split {
  public:
    /// Fold of a flow; of its first packet where packets are drawn.
    Fold fold_of(std::uint64_t flow) const { return folds_[flow]; }
    std::vector<Fold> const& folds() const { return folds_; }

    /// Flows of a fold, ascending; under `leaky_legacy` all with a packet in it.
    std::vector<std::uint64_t> flows(Fold fold) const;

    /// Whether a packet of such a flow, by its index in the store, belongs to the fold: a function
    /// only under `leaky_legacy`, where it must be asked; empty where flows are whole.
    std::function<bool(std::uint64_t packet)> packets_in(Fold fold) const;

    SplitConfig config;
    SplitBy by = SplitBy::flow;
    std::map<std::string, Fold> groups;              ///< for all but flow and time
    std::array<base::Nanoseconds, 2> cuts{};         ///< for time: start of valid, of test
    std::array<std::uint64_t, fold_kinds> counts{};  ///< flows per fold
    std::map<std::string, std::array<std::uint64_t, 3>> classes;  ///< flows per train, valid, test
    std::vector<MissingClass> missing;
    std::vector<CleaningStage> cleaned;       ///< what each stage of the cleaning did
    std::vector<DuplicateCounts> duplicates;  ///< of the whole store, before it
    Audit audit;
    std::optional<SplitOrigin> like;
    std::string checksum;  ///< of the split's file; empty until published or loaded

  private:
    friend Split make_split(Store const&, SplitConfig const&);
    friend Split load_split(Store const&, std::string_view);
    friend std::string to_text(Split const&);
    friend Split split_from(std::string_view);

    void deal(Store const& store, FlowGroups const& of_store);  // config -> groups, cuts
    void deal_like(Split const& other, FlowGroups const& of_store);
    void count_flows();  // folds -> counts
    // config, groups, cuts -> folds, counts
    void apply_rule(Store const& store, FlowGroups const& of_store);
    void draw_packets(Store const& store);  // leaky_legacy: folds and sides
    void require_whole_flows(char const* option) const;
    bool holds(std::size_t flow, std::size_t fold) const;
    void leave_out_flows(Store const& store);
    void hold_out_classes(Store const& store);
    void thin_training(Store const& store);
    // folds -> classes, missing
    void count_classes(Store const& store, FlowGroups const& of_store);

    std::vector<Fold> folds_;                 // [flow]
    std::vector<std::uint8_t> packet_sides_;  // [flow] bit 1 << Fold; leaky_legacy only
};

/// Shares the flows out by group and audits the result. With `like`, groups go to the folds that
/// the other split has for their names, by its seed, fractions and cuts; groups that it does not
/// know are excluded. Error(usage) on a config that cannot be met, or when the other split is by
/// another rule; Error(bad_input) when the audit finds a flow on two sides.
Split make_split(Store const& store, SplitConfig const& config);

/// Writes STORE/splits/NAME.json; Error(usage) when it exists and `force` is not given.
enum class Overwrite { no, yes };
void publish_split(base::FileSystem& files, Store const& store, Split& split,
                   Overwrite overwrite = Overwrite::no);

/// Error(bad_input) when the file is absent, damaged, or belongs to another store.
Split load_split(Store const& store, std::string_view name);

/// A split for another rank: how it was asked for and a byte a flow; what is left out are groups,
/// counts by class, duplicates and audit.
std::string to_text(Split const& split);
Split split_from(std::string_view text);

/// Names of the splits that lie in the store, sorted.
std::vector<std::string> split_names(std::filesystem::path const& store);

/// Error(usage) where the split holds out classes of another label set than the one asked about:
/// they would be graded as if training had seen them.
void require_held_out_of(Split const& split, Store const& store, std::size_t label_set);

/// The split's description as JSON (the content of its file).
std::string to_json(Store const& store, Split const& split);

}  // namespace tessera::dataset
